/* fsroot.h - path work below one folder that others have shaped.
 *
 * A path that came from an image, a build context or a plugin is only ever used through here. The kernel resolves it below the
 * folder's descriptor (openat2), so neither "..", nor absolute links, nor links exchanged while we look, nor /proc's magic links
 * lead outside. Paths are relative to the root whether they begin with '/' or not. Components before the last one follow symlinks
 * inside the root; the last one is never followed, unless the function says so.
 *
 * Calls answer as system calls do: -1 (or NULL) and errno; sw_fsroot_fail makes an error of that. A root belongs to one thread at
 * a time. It keeps folders open that were used lately: tell it with sw_fsroot_forget when somebody else renames or replaces
 * folders in between. */
#ifndef CORE_BASE_FSROOT_H
#define CORE_BASE_FSROOT_H

#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "slipway/types.h"

enum sw_fsroot_rule {
    SW_FSROOT_IN_ROOT, /* "/" is the root, ".." stops there: what a process inside would see */
    SW_FSROOT_BENEATH, /* a path that leads outside fails with EXDEV */
};

struct sw_fsroot;

/* Makes a root of folder `fd`, keeping a descriptor of its own. */
struct sw_fsroot *sw_fsroot_new(int fd, enum sw_fsroot_rule rule, struct sw_error **error);

/* As sw_fsroot_new, from a path that is ours. */
struct sw_fsroot *sw_fsroot_open_folder(const char *path, enum sw_fsroot_rule rule, struct sw_error **error);

void sw_fsroot_free(struct sw_fsroot *root);
void sw_fsroot_free_p(struct sw_fsroot **root);
#define sw_cleanup_fsroot __attribute__((cleanup(sw_fsroot_free_p)))

/* The root's own descriptor, borrowed. */
int sw_fsroot_fd(const struct sw_fsroot *root);

/* Closes the folders kept open. */
void sw_fsroot_forget(struct sw_fsroot *root);

/* Sets `*error` from errno: "cannot WHAT PATH: reason". Returns false. */
bool sw_fsroot_fail(struct sw_error **error, const char *what, const char *path);

/* --- looking --- */

/* Opens `path`, following symlinks to the end unless `flags` has O_NOFOLLOW. O_CLOEXEC is added. The caller closes it. */
int sw_fsroot_open(struct sw_fsroot *root, const char *path, int flags, mode_t mode);

/* Opens a regular file for reading, following symlinks; anything else fails without blocking (EISDIR, or EINVAL). */
int sw_fsroot_open_file(struct sw_fsroot *root, const char *path);

/* Folder that holds the last component of `path`, and that component (a pointer into `path`; a path that ends in a slash, "." or
 * ".." has none: EINVAL). Borrowed until the next call with this root. */
int sw_fsroot_parent(struct sw_fsroot *root, const char *path, const char **name);

int sw_fsroot_stat(struct sw_fsroot *root, const char *path, struct stat *status);
int sw_fsroot_stat_follow(struct sw_fsroot *root, const char *path, struct stat *status);

/* A symlink's target, to be freed. */
char *sw_fsroot_readlink(struct sw_fsroot *root, const char *path);

/* `path` with all symlinks resolved inside the root, the last one too: cleaned and absolute, to be freed. What does not exist is
 * taken as written; a link that leads to nothing gives the path it leads to. ELOOP behind 255 links. */
char *sw_fsroot_resolve(struct sw_fsroot *root, const char *path);

/* --- metadata --- */

enum sw_fsattr_set {
    SW_FSATTR_OWNER = 1u << 0,
    SW_FSATTR_MODE = 1u << 1,
    SW_FSATTR_MTIME = 1u << 2,
    SW_FSATTR_ATIME = 1u << 3,
};

struct sw_fsattr {
    uint32_t set; /* enum sw_fsattr_set: which members mean something */
    mode_t mode;  /* permission bits, setuid, setgid and sticky */
    uid_t uid;
    gid_t gid;
    struct timespec mtime;
    struct timespec atime;
};

/* Sets them in the order that keeps setuid bits and times. A symlink's mode is left alone. */
int sw_fsattr_apply(int fd, const struct sw_fsattr *attr);
int sw_fsroot_set_attr(struct sw_fsroot *root, const char *path, const struct sw_fsattr *attr);

int sw_fsroot_set_xattr(struct sw_fsroot *root, const char *path, const char *xattr, const void *value, size_t len);

/* Value of an xattr, to be freed; NULL and ENODATA when it has none. */
void *sw_fsroot_get_xattr(struct sw_fsroot *root, const char *path, const char *xattr, size_t *len);

/* Names of all xattrs as listxattr gives them (each with its NUL), to be freed; `*len` may be 0. */
char *sw_fsroot_list_xattr(struct sw_fsroot *root, const char *path, size_t *len);

/* --- changing --- */

/* Creates a regular file that must not exist, for writing. */
int sw_fsroot_create(struct sw_fsroot *root, const char *path, mode_t mode);

/* As sw_fsroot_create, but removes what is there first, unless it is a folder (EISDIR). */
int sw_fsroot_replace(struct sw_fsroot *root, const char *path, mode_t mode);

/* Replaces `path` by a regular file with these bytes. */
int sw_fsroot_write(struct sw_fsroot *root, const char *path, const void *data, size_t len, mode_t mode);

/* Modes of folders, files and nodes are subject to the umask: set attributes to be sure. */
int sw_fsroot_mkdir(struct sw_fsroot *root, const char *path, mode_t mode);

/* Makes `path` and all its missing parents; what is there already is left as it is and must be a folder or lead to one. New ones
 * get `attr` (NULL: mode 0755 and the caller's owner). A link that leads to nothing is ENOENT: resolve first. Calls `made` (may
 * be NULL) with the path of each new one. */
int sw_fsroot_mkdirs(struct sw_fsroot *root, const char *path, const struct sw_fsattr *attr,
                     void (*made)(void *context, const char *path), void *context);

int sw_fsroot_symlink(struct sw_fsroot *root, const char *target, const char *path);
int sw_fsroot_link(struct sw_fsroot *root, const char *from, const char *path);
int sw_fsroot_mknod(struct sw_fsroot *root, const char *path, mode_t mode, dev_t device);
int sw_fsroot_rename(struct sw_fsroot *root, const char *from, const char *path);
int sw_fsroot_unlink(struct sw_fsroot *root, const char *path); /* anything but a folder */
int sw_fsroot_rmdir(struct sw_fsroot *root, const char *path);

/* Removes `path` and all below it, following nothing, whatever its depth. Nothing there is success. */
int sw_fsroot_remove(struct sw_fsroot *root, const char *path);

/* Removes all that is in folder `path` ("" is the root itself), but not the folder. */
int sw_fsroot_empty(struct sw_fsroot *root, const char *path);

#endif
