/* lfs.h - files kept by Git LFS. For the sources of this room.
 *
 * A commit holds a small pointer in their place. The content is taken from the repository's LFS store, where `git lfs` puts it; since a
 * pointer names its content, keys made of pointers are as good as keys made of contents. Nothing is downloaded. */
#ifndef CORE_SOURCE_LFS_H
#define CORE_SOURCE_LFS_H

#include "core/source/walk.h"

struct sw_lfs_pointer {
    char id[65]; /* SHA-256 of the content */
    uint64_t bytes;
};

/* Whether `text` is a pointer, as a whole. */
bool sw_lfs_parse(struct sw_bytes text, struct sw_lfs_pointer *pointer);

enum { SW_LFS_POINTER_MAX = 1024 };

/* Opens the content of a pointer that stands at `entry`: a descriptor; or -1, with an error when .gitattributes says that the file is
 * LFS's and its content is not here, and without one when it is a file like others. */
int sw_lfs_open(const struct sw_walk_entry *entry, const struct sw_lfs_pointer *pointer, struct sw_error **error);

/* Appends the content of a regular file: LFS's, else the blob. */
bool sw_lfs_read(const struct sw_walk_entry *entry, struct sw_buf *bytes, struct sw_error **error);

#endif
