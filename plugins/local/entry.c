#include "plugins/local/entry.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "core/base/cleanup.h"
#include "slipway/files.h"

bool sw_entry_xattr_wanted(const char *name) {
    static const char *const refused[] = {"trusted.overlay.", "user.overlay.", "user.fuseoverlayfs.", "user.containers.override_"};
    static const char *const wanted[] = {"user.", "trusted.", "security.capability", "system.posix_acl_"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strncmp(name, refused[i], strlen(refused[i])) == 0)
            return false;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (strncmp(name, wanted[i], strlen(wanted[i])) == 0)
            return true;
    return false;
}

bool sw_entry_xattr_in_layer(const char *name) {
    bool kind = strcmp(name, "security.capability") == 0 || strncmp(name, "user.", 5) == 0;
    return kind && sw_entry_xattr_wanted(name);
}

int sw_entry_clear(struct sw_fsroot *root, const char *path, mode_t type, mode_t *replaced) {
    struct stat status;
    if (sw_fsroot_stat(root, path, &status) < 0)
        return errno == ENOENT ? 0 : -1;
    if (S_ISDIR(status.st_mode) && type == S_IFDIR)
        return 0;
    if (replaced)
        *replaced = status.st_mode & S_IFMT;
    return S_ISDIR(status.st_mode) ? sw_fsroot_remove(root, path) : sw_fsroot_unlink(root, path);
}

static int create_once(struct sw_fsroot *root, const char *path, const struct sw_entry *entry, int *fd) {
    mode_t mode = entry->attr.set & SW_FSATTR_MODE ? entry->attr.mode & 0777 : 0755;
    switch (entry->type) {
    case S_IFREG:
        *fd = sw_fsroot_create(root, path, mode & ~(mode_t)077); /* narrow until its owner is right */
        return *fd < 0 ? -1 : 0;
    case S_IFDIR:
        return sw_fsroot_mkdir(root, path, mode);
    case S_IFLNK:
        return sw_fsroot_symlink(root, entry->target, path);
    default:
        return sw_fsroot_mknod(root, path, entry->type | mode, entry->device);
    }
}

int sw_entry_create(struct sw_fsroot *root, const char *path, const struct sw_entry *entry, int *fd, mode_t *replaced) {
    *fd = -1;
    if (replaced)
        *replaced = 0;
    if (create_once(root, path, entry, fd) == 0)
        return 0;
    if (errno != EEXIST || sw_entry_clear(root, path, entry->type, replaced) < 0)
        return -1;
    if (create_once(root, path, entry, fd) == 0)
        return 0;
    return errno == EEXIST && entry->type == S_IFDIR ? 0 : -1;
}

/* A file system or kernel that cannot keep an xattr is no reason to fail. */
static bool xattr_ok(int result) {
    return result == 0 || errno == EOPNOTSUPP || errno == EPERM || errno == EACCES;
}

static int set_xattrs(struct sw_fsroot *root, const char *path, const struct sw_entry *entry, int fd) {
    for (size_t i = 0; i < entry->xattr_count; i++) {
        const struct sw_tar_xattr *xattr = &entry->xattrs[i];
        if (!sw_entry_xattr_wanted(xattr->name))
            continue;
        int result = fd >= 0 ? fsetxattr(fd, xattr->name, xattr->value, xattr->len, 0)
                             : sw_fsroot_set_xattr(root, path, xattr->name, xattr->value, xattr->len);
        if (!xattr_ok(result))
            return -1;
    }
    return 0;
}

static int set_attr(struct sw_fsroot *root, const char *path, const struct sw_fsattr *attr, int fd) {
    return fd >= 0 ? sw_fsattr_apply(fd, attr) : sw_fsroot_set_attr(root, path, attr);
}

int sw_entry_finish(struct sw_fsroot *root, const char *path, const struct sw_entry *entry, int *fd) {
    sw_cleanup_close int own = sw_steal_fd(fd);
    struct sw_fsattr owner = entry->attr, rest = entry->attr;
    owner.set &= SW_FSATTR_OWNER;
    rest.set &= ~(uint32_t)SW_FSATTR_OWNER;
    if (set_attr(root, path, &owner, own) < 0) /* first: a new owner clears capabilities and setuid */
        return -1;
    if (set_xattrs(root, path, entry, own) < 0)
        return -1;
    return set_attr(root, path, &rest, own);
}

mode_t sw_entry_type(uint32_t type) {
    switch (type) {
    case SW_FILE_DIRECTORY:
    case SW_FILE_SUBMODULE:
        return S_IFDIR;
    case SW_FILE_SYMLINK:
        return S_IFLNK;
    default:
        return S_IFREG;
    }
}
