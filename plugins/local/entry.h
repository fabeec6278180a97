/* entry.h - putting one file, folder, link or device at a path.
 *
 * What unpacking, copying and writing trees have in common: what stands in the way is removed (a folder only by something that is
 * none), missing parents are the caller's, metadata is set in the order that keeps capabilities, setuid bits and times. */
#ifndef PLUGINS_LOCAL_ENTRY_H
#define PLUGINS_LOCAL_ENTRY_H

#include "core/base/fsroot.h"
#include "plugins/local/tarread.h"

struct sw_entry {
    mode_t type; /* S_IFREG, S_IFDIR… */
    struct sw_fsattr attr;
    const char *target; /* of a symlink */
    dev_t device;
    const struct sw_tar_xattr *xattrs; /* those that must not be set are left out: see sw_entry_xattr_wanted */
    size_t xattr_count;
};

/* The S_IFMT value of a file of git's: enum sw_file_type. */
mode_t sw_entry_type(uint32_t type);

/* Creates it. Of a regular file `*fd` is open for writing (else -1), and its metadata is to be set by sw_entry_finish. A folder
 * that is there already is kept. -1 and errno on failure, `*replaced` (may be NULL) is what was removed: an S_IFMT value or 0. */
int sw_entry_create(struct sw_fsroot *root, const char *path, const struct sw_entry *entry, int *fd, mode_t *replaced);

/* Sets owner, xattrs, mode and times, and closes `*fd` if it is not -1. */
int sw_entry_finish(struct sw_fsroot *root, const char *path, const struct sw_entry *entry, int *fd);

/* Removes what is at `path` if a thing of `type` cannot replace or be merged with it. */
int sw_entry_clear(struct sw_fsroot *root, const char *path, mode_t type, mode_t *replaced);

/* Whether an xattr may be set on files: capabilities, ACLs, user.* and trusted.*, but nothing of overlay file systems. */
bool sw_entry_xattr_wanted(const char *name);

/* Whether a layer keeps it: capabilities and user.*. */
bool sw_entry_xattr_in_layer(const char *name);

#endif
