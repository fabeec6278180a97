/* stubs.h - mount points that an image lacks, made for a step and removed when it has ended.
 *
 * A step can do anything to its own files meanwhile: what is removed is only what is still the same empty file or folder, and
 * nothing outside the snapshot is ever reached. */
#ifndef PLUGINS_LOCAL_STUBS_H
#define PLUGINS_LOCAL_STUBS_H

#include "core/base/fsroot.h"

struct sw_stubs;

/* `root`: the merged files; `upper`: the layer that takes the changes, -1 when nothing must be made. */
struct sw_stubs *sw_stubs_new(int root, int upper, struct sw_error **error);
void sw_stubs_free(struct sw_stubs *stubs);
void sw_stubs_free_p(struct sw_stubs **stubs);
#define sw_cleanup_stubs __attribute__((cleanup(sw_stubs_free_p)))

enum sw_stub_kind { SW_STUB_FOLDER, SW_STUB_FILE };

/* Makes sure that a mount can be put on `target`, and gives the path without symlinks that it is at; to be freed. NULL and
 * `error`; NULL without an error when it is not there and could not be made in a read-only place. */
char *sw_stubs_make(struct sw_stubs *stubs, const char *target, enum sw_stub_kind kind, struct sw_error **error);

/* Fails when one of the folders that every step has mounts on is something else than a folder in this image. */
bool sw_stubs_check_folders(struct sw_stubs *stubs, const char *const *folders, struct sw_error **error);

/* What was made so far is to stay. */
void sw_stubs_keep(struct sw_stubs *stubs);

/* Lets go of the mount and removes what was made, from the layer itself. The last call but sw_stubs_free. */
void sw_stubs_remove(struct sw_stubs *stubs);

#endif
