/* dev.h - the work tree as a commit, for --dev.
 *
 * Tracked changes, deletions and untracked files that are not ignored go into a commit whose objects are kept in a folder of ours.
 * Neither the index, nor a branch, nor the object store of the user's repository is touched. Commits of one folder and branch follow one
 * another, so that the stages of an earlier one can be built on. */
#ifndef CORE_SOURCE_DEV_H
#define CORE_SOURCE_DEV_H

#include "core/source/commit.h"

struct sw_dev_options {
    const char *cache_folder; /* ours; the objects go below it */
    const char *branch;       /* names the chain of commits: "_werf-dev" */
    struct sw_strings ignore; /* --dev-ignore: pathspecs whose changes are left out */
};

/* Makes the commit (or finds it: an unchanged work tree is HEAD's own commit, or the last one made) and switches the repository to
 * SW_LOOSE. [pool] */
const struct sw_commit *sw_dev_commit(struct sw_repository *repository, const struct sw_dev_options *options,
                                      struct sw_error **error);

#endif
