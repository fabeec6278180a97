/* unicode_tables.h - the data behind unicode.h, of the Unicode version that the language's reference implementation has. */
#ifndef CORE_TEMPLATE_UNICODE_TABLES_H
#define CORE_TEMPLATE_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

/* Runs of code points with one general category, sorted: first code point << 5 | category. */
extern const uint32_t sw_unicode_runs[];
extern const size_t sw_unicode_run_count;

/* Simple case mappings, sorted: what is added to a code point for upper, lower and title case. A delta past the last code point
 * marks a range in which upper and lower case alternate, upper first. */
struct sw_case_range {
    uint32_t first;
    uint32_t last;
    int32_t delta[3];
};
extern const struct sw_case_range sw_case_ranges[];
extern const size_t sw_case_range_count;

#endif
