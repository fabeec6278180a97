/* number.h - numbers in the forms that the dialect takes, with Go's words for what is wrong with them. */
#ifndef PLUGINS_DOCKERFILE_NUMBER_H
#define PLUGINS_DOCKERFILE_NUMBER_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"

/* A whole number of `base` (8 or 10) from 0 to `limit`. */
enum sw_df_number { SW_DF_NUMBER_OK, SW_DF_NUMBER_SYNTAX, SW_DF_NUMBER_RANGE };
enum sw_df_number sw_df_unsigned(const char *text, unsigned base, uint64_t limit, uint64_t *value);

/* As above with a sign, decimal, from -limit-1 to limit. */
enum sw_df_number sw_df_signed(const char *text, int64_t limit, int64_t *value);

/* A size such as "64m" or "1.5g", in bytes. False when it is none. */
bool sw_df_size(const char *text, int64_t *bytes);

/* A duration such as "1m30s", in nanoseconds; and the text that Go prints for one. */
bool sw_df_duration(const char *text, int64_t *nanoseconds, struct sw_df_failure *failure);
const char *sw_df_duration_text(struct sw_arena *arena, int64_t nanoseconds);

#endif
