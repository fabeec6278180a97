/* patch_place.h - a place in which git compares commits that have submodules. For the sources of this room.
 *
 * `git diff --submodule=diff` looks for submodules in a work tree. This one is made for it, in a temporary folder: no files and no
 * copies of objects, only links to the git folders of the submodules that either commit has. So nothing depends on what the user has
 * checked out. */
#ifndef CORE_SOURCE_PATCH_PLACE_H
#define CORE_SOURCE_PATCH_PLACE_H

#include "core/source/commit.h"

struct sw_patch_place {
    char *folder; /* NULL: none was made */
};

/* Makes the place; submodules that are not on this host are fetched. */
bool sw_patch_place_open(const struct sw_commit *before, const struct sw_commit *after, struct sw_patch_place *place,
                         struct sw_error **error);

/* Removes it. */
void sw_patch_place_close(struct sw_patch_place *place);
#define sw_cleanup_patch_place __attribute__((cleanup(sw_patch_place_close)))

#endif
