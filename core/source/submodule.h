/* submodule.h - finding the repository of a submodule. For the sources of this room.
 *
 * It is looked for where the submodule is checked out, then among the git folders of the superproject, and only then fetched, into the
 * cache folder. */
#ifndef CORE_SOURCE_SUBMODULE_H
#define CORE_SOURCE_SUBMODULE_H

#include "core/source/handle.h"

/* Opens the commit that `repository` records at `path`. `root` is the tree of the recording commit, whose .gitmodules says where the
 * submodule comes from. The result lives as long as `repository`. */
const struct sw_commit *sw_submodule_commit(struct sw_repository *repository, const git_oid *root, const char *path,
                                            const git_oid *id, struct sw_error **error);

/* What .gitmodules says about one submodule; strings are to be freed. */
struct sw_submodule_entry {
    char *name;
    char *url;
};

/* Appends the paths that the text of a .gitmodules file names, cleaned. */
void sw_submodule_paths(const char *text, struct sw_strlist *paths);

/* Finds `path` in the text of a .gitmodules file. False when it is not there. */
bool sw_submodule_parse(const char *text, const char *path, struct sw_submodule_entry *entry);

#endif
