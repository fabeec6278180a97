/* fsxattr.h - extended attributes of a name in an open folder, following nothing.
 *
 * The system calls know no descriptors of symlinks and devices, so these go through /proc/self/fd, where the folder is already
 * resolved. */
#ifndef CORE_BASE_FSXATTR_H
#define CORE_BASE_FSXATTR_H

#include <stddef.h>

/* Names of all of them, each with its NUL, to be freed; `*len` may be 0, also where the file system has none at all. NULL and
 * errno on failure. */
char *sw_fsxattr_list(int folder, const char *name, size_t *len);

/* A value, to be freed; NULL and ENODATA when it is not set. */
void *sw_fsxattr_get(int folder, const char *name, const char *xattr, size_t *len);

/* 0, or -1 and errno. */
int sw_fsxattr_set(int folder, const char *name, const char *xattr, const void *value, size_t len);

#endif
