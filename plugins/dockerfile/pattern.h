/* pattern.h - the patterns of `${v#p}`, `${v%p}` and `${v/p/r}`: `*`, `?`, and escapes. */
#ifndef PLUGINS_DOCKERFILE_PATTERN_H
#define PLUGINS_DOCKERFILE_PATTERN_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"

/* So much may a text grow by substitutions: one that doubles again and again has no end. No program takes an argument of this size. */
enum { SW_DF_GROWTH_LIMIT = 256 * 1024 };

enum sw_df_greed { SW_DF_SHORTEST, SW_DF_LONGEST };

/* `value` without the prefix (suffix) that matches. NULL and `failure` when the pattern is malformed. */
const char *sw_df_cut_prefix(const char *pattern, const char *value, enum sw_df_greed greed, struct sw_df_failure *failure);
const char *sw_df_cut_suffix(const char *pattern, const char *value, enum sw_df_greed greed, struct sw_df_failure *failure);

/* `value` with the first match replaced by `replacement` as it is; or every match, and `replacement` is a template of Go's regexp
 * package, in which `$0` stands for the match. */
const char *sw_df_replace_first(const char *pattern, const char *value, const char *replacement, struct sw_df_failure *failure);
const char *sw_df_replace_all(const char *pattern, const char *value, const char *replacement, struct sw_df_failure *failure);

#endif
