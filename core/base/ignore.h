/* ignore.h - .dockerignore patterns, as moby's patternmatcher reads them.
 *
 * A pattern without a slash matches at the root only, "**" crosses folders, '!' takes files back in, and the last pattern that
 * matches decides. A compiled set is immutable and may be used by many threads. */
#ifndef CORE_BASE_IGNORE_H
#define CORE_BASE_IGNORE_H

#include <stdbool.h>

#include "core/base/vec.h"
#include "slipway/types.h"

struct sw_ignore;

/* Splits the text of a .dockerignore file into patterns: comments and empty lines dropped, the rest cleaned. */
void sw_ignore_split(struct sw_bytes text, struct sw_strlist *lines);

/* Compiles patterns. NULL and SW_ERROR_CONFIG when one is malformed. */
struct sw_ignore *sw_ignore_new(struct sw_strings lines, struct sw_error **error);
void sw_ignore_free(struct sw_ignore *set);
void sw_ignore_free_p(struct sw_ignore **set);
#define sw_cleanup_ignore __attribute__((cleanup(sw_ignore_free_p)))

/* Whether the set has no patterns; whether one of them begins with '!'. */
bool sw_ignore_is_empty(const struct sw_ignore *set);
bool sw_ignore_has_exceptions(const struct sw_ignore *set);

/* Whether `path` (relative, clean) is ignored. A parent counts only at the depth of the pattern: the form that werf's digests and
 * docker's context use. */
bool sw_ignore_match(const struct sw_ignore *set, const char *path);

/* Whether `path` is ignored when one comes to it from the root down, as builds read their context: a pattern that has matched a
 * folder holds for all below it, and is not tried where it could change nothing. */
bool sw_ignore_match_from_root(const struct sw_ignore *set, const char *path);

/* As sw_ignore_match, but every parent is tried, at each pattern whose verdict could change: a single question about a path. */
bool sw_ignore_match_or_parent(const struct sw_ignore *set, const char *path);

#endif
