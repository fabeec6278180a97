/* ip_address.h - whether the text between the brackets of a URL's host is an IPv6 address, and why not.
 *
 * Texts of errors are those of the reference implementation. */
#ifndef CORE_TEMPLATE_IP_ADDRESS_H
#define CORE_TEMPLATE_IP_ADDRESS_H

#include <stdbool.h>

#include "core/template/value.h"

/* Whether `text` is an IPv6 address, maybe with "%zone"; otherwise adds the reason to `error`. Pure. */
bool sw_ip_address_check(struct sw_str text, struct sw_buf *error);

#endif
