/* filter.h - which paths a copy takes, by its include and exclude rules. Pure. */
#ifndef PLUGINS_BUILDKIT_FILTER_H
#define PLUGINS_BUILDKIT_FILTER_H

#include "slipway/graph.h"

struct sw_filter_rules;

/* The rules of `source`, which must outlive them. NULL and `error` when a pattern is malformed. */
struct sw_filter_rules *sw_filter_new(const struct sw_copy_source *source, struct sw_error **error);
void sw_filter_free(struct sw_filter_rules *rules);
void sw_filter_free_p(struct sw_filter_rules **rules);
#define sw_cleanup_filter __attribute__((cleanup(sw_filter_free_p)))

/* Whether `path` (clean, relative to the root that is copied from) is taken. Folders on the way to what could be taken are not, unless
 * they are taken themselves. */
bool sw_filter_passes(const struct sw_filter_rules *rules, const char *path, bool is_folder);

#endif
