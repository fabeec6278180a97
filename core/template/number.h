/* number.h - numbers as text, in Go's syntax (strconv). */
#ifndef CORE_TEMPLATE_NUMBER_H
#define CORE_TEMPLATE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/template/value.h"

enum sw_parsed { SW_PARSED, SW_PARSE_SYNTAX, SW_PARSE_RANGE };

/* Base 2 to 36, or 0: from the prefix 0x, 0o, 0b, 0, with '_' between digits. Out of range gives the nearest number. */
enum sw_parsed sw_parse_uint(struct sw_str text, int base, uint64_t *out);
enum sw_parsed sw_parse_int(struct sw_str text, int base, int64_t *out);

/* Decimal and hexadecimal floats, inf, nan; out of range gives an infinity. */
enum sw_parsed sw_parse_float(struct sw_str text, double *out);

/* The fewest decimal digits that read back as `value` (finite, not negative): writes them without a point and returns their number;
 * the value is 0.DIGITS times ten to the `*point`. Zero is one digit "0" with point 1. */
int sw_shortest_digits(double value, char digits[32], int *point);

/* strconv.FormatFloat: `format` is one of e E f g G b x X; a negative precision asks for the fewest digits. */
void sw_format_float(struct sw_buf *out, double value, char format, int precision);

#endif
