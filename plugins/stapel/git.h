/* git.h - the git mappings of an image, as its stages need them. */
#ifndef PLUGINS_STAPEL_GIT_H
#define PLUGINS_STAPEL_GIT_H

#include "plugins/stapel/planner.h"

/* Opens the commits of all mappings (remote repositories are fetched), then calls `then`. Failures end the stage. */
void sw_stapel_git_open(struct sw_stapel_planner *planner, void (*then)(struct sw_stapel_planner *planner));

/* Id of a mapping's current commit; "" while a remote one is not known. */
const char *sw_stapel_git_commit(const struct sw_stapel_mapping *mapping);

/* Fills `git_bases` from the previous stage's labels. */
void sw_stapel_git_read_bases(struct sw_stapel_planner *planner);

/* Puts commits in the place of bases that are gone, because they only tested a merge. False after a failure, which is `work_error`.
 * [pool] */
bool sw_stapel_git_remake_bases(struct sw_stapel_planner *planner);

/* Whether the files of mapping `index` stand at another commit than its current one. */
bool sw_stapel_git_is_behind(const struct sw_stapel_planner *planner, size_t index);

/* Makes the answer one of a stage that holds the mappings' files: its commits, labels, and the rule by which it is chosen. */
void sw_stapel_git_answer(struct sw_stapel_planner *planner);

/* The filter of a mapping; `filter` borrows from it. */
struct sw_filter sw_stapel_git_filter(const struct sw_stapel_mapping *mapping);

/* Brings the files of all mappings that are behind to their current commits. False after a failure, which was answered. */
bool sw_stapel_git_add_patch(struct sw_stapel_planner *planner);

#endif
