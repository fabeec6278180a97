/* wildcard.h - COPY's wildcards: the paths of a source that a pattern matches. */
#ifndef PLUGINS_LOCAL_WILDCARD_H
#define PLUGINS_LOCAL_WILDCARD_H

#include "core/base/vec.h"
#include "plugins/local/source.h"

/* Whether a path holds '*', '?' or '[' that no '\' takes away. */
bool sw_wildcard_is_one(const char *path);

/* Adds all matches of the absolute, cleaned `pattern`, in walking order. The components before the first one with a wildcard are
 * followed, links too; the others match Go's path.Match, each by itself. A malformed pattern matches nothing. A match names the
 * path as it was found. */
bool sw_wildcard_find(struct sw_source *source, const char *pattern, bool follow, struct sw_strlist *matches,
                      struct sw_error **error);

#endif
