/* strings.h - what other families borrow from that of strings. */
#ifndef CORE_TEMPLATE_STRINGS_H
#define CORE_TEMPLATE_STRINGS_H

#include "core/template/function.h"

/* A []string of a value: of a list's elements but nil ones, or of the value itself. A []string is given as it is, not copied. */
bool sw_strings_of(struct sw_call *call, struct sw_datum value, struct sw_datum *out);

#endif
