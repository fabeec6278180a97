/* diff.h - which files differ between two commits. For the sources of this room.
 *
 * Equal folders are skipped by their ids, so that the cost follows what changed, not what there is. There are no renames: a file was
 * there before, or is there now, or both. */
#ifndef CORE_SOURCE_DIFF_H
#define CORE_SOURCE_DIFF_H

#include "core/source/walk.h"

/* One path; a side whose type is SW_FILE_NONE has no file there. Folders and submodules are looked into, never reported. */
struct sw_change {
    const char *path;
    struct sw_walk_entry before;
    struct sw_walk_entry after;
};

/* Returning false ends the walk; it is a failure when `error` was set. */
typedef bool (*sw_change_visit)(void *context, const struct sw_change *change, struct sw_error **error);

/* Visits the changed files that `matcher` matches. Their order is that of names in each folder. */
bool sw_diff(const struct sw_commit *before, const struct sw_commit *after, const struct sw_matcher *matcher, sw_change_visit visit,
             void *context, struct sw_error **error);

#endif
