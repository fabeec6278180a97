#include "core/base/fsxattr.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "core/base/alloc.h"

enum { PATH_BYTES = 320, FIRST_TRY = 512 };

/* A name has at most 255 bytes; a longer one is cut and then not found. */
static void name_in_proc(char path[PATH_BYTES], int folder, const char *name) {
    snprintf(path, PATH_BYTES, "/proc/self/fd/%d/%s", folder, name);
}

/* One attribute's value, or the list of names when `xattr` is NULL. The kernel's limit is 64 KiB for both. */
static char *read_any(const char *path, const char *xattr, size_t *len) {
    char first[FIRST_TRY];
    ssize_t got = xattr ? lgetxattr(path, xattr, first, sizeof first) : llistxattr(path, first, sizeof first);
    *len = got > 0 ? (size_t)got : 0;
    if (got >= 0)
        return sw_strndup(first, *len);
    if (errno != ERANGE)
        return NULL;
    char *value = sw_new(XATTR_SIZE_MAX + 1);
    got = xattr ? lgetxattr(path, xattr, value, XATTR_SIZE_MAX) : llistxattr(path, value, XATTR_SIZE_MAX);
    *len = got > 0 ? (size_t)got : 0;
    if (got >= 0)
        return value;
    free(value);
    return NULL;
}

char *sw_fsxattr_list(int folder, const char *name, size_t *len) {
    char path[PATH_BYTES];
    name_in_proc(path, folder, name);
    char *names = read_any(path, NULL, len);
    return names || errno != EOPNOTSUPP ? names : sw_strdup("");
}

void *sw_fsxattr_get(int folder, const char *name, const char *xattr, size_t *len) {
    char path[PATH_BYTES];
    name_in_proc(path, folder, name);
    return read_any(path, xattr, len);
}

int sw_fsxattr_set(int folder, const char *name, const char *xattr, const void *value, size_t len) {
    char path[PATH_BYTES];
    name_in_proc(path, folder, name);
    return lsetxattr(path, xattr, value, len, 0);
}
