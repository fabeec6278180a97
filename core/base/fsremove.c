#include "core/base/fsremove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/vec.h"

/* A folder on the way down. Only the deepest one is open: the way back is "..", which must lead to the same inode. */
struct level {
    dev_t device;
    ino_t inode;
    struct sw_strlist folders; /* in it, still to be removed; the last one is in work */
};

static int open_folder(int parent, const char *name) {
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
    return (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
}

/* Unlinks all that is no folder in `fd` and lists the folders. */
static int sweep(int fd, struct level *level) {
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -1;
    level->device = status.st_dev;
    level->inode = status.st_ino;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return -1;
    sw_cleanup_dir DIR *dir = fdopendir(copy);
    if (!dir) {
        sw_close(&copy);
        return -1;
    }
    struct dirent *entry;
    while (errno = 0, (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entry->d_type != DT_DIR && unlinkat(fd, entry->d_name, 0) == 0)
            continue;
        if (entry->d_type == DT_DIR || errno == EISDIR)
            sw_strlist_add(&level->folders, entry->d_name);
        else if (errno != ENOENT)
            return -1;
    }
    return errno ? -1 : 0;
}

static void drop_last(struct sw_strlist *list) {
    free(list->items[--list->len]);
}

/* Goes up from `*fd` to the folder that `level` describes. */
static int ascend(int *fd, const struct level *level) {
    int up = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (up < 0)
        return -1;
    struct stat status;
    if (fstat(up, &status) < 0 || status.st_dev != level->device || status.st_ino != level->inode) {
        close(up);
        errno = ESTALE; /* somebody moved what is being removed */
        return -1;
    }
    sw_close(fd);
    *fd = up;
    return 0;
}

/* Goes down into the last folder of `level`; when that is none any more, unlinks it. */
static int descend(int *fd, struct level *level, struct sw_vec *levels) {
    const char *name = level->folders.items[level->folders.len - 1];
    int child = open_folder(*fd, name);
    if (child < 0 && (errno == ENOTDIR || errno == ELOOP || errno == ENOENT)) {
        int done = unlinkat(*fd, name, 0);
        if (done < 0 && errno != ENOENT)
            return -1;
        drop_last(&level->folders);
        return 0;
    }
    if (child < 0)
        return -1;
    sw_close(fd);
    *fd = child;
    return sweep(child, sw_vec_push(levels, NULL));
}

/* Empties the folder behind `*fd`; the descriptor changes on the way. */
static int empty(int *fd, struct sw_vec *levels) {
    if (sweep(*fd, sw_vec_push(levels, NULL)) < 0)
        return -1;
    for (;;) {
        struct level *level = sw_vec_at(levels, levels->len - 1);
        if (level->folders.len > 0) {
            if (descend(fd, level, levels) < 0)
                return -1;
            continue;
        }
        if (levels->len == 1)
            return 0;
        sw_strlist_fini(&level->folders);
        levels->len--;
        struct level *above = sw_vec_at(levels, levels->len - 1);
        if (ascend(fd, above) < 0)
            return -1;
        const char *name = above->folders.items[above->folders.len - 1];
        if (unlinkat(*fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
            return -1;
        drop_last(&above->folders);
    }
}

static int empty_and_close(int fd) {
    sw_cleanup_close int current = fd;
    sw_cleanup_vec struct sw_vec levels = {.width = sizeof(struct level)};
    int result = empty(&current, &levels);
    int saved = errno;
    for (size_t i = 0; i < levels.len; i++)
        sw_strlist_fini(&((struct level *)sw_vec_at(&levels, i))->folders);
    errno = saved;
    return result;
}

int sw_fsremove_at(int folder, const char *name) {
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return -1;
    int fd = open_folder(folder, name);
    if (fd < 0 || empty_and_close(fd) < 0)
        return -1;
    return unlinkat(folder, name, AT_REMOVEDIR);
}

int sw_fsremove_content(int folder) {
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : empty_and_close(fd);
}
