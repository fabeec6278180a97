#include "plugins/local/imagefiles.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/path.h"
#include "plugins/local/flatten.h"
#include "plugins/local/imageroot.h"
#include "plugins/local/overlay.h"

static struct sw_workshop *shop;
static struct sw_workers *threads;

struct walking {
    char *path;
    struct sw_cancel *cancel;
    bool (*visit)(void *context, const struct sw_image_file *file);
    sw_done done;
    void *context;
    struct sw_stack stack;
    struct sw_error *error;
};

static int mount_stack(struct walking *walking) {
    struct sw_vec folders = {0};
    int fd = -1;
    if (sw_stack_open(shop->store, &walking->stack, &folders, &walking->error) &&
        sw_flatten(shop->store, &walking->stack, &folders, &walking->error)) {
        struct sw_overlay overlay = {.lowers = folders.data, .lower_count = folders.len, .upper = -1, .work = -1};
        fd = folders.len > 1 ? sw_overlay_mount(&overlay, &walking->error) : fcntl(shop->store->empty, F_DUPFD_CLOEXEC, 3);
    }
    sw_stack_close(&folders);
    return fd;
}

static uint32_t type_of(mode_t mode) {
    if (S_ISREG(mode))
        return SW_FILE_REGULAR;
    if (S_ISDIR(mode))
        return SW_FILE_DIRECTORY;
    return S_ISLNK(mode) ? SW_FILE_SYMLINK : SW_FILE_NONE;
}

/* Hands one file on; 1: go on, 0: the visitor has enough, -1: an error. */
static int show(struct walking *walking, const char *path, int folder, const char *name, const struct stat *status) {
    struct sw_image_file file = {
        .size = sizeof file, .type = type_of(status->st_mode), .mode = status->st_mode & 07777, .path = path};
    char target[PATH_MAX] = "";
    sw_cleanup_close int fd = -1;
    if (file.type == SW_FILE_SYMLINK && readlinkat(folder, name, target, sizeof target - 1) < 0) {
        sw_fail_errno(&walking->error, errno, "cannot read the link %s of the image", path);
        return -1;
    }
    if (file.type == SW_FILE_REGULAR && (fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
        sw_fail_errno(&walking->error, errno, "cannot read %s of the image", path);
        return -1;
    }
    file.fd = fd;
    file.target = file.type == SW_FILE_SYMLINK ? target : NULL;
    return walking->visit(walking->context, &file);
}

/* Empty in an image, and a runtime's business. */
static bool is_left_out(const char *path) {
    static const char *const folders[] = {"/proc", "/sys", "/dev"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (sw_path_within(path, folders[i]))
            return true;
    return false;
}

static void walk_below(struct walking *walking, struct sw_fsroot *root, const char *start) {
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(root, start, &walking->error);
    struct sw_fsentry entry;
    const char *prefix = strcmp(start, "/") ? start : "";
    while (walk && sw_fswalk_next(walk, &entry, &walking->error) == 1) {
        sw_cleanup_free char *path = sw_format("%s/%s", prefix, entry.path);
        if (is_left_out(path)) {
            sw_fswalk_skip(walk);
            continue;
        }
        if (show(walking, path, entry.folder, entry.name, &entry.status) != 1)
            return;
        if (shop->host->cancel->cancelled(walking->cancel)) {
            sw_fail(&walking->error, SW_ERROR_CANCELLED, "cancelled");
            return;
        }
    }
}

static void walk_root(struct walking *walking, struct sw_fsroot *root) {
    sw_cleanup_free char *start = sw_fsroot_resolve(root, walking->path);
    struct stat status;
    if (!start || sw_fsroot_stat(root, start, &status) < 0) {
        sw_fail(&walking->error, SW_ERROR_NOT_FOUND, "%s is not in the image", walking->path);
        return;
    }
    if (S_ISDIR(status.st_mode)) {
        walk_below(walking, root, start);
        return;
    }
    const char *name;
    int folder = sw_fsroot_parent(root, start, &name);
    if (folder >= 0)
        show(walking, start, folder, name, &status);
}

static void work(void *context) {
    struct walking *walking = context;
    sw_cleanup_close int fd = mount_stack(walking);
    sw_cleanup_fsroot struct sw_fsroot *root = fd < 0 ? NULL : sw_fsroot_new(fd, SW_FSROOT_IN_ROOT, &walking->error);
    if (root)
        walk_root(walking, root);
}

static void on_walked(void *context) {
    struct walking *walking = context;
    walking->done(walking->context, walking->error);
    sw_stack_fini(&walking->stack);
    free(walking->path);
    free(walking);
}

static void on_root(void *context, struct sw_stack *stack, struct sw_error *error) {
    struct walking *walking = context;
    walking->error = error;
    walking->stack = *stack;
    *stack = (struct sw_stack){0};
    if (error)
        on_walked(walking);
    else
        sw_workers_run(threads, work, on_walked, walking);
}

static void walk(const struct sw_image *image, const char *path, struct sw_cancel *cancel,
                 bool (*visit)(void *context, const struct sw_image_file *file), sw_done done, void *context) {
    struct walking *walking = sw_new(sizeof *walking);
    *walking = (struct walking){.path = sw_strdup(path), .cancel = cancel, .visit = visit, .done = done, .context = context};
    sw_imageroot_get(&(struct sw_imageroot_wish){
        .workshop = shop, .workers = threads, .image = image, .cancel = cancel, .done = on_root, .context = walking});
}

static const struct sw_backend_files table = {.size = sizeof table, .walk = walk};

const struct sw_backend_files *sw_imagefiles_table(struct sw_workshop *workshop, struct sw_workers *workers) {
    shop = workshop;
    threads = workers;
    return &table;
}
