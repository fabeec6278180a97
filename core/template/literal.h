/* literal.h - the constants of the template language. */
#ifndef CORE_TEMPLATE_LITERAL_H
#define CORE_TEMPLATE_LITERAL_H

#include "core/template/lex.h"
#include "core/template/node.h"

/* Reads a number, complex or character token; false with a message in `error`. */
bool sw_number_parse(struct sw_token token, struct sw_number *number, struct sw_buf *error);

/* The value of a number where no type is asked for: int unless it is written as a float or complex; none if it overflows int. */
struct sw_datum sw_number_ideal(const struct sw_number *number, struct sw_str text);

#endif
