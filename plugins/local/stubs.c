#include "plugins/local/stubs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/base/vec.h"

/* Something in the layer that is there because of us. */
struct stub {
    char *path;
    enum { MADE_FOLDER, MADE_FILE, COPIED_FOLDER } kind;
    ino_t inode; /* in the layer */
    struct stat before;
};

struct sw_stubs {
    struct sw_fsroot *root;
    struct sw_fsroot *upper; /* NULL: nothing is made */
    struct sw_vec made;      /* of struct stub, parents before children */
};

struct sw_stubs *sw_stubs_new(int root, int upper, struct sw_error **error) {
    struct sw_stubs *stubs = sw_new(sizeof *stubs);
    stubs->made.width = sizeof(struct stub);
    stubs->root = sw_fsroot_new(root, SW_FSROOT_IN_ROOT, error);
    if (stubs->root && upper >= 0)
        stubs->upper = sw_fsroot_new(upper, SW_FSROOT_BENEATH, error);
    if (stubs->root && (upper < 0 || stubs->upper))
        return stubs;
    sw_stubs_free(stubs);
    return NULL;
}

static void forget(struct sw_stubs *stubs) {
    for (size_t i = 0; i < stubs->made.len; i++)
        free(((struct stub *)sw_vec_at(&stubs->made, i))->path);
    stubs->made.len = 0;
}

void sw_stubs_free(struct sw_stubs *stubs) {
    if (!stubs)
        return;
    forget(stubs);
    sw_vec_fini(&stubs->made);
    sw_fsroot_free(stubs->root);
    sw_fsroot_free(stubs->upper);
    free(stubs);
}

void sw_stubs_free_p(struct sw_stubs **stubs) {
    sw_stubs_free(*stubs);
}

/* ---- making ---- */

/* Folders above `path` that are not in the layer yet: making something below brings them there. */
static void remember_parents(struct sw_stubs *stubs, const char *path) {
    for (const char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        struct stub stub = {.path = sw_strndup(path, (size_t)(slash - path)), .kind = COPIED_FOLDER};
        struct stat status;
        if (sw_fsroot_stat(stubs->root, stub.path, &stub.before) == 0 && sw_fsroot_stat(stubs->upper, stub.path, &status) < 0)
            sw_vec_push(&stubs->made, &stub);
        else
            free(stub.path);
    }
}

static void remember(struct sw_stubs *stubs, const char *path, bool folder) {
    struct stub stub = {.path = sw_strdup(path), .kind = folder ? MADE_FOLDER : MADE_FILE};
    struct stat status;
    if (sw_fsroot_stat(stubs->upper, path, &status) < 0) {
        free(stub.path);
        return;
    }
    stub.inode = status.st_ino;
    sw_vec_push(&stubs->made, &stub);
}

static void on_folder_made(void *context, const char *path) {
    remember(context, path, true);
}

static bool make(struct sw_stubs *stubs, const char *path, enum sw_stub_kind kind, struct sw_error **error) {
    remember_parents(stubs, path);
    sw_cleanup_free char *parent = sw_path_dir(path);
    const char *folder = kind == SW_STUB_FOLDER ? path : parent;
    if (strcmp(folder, "/") && sw_fsroot_mkdirs(stubs->root, folder, NULL, on_folder_made, stubs))
        return sw_fsroot_fail(error, "make the mount point", path);
    if (kind == SW_STUB_FOLDER)
        return true;
    sw_cleanup_close int fd = sw_fsroot_create(stubs->root, path, 0644);
    if (fd < 0)
        return sw_fsroot_fail(error, "make the mount point", path);
    remember(stubs, path, false);
    return true;
}

char *sw_stubs_make(struct sw_stubs *stubs, const char *target, enum sw_stub_kind kind, struct sw_error **error) {
    sw_cleanup_free char *path = sw_fsroot_resolve(stubs->root, target);
    struct stat status;
    if (!path) {
        sw_fsroot_fail(error, "resolve the mount point", target);
        return NULL;
    }
    if (sw_fsroot_stat(stubs->root, path, &status) < 0) {
        if (!stubs->upper || !make(stubs, path, kind, error))
            return NULL;
    } else if (S_ISDIR(status.st_mode) != (kind == SW_STUB_FOLDER)) {
        sw_fail(error, SW_ERROR_BUILD, "cannot mount on %s: it is %s", target,
                kind == SW_STUB_FOLDER ? "no folder in the image" : "a folder in the image");
        return NULL;
    }
    return sw_steal(&path);
}

bool sw_stubs_check_folders(struct sw_stubs *stubs, const char *const *folders, struct sw_error **error) {
    for (; *folders; folders++) {
        struct stat status;
        if (sw_fsroot_stat(stubs->root, *folders, &status) == 0 && !S_ISDIR(status.st_mode))
            return sw_fail(error, SW_ERROR_BUILD, "the image's %s is %s: no step can run in it", *folders,
                           S_ISLNK(status.st_mode) ? "a symbolic link" : "no folder");
    }
    return true;
}

void sw_stubs_keep(struct sw_stubs *stubs) {
    forget(stubs);
}

/* ---- removing ---- */

static bool unchanged(const struct stat *before, const struct stat *now) {
    return before->st_mode == now->st_mode && before->st_uid == now->st_uid && before->st_gid == now->st_gid;
}

static bool is_opaque(struct sw_stubs *stubs, const char *path) {
    size_t len = 0;
    sw_cleanup_free char *names = sw_fsroot_list_xattr(stubs->upper, path, &len);
    for (const char *name = names; name && name < names + len; name += strlen(name) + 1)
        if (!strcmp(name, "trusted.overlay.opaque") || !strcmp(name, "user.overlay.opaque"))
            return true;
    return false;
}

static void remove_one(struct sw_stubs *stubs, const struct stub *stub) {
    struct stat now;
    if (sw_fsroot_stat(stubs->upper, stub->path, &now) < 0)
        return;
    switch (stub->kind) {
    case MADE_FILE:
        if (S_ISREG(now.st_mode) && now.st_size == 0 && now.st_ino == stub->inode)
            sw_fsroot_unlink(stubs->upper, stub->path);
        break;
    case MADE_FOLDER:
        if (S_ISDIR(now.st_mode) && now.st_ino == stub->inode)
            sw_fsroot_rmdir(stubs->upper, stub->path);
        break;
    case COPIED_FOLDER:
        if (S_ISDIR(now.st_mode) && unchanged(&stub->before, &now) && !is_opaque(stubs, stub->path))
            sw_fsroot_rmdir(stubs->upper, stub->path);
        break;
    }
}

void sw_stubs_remove(struct sw_stubs *stubs) {
    sw_fsroot_free(stubs->root); /* the last hold on the mount */
    stubs->root = NULL;
    if (!stubs->upper)
        return;
    sw_fsroot_forget(stubs->upper);
    for (size_t i = stubs->made.len; i-- > 0;)
        remove_one(stubs, sw_vec_at(&stubs->made, i));
}
