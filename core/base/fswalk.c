#include "core/base/fswalk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"

enum { OPEN_LEVELS = 24 }; /* descriptors kept; levels above them are found again by ".." */

struct level {
    int fd; /* -1: closed because the walk is far below */
    dev_t device;
    ino_t inode;
    char *names; /* all in one run */
    const char **sorted;
    size_t count;
    size_t next;
    size_t path_len; /* of the walk's path up to this folder */
};

struct sw_fswalk {
    struct sw_vec levels;
    struct sw_buf path;
    struct stat status; /* of the entry given last */
    bool enter;         /* it is a folder to be entered next */
};

static void level_fini(struct level *level) {
    sw_close(&level->fd);
    free(level->names);
    free(level->sorted);
}

void sw_fswalk_free(struct sw_fswalk *walk) {
    if (!walk)
        return;
    for (size_t i = 0; i < walk->levels.len; i++)
        level_fini(sw_vec_at(&walk->levels, i));
    sw_vec_fini(&walk->levels);
    sw_buf_fini(&walk->path);
    free(walk);
}

void sw_fswalk_free_p(struct sw_fswalk **walk) {
    sw_fswalk_free(*walk);
    *walk = NULL;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Reads and sorts the names of `level->fd`. */
static int read_names(struct level *level) {
    int copy = fcntl(level->fd, F_DUPFD_CLOEXEC, 0);
    sw_cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        sw_close(&copy);
        return -1;
    }
    struct sw_buf names = {0};
    struct dirent *entry;
    while (errno = 0, (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        sw_buf_add(&names, entry->d_name, strlen(entry->d_name) + 1);
        level->count++;
    }
    int failed = errno;
    size_t len = names.len;
    level->names = sw_buf_take(&names);
    level->sorted = sw_new_array(level->count + 1, sizeof *level->sorted);
    const char *at = level->names;
    for (size_t i = 0; i < level->count && at < level->names + len; i++, at += strlen(at) + 1)
        level->sorted[i] = at;
    qsort(level->sorted, level->count, sizeof *level->sorted, by_bytes);
    errno = failed;
    return failed ? -1 : 0;
}

/* Makes `fd` the deepest level; owns it even on failure. */
static bool push_level(struct sw_fswalk *walk, int fd, struct sw_error **error) {
    struct level *level = sw_vec_push(&walk->levels, NULL);
    level->fd = fd;
    level->path_len = walk->path.len;
    struct stat status;
    if (fstat(fd, &status) < 0 || read_names(level) < 0)
        return sw_fsroot_fail(error, "read folder", sw_buf_text(&walk->path));
    level->device = status.st_dev;
    level->inode = status.st_ino;
    if (walk->levels.len > OPEN_LEVELS + 1) {
        struct level *far = sw_vec_at(&walk->levels, walk->levels.len - OPEN_LEVELS - 1);
        sw_close(&far->fd);
    }
    return true;
}

struct sw_fswalk *sw_fswalk_new(struct sw_fsroot *root, const char *path, struct sw_error **error) {
    int fd = sw_fsroot_open(root, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) {
        sw_fsroot_fail(error, "open folder", path);
        return NULL;
    }
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_new(sizeof *walk);
    walk->levels.width = sizeof(struct level);
    if (!push_level(walk, fd, error))
        return NULL;
    return sw_steal(&walk);
}

/* Opens the folder that was given last. False with no error set: it is gone. */
static bool enter(struct sw_fswalk *walk, struct sw_error **error) {
    struct level *level = sw_vec_at(&walk->levels, walk->levels.len - 1);
    const char *name = level->sorted[level->next - 1];
    int fd = openat(level->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return true;
    if (fd < 0)
        return sw_fsroot_fail(error, "open folder", sw_buf_text(&walk->path));
    return push_level(walk, fd, error);
}

/* Ends the deepest level. */
static bool leave(struct sw_fswalk *walk, struct sw_error **error) {
    struct level *level = sw_vec_at(&walk->levels, walk->levels.len - 1);
    struct level *above = walk->levels.len > 1 ? sw_vec_at(&walk->levels, walk->levels.len - 2) : NULL;
    bool ok = true;
    if (above && above->fd < 0) {
        struct stat status;
        above->fd = openat(level->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ok = above->fd >= 0 && fstat(above->fd, &status) == 0 && status.st_dev == above->device && status.st_ino == above->inode;
        if (!ok)
            sw_fail(error, SW_ERROR_IO, "folder %s was moved while it was read", sw_buf_text(&walk->path));
    }
    level_fini(level);
    walk->levels.len--;
    return ok;
}

int sw_fswalk_next(struct sw_fswalk *walk, struct sw_fsentry *entry, struct sw_error **error) {
    if (walk->enter && !enter(walk, error))
        return -1;
    walk->enter = false;
    while (walk->levels.len > 0) {
        struct level *level = sw_vec_at(&walk->levels, walk->levels.len - 1);
        sw_buf_truncate(&walk->path, level->path_len);
        if (level->next == level->count) {
            if (!leave(walk, error))
                return -1;
            continue;
        }
        const char *name = level->sorted[level->next++];
        if (walk->path.len > 0)
            sw_buf_putc(&walk->path, '/');
        size_t name_at = walk->path.len;
        sw_buf_puts(&walk->path, name);
        if (fstatat(level->fd, name, &walk->status, AT_SYMLINK_NOFOLLOW) < 0) {
            if (errno == ENOENT)
                continue;
            sw_fsroot_fail(error, "look at", walk->path.data);
            return -1;
        }
        walk->enter = S_ISDIR(walk->status.st_mode);
        *entry = (struct sw_fsentry){.path = walk->path.data, .folder = level->fd, .status = walk->status};
        entry->name = entry->path + name_at;
        return 1;
    }
    return 0;
}

void sw_fswalk_skip(struct sw_fswalk *walk) {
    walk->enter = false;
}

int sw_fsentry_open(const struct sw_fsentry *entry, int flags) {
    int fd = openat(entry->folder, entry->name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || (fstat(fd, &status) == 0 && ((status.st_mode ^ entry->status.st_mode) & S_IFMT) == 0))
        return fd;
    close(fd);
    errno = ESTALE;
    return -1;
}

char *sw_fsentry_readlink(const struct sw_fsentry *entry) {
    char target[4097];
    ssize_t len = readlinkat(entry->folder, entry->name, target, sizeof target - 1);
    return len < 0 ? NULL : sw_strndup(target, (size_t)len);
}
