/* changes.h - which files differ between two sets of files: of two commits, under filters that may differ too. For telling people; digests
 * have patch.h. */
#ifndef CORE_SOURCE_CHANGES_H
#define CORE_SOURCE_CHANGES_H

#include "core/source/commit.h"

/* The files of a commit at and below `scope` that pass all filters. Borrows everything. */
struct sw_file_set {
    const struct sw_commit *commit;
    const char *scope;
    const struct sw_filter *filters;
    size_t filter_count;
};

/* A file that is not in both sets, or not the same in both: type, mode and id of either side, type SW_FILE_NONE where there is none. The
 * path counts from the repository's root. Borrowed for the call. */
struct sw_changed_file {
    const char *path;
    struct sw_file before;
    struct sw_file after;
};
typedef void (*sw_changed_visit)(void *context, const struct sw_changed_file *file);

/* Visits what differs. With equal filters the cost follows what has changed, else what there is. [pool] */
bool sw_changes(const struct sw_file_set *before, const struct sw_file_set *after, sw_changed_visit visit, void *context,
                struct sw_error **error);

/* Visits the ids of `commit` and its ancestors, the newest first, until `visit` returns false or `limit` commits were visited. Commits that
 * the clone does not have are left out. [any] */
void sw_ancestors(const struct sw_commit *commit, size_t limit, bool (*visit)(void *context, const char *id), void *context);

#endif
