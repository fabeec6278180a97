/* A source that is a mounted snapshot. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/fsxattr.h"
#include "core/base/vec.h"
#include "plugins/local/copyfile.h"
#include "plugins/local/entry.h"
#include "plugins/local/source.h"

struct rootsource {
    struct sw_source base;
    struct sw_fsroot *root;
    struct sw_fswalk *walk;
    struct sw_fsentry current; /* what was given last: a name in an open folder */
    char *looked;              /* path that `current` borrows from after look() */
    char *target;
    char *xattr_names;
    struct sw_vec xattrs; /* of struct sw_tar_xattr */
};

static void forget_xattrs(struct rootsource *source) {
    for (size_t i = 0; i < source->xattrs.len; i++)
        free((void *)((struct sw_tar_xattr *)sw_vec_at(&source->xattrs, i))->value);
    source->xattrs.len = 0;
    free(source->xattr_names);
    source->xattr_names = NULL;
}

/* Describes `current`. */
static bool describe(struct rootsource *source, struct sw_source_item *item, struct sw_error **error) {
    const struct stat *status = &source->current.status;
    *item = (struct sw_source_item){.path = source->current.path,
                                    .type = status->st_mode & S_IFMT,
                                    .mode = status->st_mode & 07777,
                                    .uid = status->st_uid,
                                    .gid = status->st_gid,
                                    .mtime = status->st_mtim,
                                    .atime = status->st_atim,
                                    .device = status->st_rdev};
    if (S_ISREG(status->st_mode) && status->st_nlink > 1) {
        item->link_device = status->st_dev;
        item->link_inode = status->st_ino;
    }
    free(source->target);
    source->target = NULL;
    if (!S_ISLNK(status->st_mode))
        return true;
    source->target = sw_fsentry_readlink(&source->current);
    item->target = source->target;
    return source->target || sw_fsroot_fail(error, "read the link", source->current.path);
}

static int root_look(struct sw_source *base, const char *path, struct sw_source_item *item, struct sw_error **error) {
    struct rootsource *source = (struct rootsource *)base;
    bool is_root = strcmp(path, "/") == 0;
    free(source->looked);
    source->looked = sw_strdup(is_root ? "." : path);
    source->current = (struct sw_fsentry){.path = source->looked, .name = "."};
    source->current.folder =
        is_root ? sw_fsroot_fd(source->root) : sw_fsroot_parent(source->root, source->looked, &source->current.name);
    if (source->current.folder < 0 ||
        fstatat(source->current.folder, source->current.name, &source->current.status, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return 0;
        sw_fsroot_fail(error, "look at", path);
        return -1;
    }
    return describe(source, item, error) ? 1 : -1;
}

static bool root_walk(struct sw_source *base, const char *path, struct sw_error **error) {
    struct rootsource *source = (struct rootsource *)base;
    sw_fswalk_free(source->walk);
    source->walk = sw_fswalk_new(source->root, path, error);
    return source->walk != NULL;
}

static int root_next(struct sw_source *base, struct sw_source_item *item, struct sw_error **error) {
    struct rootsource *source = (struct rootsource *)base;
    int got = sw_fswalk_next(source->walk, &source->current, error);
    return got <= 0 ? got : describe(source, item, error) ? 1 : -1;
}

static void root_skip(struct sw_source *base) {
    sw_fswalk_skip(((struct rootsource *)base)->walk);
}

static int root_open(struct sw_source *base, struct sw_error **error) {
    struct rootsource *source = (struct rootsource *)base;
    int fd = sw_fsentry_open(&source->current, O_RDONLY);
    if (fd < 0)
        sw_fsroot_fail(error, "open", source->current.path);
    return fd;
}

static bool root_content(struct sw_source *base, int fd, struct sw_error **error) {
    struct rootsource *source = (struct rootsource *)base;
    sw_cleanup_close int from = root_open(base, error);
    if (from < 0)
        return false;
    return sw_copyfile_content(from, fd) == 0 || sw_fsroot_fail(error, "copy", source->current.path);
}

static bool root_xattrs(struct sw_source *base, const struct sw_tar_xattr **list, size_t *count, struct sw_error **error) {
    struct rootsource *source = (struct rootsource *)base;
    const struct sw_fsentry *current = &source->current;
    forget_xattrs(source);
    size_t len = 0;
    source->xattr_names = sw_fsxattr_list(current->folder, current->name, &len);
    if (!source->xattr_names)
        return sw_fsroot_fail(error, "read the attributes of", current->path);
    for (const char *name = source->xattr_names; name < source->xattr_names + len; name += strlen(name) + 1) {
        struct sw_tar_xattr xattr = {.name = name};
        if (!sw_entry_xattr_wanted(name))
            continue;
        xattr.value = sw_fsxattr_get(current->folder, current->name, name, &xattr.len);
        if (xattr.value)
            sw_vec_push(&source->xattrs, &xattr);
    }
    *list = source->xattrs.data;
    *count = source->xattrs.len;
    return true;
}

static void root_destroy(struct sw_source *base) {
    struct rootsource *source = (struct rootsource *)base;
    forget_xattrs(source);
    sw_vec_fini(&source->xattrs);
    sw_fswalk_free(source->walk);
    sw_fsroot_free(source->root);
    free(source->looked);
    free(source->target);
    free(source);
}

struct sw_source *sw_rootsource_new(int root, struct sw_error **error) {
    struct sw_fsroot *fsroot = sw_fsroot_new(root, SW_FSROOT_IN_ROOT, error);
    if (!fsroot)
        return NULL;
    struct rootsource *source = sw_new(sizeof *source);
    source->base = (struct sw_source){.look = root_look,
                                      .walk = root_walk,
                                      .next = root_next,
                                      .skip = root_skip,
                                      .content = root_content,
                                      .open = root_open,
                                      .xattrs = root_xattrs,
                                      .destroy = root_destroy};
    source->root = fsroot;
    source->xattrs.width = sizeof(struct sw_tar_xattr);
    return &source->base;
}
