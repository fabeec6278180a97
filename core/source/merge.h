/* merge.h - what merging one commit into another gives, as a commit of our own.
 *
 * A build that tests a merge may stand on a stage of another such merge, whose commit is in nobody's history and may be gone. What it
 * held is made again from what it merged. The objects are kept in a folder of ours: the user's repository is not touched. */
#ifndef CORE_SOURCE_MERGE_H
#define CORE_SOURCE_MERGE_H

#include "core/source/commit.h"

/* The commit of merging commit `from` into commit `into`, ids of the repository of `commit`: the same one each time. Fails when they are
 * not there, and when the merge has conflicts. [pool] */
const struct sw_commit *sw_commit_merge(const struct sw_commit *commit, const char *from, const char *into,
                                        struct sw_error **error);

#endif
