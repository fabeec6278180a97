#include "plugins/local/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/fsxattr.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "plugins/local/entry.h"
#include "plugins/local/whiteout.h"

enum { PIECE = 64 * 1024 };

struct settling {
    const struct sw_settle *job;
    struct sw_fsroot *upper;
    struct sw_fsroot *below;
    struct sw_map opaque;     /* folders that hide what is below, by a mark of their own or of one above */
    struct sw_strlist idle;   /* folders that are as below: to go when nothing is in them; parents before children */
    struct sw_strlist copies; /* entries that are as below */
    char *fresh;              /* a folder that is not below, in which nothing can be either; NULL: not in one */
};

/* ---- comparing ---- */

static bool same_metadata(const struct stat *a, const struct stat *b) {
    return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid && a->st_rdev == b->st_rdev;
}

/* How many attributes of an entry layers keep, among the `len` bytes of names; -1 when one of them is not the same in `root`. */
static int count_kept(struct sw_fsroot *root, const struct sw_fsentry *entry, const char *names, size_t len) {
    int count = 0;
    for (const char *name = names; name < names + len; name += strlen(name) + 1) {
        if (!sw_entry_xattr_in_layer(name))
            continue;
        size_t size = 0, other_size = 0;
        sw_cleanup_free char *value = sw_fsxattr_get(entry->folder, entry->name, name, &size);
        sw_cleanup_free char *other = sw_fsroot_get_xattr(root, entry->path, name, &other_size);
        if (!value || !other || size != other_size || memcmp(value, other, size) != 0)
            return -1;
        count++;
    }
    return count;
}

static bool same_xattrs(struct settling *settling, const struct sw_fsentry *entry) {
    size_t len = 0, other_len = 0;
    sw_cleanup_free char *names = sw_fsxattr_list(entry->folder, entry->name, &len);
    sw_cleanup_free char *others = sw_fsroot_list_xattr(settling->below, entry->path, &other_len);
    if (!names || !others)
        return false;
    int count = count_kept(settling->below, entry, names, len), other_count = 0;
    for (const char *name = others; name < others + other_len; name += strlen(name) + 1)
        other_count += sw_entry_xattr_in_layer(name);
    return count == other_count;
}

static ssize_t read_piece(int fd, char *piece) {
    size_t have = 0;
    while (have < PIECE) {
        ssize_t n = read(fd, piece + have, PIECE - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

static bool same_content(struct settling *settling, const struct sw_fsentry *entry) {
    sw_cleanup_close int a = sw_fsentry_open(entry, O_RDONLY);
    sw_cleanup_close int b = sw_fsroot_open(settling->below, entry->path, O_RDONLY | O_NOFOLLOW, 0);
    sw_cleanup_free char *one = sw_new(PIECE), *two = sw_new(PIECE);
    ssize_t n = a < 0 || b < 0 ? -1 : PIECE;
    while (n == PIECE) {
        n = read_piece(a, one);
        if (n < 0 || read_piece(b, two) != n || memcmp(one, two, (size_t)n) != 0)
            return false;
    }
    return n >= 0;
}

static bool same_target(struct settling *settling, const struct sw_fsentry *entry) {
    sw_cleanup_free char *a = sw_fsentry_readlink(entry);
    sw_cleanup_free char *b = sw_fsroot_readlink(settling->below, entry->path);
    return a && b && strcmp(a, b) == 0;
}

/* Times in full seconds may come from an archive, and tell nothing. */
static bool same(struct settling *settling, const struct sw_fsentry *entry, const struct stat *old) {
    const struct stat *now = &entry->status;
    if (!same_metadata(now, old) || !same_xattrs(settling, entry))
        return false;
    if (S_ISDIR(now->st_mode))
        return true;
    if (now->st_size != old->st_size || now->st_mtim.tv_sec != old->st_mtim.tv_sec || now->st_mtim.tv_nsec != old->st_mtim.tv_nsec)
        return false;
    if (S_ISLNK(now->st_mode))
        return same_target(settling, entry);
    return !S_ISREG(now->st_mode) || now->st_mtim.tv_nsec || same_content(settling, entry);
}

/* ---- opaque folders ---- */

/* The name of the mark that a folder bears; NULL: none. */
static const char *mark_of(const struct sw_fsentry *entry) {
    static const char *const marks[] = {SW_OVERLAY_OPAQUE, SW_OVERLAY_OPAQUE_USER};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t len = 0;
        sw_cleanup_free char *value = sw_fsxattr_get(entry->folder, entry->name, marks[i], &len);
        if (value && len == 1 && *value == 'y')
            return marks[i];
    }
    return NULL;
}

static bool unmark(struct settling *settling, const struct sw_fsentry *entry, const char *mark, struct sw_error **error) {
    sw_cleanup_close int fd = sw_fsroot_open(settling->upper, entry->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return (fd >= 0 && fremovexattr(fd, mark) == 0) || sw_fsroot_fail(error, "change the attributes of", entry->path);
}

/* Puts a whiteout for each name that the folder below has and this one does not; folders that both have are opaque too. */
static bool say_what_is_gone(struct settling *settling, const char *path, struct sw_error **error) {
    sw_cleanup_close int fd = sw_fsroot_open(settling->below, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    sw_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return sw_fsroot_fail(error, "read", path);
    fd = -1; /* closedir's now */
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!sw_path_is_name(entry->d_name))
            continue;
        sw_cleanup_free char *inside = sw_path_join(path, entry->d_name);
        struct stat status;
        bool there = sw_fsroot_stat(settling->upper, inside, &status) == 0;
        if (there && S_ISDIR(status.st_mode))
            sw_map_set(&settling->opaque, inside, settling);
        if (!there && (errno != ENOENT || sw_fsroot_mknod(settling->upper, inside, S_IFCHR, 0) < 0))
            return sw_fsroot_fail(error, "make a whiteout at", inside);
    }
    return true;
}

/* ---- visiting ---- */

static bool visit_folder(struct settling *settling, const struct sw_fsentry *entry, const struct stat *old,
                         struct sw_error **error) {
    const char *mark = mark_of(entry);
    bool opaque = mark || sw_map_has(&settling->opaque, entry->path);
    if (!old || !S_ISDIR(old->st_mode)) {
        free(settling->fresh);
        settling->fresh = sw_strdup(entry->path);
    } else {
        if (opaque && !say_what_is_gone(settling, entry->path, error))
            return false;
        if (same(settling, entry, old))
            sw_strlist_add(&settling->idle, entry->path);
    }
    return !mark || unmark(settling, entry, mark, error);
}

static bool visit(struct settling *settling, const struct sw_fsentry *entry, struct sw_error **error) {
    struct stat old;
    bool fresh = settling->fresh && sw_path_within(entry->path, settling->fresh);
    if (fresh && !S_ISDIR(entry->status.st_mode))
        return true;
    if (fresh) {
        const char *mark = mark_of(entry);
        return !mark || unmark(settling, entry, mark, error);
    }
    bool there = sw_fsroot_stat(settling->below, entry->path, &old) == 0;
    if (!there && errno != ENOENT && errno != ENOTDIR)
        return sw_fsroot_fail(error, "look at", entry->path);
    if (S_ISDIR(entry->status.st_mode))
        return visit_folder(settling, entry, there ? &old : NULL, error);
    bool whiteout = sw_whiteout_is_device(&entry->status);
    if (whiteout ? !there : there && same(settling, entry, &old))
        sw_strlist_add(&settling->copies, entry->path);
    return true;
}

/* ---- all ---- */

static bool look(struct settling *settling, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *view = sw_fsroot_new(settling->job->upper, SW_FSROOT_BENEATH, error);
    sw_cleanup_fswalk struct sw_fswalk *walk = view ? sw_fswalk_new(view, "", error) : NULL;
    struct sw_fsentry entry;
    int got = walk ? 1 : -1;
    while (got > 0 && (got = sw_fswalk_next(walk, &entry, error)) > 0)
        if (!sw_work_wanted(settling->job->work, error) || !visit(settling, &entry, error))
            return false;
    return got == 0;
}

static bool drop(struct settling *settling, struct sw_error **error) {
    for (size_t i = 0; i < settling->copies.len; i++)
        if (sw_fsroot_unlink(settling->upper, settling->copies.items[i]) < 0)
            return sw_fsroot_fail(error, "remove", settling->copies.items[i]);
    for (size_t i = settling->idle.len; i-- > 0;)
        if (sw_fsroot_rmdir(settling->upper, settling->idle.items[i]) < 0 && errno != ENOTEMPTY && errno != EEXIST)
            return sw_fsroot_fail(error, "remove", settling->idle.items[i]);
    return true;
}

bool sw_settle_run(const struct sw_settle *settle, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *upper = sw_fsroot_new(settle->upper, SW_FSROOT_BENEATH, error);
    sw_cleanup_fsroot struct sw_fsroot *below = upper ? sw_fsroot_new(settle->below, SW_FSROOT_IN_ROOT, error) : NULL;
    struct settling settling = {.job = settle, .upper = upper, .below = below};
    bool done = below && look(&settling, error) && drop(&settling, error);
    sw_map_fini(&settling.opaque, NULL);
    sw_strlist_fini(&settling.idle);
    sw_strlist_fini(&settling.copies);
    free(settling.fresh);
    return done;
}
