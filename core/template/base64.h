/* base64.h - the standard alphabets of base 64 and base 32, with padding, as Go reads and writes them. */
#ifndef CORE_TEMPLATE_BASE64_H
#define CORE_TEMPLATE_BASE64_H

#include "core/template/value.h"

void sw_base64_write(struct sw_buf *out, struct sw_str data);
void sw_base32_write(struct sw_buf *out, struct sw_str data);

/* Line breaks are passed over. False with a message in `error`. */
bool sw_base64_read(struct sw_buf *out, struct sw_str text, struct sw_buf *error);
bool sw_base32_read(struct sw_buf *out, struct sw_str text, struct sw_buf *error);

#endif
