#include "core/base/fsroot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fsremove.h"
#include "core/base/fsxattr.h"
#include "core/base/hash.h"

enum { FOLDER_SLOTS = 32, LINK_LIMIT = 255, RACE_RETRIES = 64 };

/* A folder that was used lately, by its path as asked for. */
struct folder_slot {
    char *path;
    size_t len;
    int fd;
};

struct sw_fsroot {
    int fd;
    uint64_t resolve;
    struct folder_slot slots[FOLDER_SLOTS];
};

struct sw_fsroot *sw_fsroot_new(int fd, enum sw_fsroot_rule rule, struct sw_error **error) {
    int own = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) {
        sw_fail_errno(error, errno, "cannot open a root folder");
        return NULL;
    }
    struct sw_fsroot *root = sw_new(sizeof *root);
    root->fd = own;
    root->resolve = RESOLVE_NO_MAGICLINKS | (rule == SW_FSROOT_IN_ROOT ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
    return root;
}

struct sw_fsroot *sw_fsroot_open_folder(const char *path, enum sw_fsroot_rule rule, struct sw_error **error) {
    sw_cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        sw_fail_errno(error, errno, "cannot open folder %s", path);
        return NULL;
    }
    return sw_fsroot_new(fd, rule, error);
}

static void slot_clear(struct folder_slot *slot) {
    if (!slot->path)
        return;
    int saved = errno;
    free(slot->path);
    close(slot->fd);
    slot->path = NULL;
    errno = saved;
}

void sw_fsroot_forget(struct sw_fsroot *root) {
    for (size_t i = 0; i < FOLDER_SLOTS; i++)
        slot_clear(&root->slots[i]);
}

void sw_fsroot_free(struct sw_fsroot *root) {
    if (!root)
        return;
    sw_fsroot_forget(root);
    close(root->fd);
    free(root);
}

void sw_fsroot_free_p(struct sw_fsroot **root) {
    sw_fsroot_free(*root);
    *root = NULL;
}

int sw_fsroot_fd(const struct sw_fsroot *root) {
    return root->fd;
}

bool sw_fsroot_fail(struct sw_error **error, const char *what, const char *path) {
    return sw_fail_errno(error, errno, "cannot %s %s", what, *path ? path : "/");
}

/* openat2 under the root's rule. The kernel gives EAGAIN when a rename somewhere raced with "..". */
static int resolve_open(struct sw_fsroot *root, const char *path, int flags, mode_t mode) {
    bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .mode = creates ? mode & 07777 : 0, .resolve = root->resolve};
    if (how.resolve & RESOLVE_BENEATH)
        path += strspn(path, "/");
    if (!*path)
        path = ".";
    for (int i = 0;; i++) {
        int fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN || i == RACE_RETRIES)
            return fd;
    }
}

int sw_fsroot_open(struct sw_fsroot *root, const char *path, int flags, mode_t mode) {
    return resolve_open(root, path, flags, mode);
}

int sw_fsroot_open_file(struct sw_fsroot *root, const char *path) {
    struct stat status;
    if (sw_fsroot_stat_follow(root, path, &status) < 0)
        return -1;
    sw_cleanup_close int fd = -1;
    if (S_ISREG(status.st_mode)) { /* looked at first, since opening a device or pipe has effects */
        fd = resolve_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (fd < 0 || fstat(fd, &status) < 0)
            return -1;
    }
    if (S_ISREG(status.st_mode))
        return sw_steal_fd(&fd);
    errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    return -1;
}

/* The open folder for the first `len` bytes of `path`. */
static int folder_at(struct sw_fsroot *root, const char *path, size_t len) {
    if (strspn(path, "/") >= len)
        return root->fd;
    struct folder_slot *slot = &root->slots[sw_murmur3(path, len) % FOLDER_SLOTS];
    if (slot->path && slot->len == len && memcmp(slot->path, path, len) == 0)
        return slot->fd;
    sw_cleanup_free char *name = sw_strndup(path, len);
    int fd = resolve_open(root, name, O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return -1;
    slot_clear(slot);
    *slot = (struct folder_slot){.path = sw_steal(&name), .len = len, .fd = fd};
    return fd;
}

int sw_fsroot_parent(struct sw_fsroot *root, const char *path, const char **name) {
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
        errno = EINVAL;
        return -1;
    }
    return folder_at(root, path, slash ? (size_t)(slash - path) : 0);
}

/* Whether `path` has no last component that could be looked up in a folder: the root, or something that ends in "." or "..". */
static bool is_nameless(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int sw_fsroot_stat(struct sw_fsroot *root, const char *path, struct stat *status) {
    if (is_nameless(path))
        return sw_fsroot_stat_follow(root, path, status);
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    return folder < 0 ? -1 : fstatat(folder, name, status, AT_SYMLINK_NOFOLLOW);
}

int sw_fsroot_stat_follow(struct sw_fsroot *root, const char *path, struct stat *status) {
    sw_cleanup_close int fd = resolve_open(root, path, O_PATH, 0);
    return fd < 0 ? -1 : fstat(fd, status);
}

char *sw_fsroot_readlink(struct sw_fsroot *root, const char *path) {
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    if (folder < 0)
        return NULL;
    char target[4097];
    ssize_t len = readlinkat(folder, name, target, sizeof target - 1);
    return len < 0 ? NULL : sw_strndup(target, (size_t)len);
}

/* Cuts the last component off `out`, which is "" for the root. */
static void step_up(struct sw_buf *out) {
    size_t len = out->len;
    while (len > 0 && out->data[len - 1] != '/')
        len--;
    sw_buf_truncate(out, len > 0 ? len - 1 : 0);
}

char *sw_fsroot_resolve(struct sw_fsroot *root, const char *path) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_cleanup_free char *rest = sw_strdup(path);
    const char *at = rest;
    int links = 0;
    while (at += strspn(at, "/"), *at) {
        size_t len = strcspn(at, "/");
        if (len == 2 && at[0] == '.' && at[1] == '.') {
            step_up(&out);
        } else if (len != 1 || at[0] != '.') {
            size_t before = out.len;
            sw_buf_putc(&out, '/');
            sw_buf_add(&out, at, len);
            sw_cleanup_free char *target = sw_fsroot_readlink(root, out.data);
            if (target && ++links > LINK_LIMIT) {
                errno = ELOOP;
                return NULL;
            }
            if (target) {
                sw_buf_truncate(&out, target[0] == '/' ? 0 : before);
                char *longer = sw_format("%s/%s", target, at + len);
                free(rest);
                rest = longer;
                at = rest;
                continue;
            }
            if (errno != EINVAL && errno != ENOENT && errno != ENOTDIR)
                return NULL;
        }
        at += len;
    }
    if (out.len == 0)
        sw_buf_putc(&out, '/');
    return sw_buf_take(&out);
}

/* --- metadata --- */

static const struct timespec *times_of(const struct sw_fsattr *attr, struct timespec times[2]) {
    static const struct timespec keep = {.tv_nsec = UTIME_OMIT};
    times[0] = attr->set & SW_FSATTR_ATIME ? attr->atime : keep;
    times[1] = attr->set & SW_FSATTR_MTIME ? attr->mtime : keep;
    return times;
}

int sw_fsattr_apply(int fd, const struct sw_fsattr *attr) {
    struct timespec times[2];
    if ((attr->set & SW_FSATTR_OWNER) && fchown(fd, attr->uid, attr->gid) < 0)
        return -1;
    if ((attr->set & SW_FSATTR_MODE) && fchmod(fd, attr->mode & 07777) < 0)
        return -1;
    if (attr->set & (SW_FSATTR_MTIME | SW_FSATTR_ATIME))
        return futimens(fd, times_of(attr, times));
    return 0;
}

/* chmod that follows nothing. The system call is newer than Debian 12's kernel; glibc's way round needs /proc. */
static int chmod_at(int folder, const char *name, mode_t mode) {
    enum { SYS_FCHMODAT2 = 452 };
    if (syscall(SYS_FCHMODAT2, folder, name, mode, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    if (errno == ENOSYS || errno == EPERM)
        return fchmodat(folder, name, mode, AT_SYMLINK_NOFOLLOW);
    return -1;
}

static int set_attr_at(int folder, const char *name, const struct sw_fsattr *attr) {
    struct timespec times[2];
    if ((attr->set & SW_FSATTR_OWNER) && fchownat(folder, name, attr->uid, attr->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if ((attr->set & SW_FSATTR_MODE) && chmod_at(folder, name, attr->mode & 07777) < 0 && errno != EOPNOTSUPP)
        return -1; /* EOPNOTSUPP: a symlink, which has no mode */
    if (attr->set & (SW_FSATTR_MTIME | SW_FSATTR_ATIME))
        return utimensat(folder, name, times_of(attr, times), AT_SYMLINK_NOFOLLOW);
    return 0;
}

int sw_fsroot_set_attr(struct sw_fsroot *root, const char *path, const struct sw_fsattr *attr) {
    if (is_nameless(path)) {
        sw_cleanup_close int fd = resolve_open(root, path, O_RDONLY | O_DIRECTORY, 0);
        return fd < 0 ? -1 : sw_fsattr_apply(fd, attr);
    }
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    return folder < 0 ? -1 : set_attr_at(folder, name, attr);
}

/* Folder and name for the xattr calls; the root and its like are "." of themselves. */
static int xattr_place(struct sw_fsroot *root, const char *path, const char **name) {
    if (!is_nameless(path))
        return sw_fsroot_parent(root, path, name);
    *name = ".";
    return folder_at(root, path, strlen(path));
}

int sw_fsroot_set_xattr(struct sw_fsroot *root, const char *path, const char *xattr, const void *value, size_t len) {
    const char *name;
    int folder = xattr_place(root, path, &name);
    return folder < 0 ? -1 : sw_fsxattr_set(folder, name, xattr, value, len);
}

void *sw_fsroot_get_xattr(struct sw_fsroot *root, const char *path, const char *xattr, size_t *len) {
    const char *name;
    int folder = xattr_place(root, path, &name);
    return folder < 0 ? NULL : sw_fsxattr_get(folder, name, xattr, len);
}

char *sw_fsroot_list_xattr(struct sw_fsroot *root, const char *path, size_t *len) {
    const char *name;
    int folder = xattr_place(root, path, &name);
    return folder < 0 ? NULL : sw_fsxattr_list(folder, name, len);
}

/* --- changing --- */

int sw_fsroot_create(struct sw_fsroot *root, const char *path, mode_t mode) {
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    return folder < 0 ? -1 : openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

int sw_fsroot_replace(struct sw_fsroot *root, const char *path, mode_t mode) {
    int fd = sw_fsroot_create(root, path, mode);
    if (fd >= 0 || errno != EEXIST)
        return fd;
    return sw_fsroot_unlink(root, path) < 0 ? -1 : sw_fsroot_create(root, path, mode);
}

int sw_fsroot_write(struct sw_fsroot *root, const char *path, const void *data, size_t len, mode_t mode) {
    sw_cleanup_close int fd = sw_fsroot_replace(root, path, mode);
    if (fd < 0)
        return -1;
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static int check_folder(struct sw_fsroot *root, const char *path) {
    sw_cleanup_close int fd = resolve_open(root, path, O_PATH | O_DIRECTORY, 0);
    return fd < 0 ? -1 : 0;
}

int sw_fsroot_mkdir(struct sw_fsroot *root, const char *path, mode_t mode) {
    if (is_nameless(path)) { /* the root, or a folder that must be there to be named so */
        if (check_folder(root, path) == 0)
            errno = EEXIST;
        return -1;
    }
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    return folder < 0 ? -1 : mkdirat(folder, name, mode);
}

int sw_fsroot_mkdirs(struct sw_fsroot *root, const char *path, const struct sw_fsattr *attr,
                     void (*made)(void *context, const char *path), void *context) {
    if (check_folder(root, path) == 0)
        return 0;
    if (errno != ENOENT)
        return -1;
    sw_cleanup_free char *prefix = sw_strdup(path);
    for (size_t end = 0; path[end];) {
        end += strspn(path + end, "/");
        end += strcspn(path + end, "/");
        memcpy(prefix, path, end);
        prefix[end] = '\0';
        if (is_nameless(prefix))
            continue;
        if (sw_fsroot_mkdir(root, prefix, 0755) < 0) {
            if (errno != EEXIST)
                return -1;
            continue;
        }
        if (attr && sw_fsroot_set_attr(root, prefix, attr) < 0)
            return -1;
        if (made)
            made(context, prefix);
    }
    return check_folder(root, path);
}

int sw_fsroot_symlink(struct sw_fsroot *root, const char *target, const char *path) {
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    return folder < 0 ? -1 : symlinkat(target, folder, name);
}

/* Two parents at once: the second look-up may take the first one's slot, so the first is kept by a descriptor of its own. */
static int two_parents(struct sw_fsroot *root, const char *from, const char **from_name, const char *path, const char **name,
                       int *from_folder) {
    int first = sw_fsroot_parent(root, from, from_name);
    *from_folder = first < 0 ? -1 : fcntl(first, F_DUPFD_CLOEXEC, 0);
    return *from_folder < 0 ? -1 : sw_fsroot_parent(root, path, name);
}

int sw_fsroot_link(struct sw_fsroot *root, const char *from, const char *path) {
    const char *from_name, *name;
    sw_cleanup_close int from_folder = -1;
    int folder = two_parents(root, from, &from_name, path, &name, &from_folder);
    return folder < 0 ? -1 : linkat(from_folder, from_name, folder, name, 0);
}

int sw_fsroot_mknod(struct sw_fsroot *root, const char *path, mode_t mode, dev_t device) {
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    return folder < 0 ? -1 : mknodat(folder, name, mode, device);
}

int sw_fsroot_rename(struct sw_fsroot *root, const char *from, const char *path) {
    const char *from_name, *name;
    sw_cleanup_close int from_folder = -1;
    int folder = two_parents(root, from, &from_name, path, &name, &from_folder);
    int result = folder < 0 ? -1 : renameat(from_folder, from_name, folder, name);
    sw_fsroot_forget(root);
    return result;
}

int sw_fsroot_unlink(struct sw_fsroot *root, const char *path) {
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    if (folder < 0)
        return -1;
    struct stat status;
    bool is_link = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
    int result = unlinkat(folder, name, 0);
    if (is_link) /* a folder that is kept open may have been reached through it */
        sw_fsroot_forget(root);
    return result;
}

int sw_fsroot_rmdir(struct sw_fsroot *root, const char *path) {
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    int result = folder < 0 ? -1 : unlinkat(folder, name, AT_REMOVEDIR);
    sw_fsroot_forget(root);
    return result;
}

int sw_fsroot_remove(struct sw_fsroot *root, const char *path) {
    const char *name;
    int folder = sw_fsroot_parent(root, path, &name);
    if (folder < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    int result = sw_fsremove_at(folder, name);
    sw_fsroot_forget(root);
    return result;
}

int sw_fsroot_empty(struct sw_fsroot *root, const char *path) {
    sw_cleanup_close int fd = resolve_open(root, path, O_PATH | O_DIRECTORY, 0);
    int result = fd < 0 ? -1 : sw_fsremove_content(fd);
    sw_fsroot_forget(root);
    return result;
}
