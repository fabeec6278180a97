/* matcher.h - which paths of a tree are wanted: werf's path matchers.
 *
 * A matcher is compiled from filters (struct sw_filter), all of which must agree. It answers two questions about a path, whose
 * exact answers enter checksums: is it matched, and, for a folder, may something below it differ from it, so that one has to look
 * inside? A compiled matcher is immutable and may be used by many threads. */
#ifndef CORE_SOURCE_MATCHER_H
#define CORE_SOURCE_MATCHER_H

#include "slipway/files.h"

struct sw_matcher;

/* Compiles `filters`; besides them a path must be `scope` or lie below it ("" or NULL: no limit). NULL and SW_ERROR_CONFIG when a
 * pattern is malformed. */
struct sw_matcher *sw_matcher_new(const char *scope, const struct sw_filter *filters, size_t count, struct sw_error **error);
void sw_matcher_free(struct sw_matcher *matcher);
void sw_matcher_free_p(struct sw_matcher **matcher);
#define sw_cleanup_matcher __attribute__((cleanup(sw_matcher_free_p)))

/* Whether `path` is wanted. Paths are clean and relative to the repository's root; "" is the root itself. */
bool sw_matcher_matched(const struct sw_matcher *matcher, const char *path);

/* Whether folder `path` is not wholly matched, but something below it may be. */
bool sw_matcher_through(const struct sw_matcher *matcher, const char *path);

/* The form of a path that matchers use: cleaned, without leading slash, "" for "." and "/". To be freed. */
char *sw_matcher_path(const char *path);

#endif
