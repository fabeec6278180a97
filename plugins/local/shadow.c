#include "plugins/local/shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/fsxattr.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "plugins/local/room.h"

struct shadow {
    const struct sw_shadow_job *job;
    struct sw_fsroot *lower; /* NULL: none */
    struct sw_fsroot *root;
    struct sw_map given;        /* paths of folders that are there below, without the leading slash */
    struct sw_strlist in_order; /* the same, a folder before what is in it */
};

/* ---- which copies ---- */

static bool is_plain_tree(const struct sw_host_graph *reader, const struct sw_graph *graph, sw_node node) {
    if (reader->kind(graph, node) != SW_OP_TREE)
        return false;
    const struct sw_op_tree *tree = reader->record(graph, node);
    return tree->commit && !tree->host_paths.count && !tree->inline_count && !tree->url;
}

bool sw_shadow_suits(const struct sw_host_graph *reader, const struct sw_graph *graph, sw_node node) {
    const uint32_t unfit = SW_COPY_UNPACK | SW_COPY_PARENTS | SW_COPY_KEEP_DIRLINKS;
    if (reader->kind(graph, node) != SW_OP_COPY)
        return false;
    const struct sw_op_copy *op = reader->record(graph, node);
    bool suits = op->source_count > 0;
    for (size_t i = 0; i < op->source_count && suits; i++)
        suits = !(op->sources[i].flags & unfit) && op->sources[i].include_style == 0 &&
                is_plain_tree(reader, graph, op->sources[i].from);
    return suits;
}

/* ---- the folders that lead there ---- */

/* The layer would have these attributes of the folder, which a shadow does not take over. */
static bool has_attributes(struct sw_fsroot *root, const char *path) {
    size_t len = 0;
    sw_cleanup_free char *names = sw_fsroot_list_xattr(root, path, &len);
    for (const char *name = names; name && name < names + len; name += strlen(name) + 1)
        if (strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0)
            return true;
    return false;
}

static bool set_like(struct shadow *shadow, const char *path, const struct stat *status) {
    const struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME,
                                   .mode = status->st_mode & 07777,
                                   .uid = status->st_uid,
                                   .gid = status->st_gid,
                                   .mtime = status->st_mtim};
    return sw_fsroot_set_attr(shadow->root, path, &attr) == 0;
}

/* Makes `path`, an absolute one, as far as it is there below. A link on the way, or a file, is too much for a shadow. */
static bool lead_to(struct shadow *shadow, const char *path) {
    for (const char *end = path; *end;) {
        end += strcspn(end + 1, "/") + 1;
        sw_cleanup_free char *part = sw_strndup(path + 1, (size_t)(end - path - 1));
        struct stat status;
        if (!*part || sw_map_has(&shadow->given, part))
            continue;
        if (sw_fsroot_stat(shadow->lower, part, &status) < 0)
            return errno == ENOENT;
        if (!S_ISDIR(status.st_mode) || has_attributes(shadow->lower, part) || sw_fsroot_mkdir(shadow->root, part, 0755) < 0)
            return false;
        sw_map_set(&shadow->given, part, (void *)1);
        sw_strlist_add(&shadow->in_order, part);
    }
    return true;
}

static bool lead_to_all(struct shadow *shadow) {
    for (size_t i = 0; i < shadow->job->op->source_count; i++) {
        sw_cleanup_free char *rooted = sw_format("/%s", shadow->job->op->sources[i].dest);
        sw_cleanup_free char *clean = sw_path_clean(rooted);
        if (!lead_to(shadow, clean))
            return false;
    }
    for (size_t i = shadow->in_order.len; i-- > 0;) { /* what is in a folder before its time */
        struct stat status;
        const char *path = shadow->in_order.items[i];
        if (sw_fsroot_stat(shadow->lower, path, &status) < 0 || !set_like(shadow, path, &status))
            return false;
    }
    return true;
}

/* ---- is all of it new? ---- */

static char *parent_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? sw_strndup(path, (size_t)(slash - path)) : sw_strdup("");
}

/* What was put into a folder that is there below must not be there itself, and each path that leads on must have led to something. */
static bool is_new(struct shadow *shadow) {
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(shadow->root, "", NULL);
    struct sw_map used = {0};
    struct sw_fsentry entry;
    struct stat status;
    bool is_fresh = walk != NULL;
    while (is_fresh && sw_fswalk_next(walk, &entry, NULL) > 0) {
        sw_cleanup_free char *parent = parent_of(entry.path);
        sw_map_set(&used, parent, (void *)1);
        if (sw_map_has(&shadow->given, entry.path))
            continue;
        if (S_ISDIR(entry.status.st_mode))
            sw_fswalk_skip(walk);
        is_fresh = sw_fsroot_stat(shadow->lower, entry.path, &status) < 0;
    }
    for (size_t i = 0; i < shadow->in_order.len && is_fresh; i++)
        is_fresh = sw_map_has(&used, shadow->in_order.items[i]);
    is_fresh = is_fresh && used.count > 0;
    sw_map_fini(&used, NULL);
    return is_fresh;
}

/* ---- the whole ---- */

static enum sw_shadow_end copy(struct shadow *shadow, struct sw_error **error) {
    const struct sw_shadow_job *job = shadow->job;
    sw_cleanup_free struct sw_copy_from *from = sw_new_array(job->op->source_count, sizeof *from);
    for (size_t i = 0; i < job->op->source_count; i++)
        from[i] = (struct sw_copy_from){
            .root = -1, .reader = job->reader, .graph = job->graph, .node = job->op->sources[i].from, .hollow = job->hollow};
    struct sw_copy_job run = {.op = job->op,
                              .from = from,
                              .root = sw_fsroot_fd(shadow->root),
                              .accounts = shadow->lower,
                              .epoch = job->epoch,
                              .work = job->work};
    if (!sw_copy_run(&run, error))
        return SW_SHADOW_FAILED;
    return shadow->lower && !is_new(shadow) ? SW_SHADOW_UNFIT : SW_SHADOW_MADE;
}

static int make_folder(int room) {
    if (mkdirat(room, "fs", 0755) < 0 || fchmodat(room, "fs", 0755, 0) < 0)
        return -1;
    return openat(room, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum sw_shadow_end sw_shadow_make(const struct sw_shadow_job *job, int *folder, struct sw_error **error) {
    sw_cleanup_close int room = sw_room_new(NULL); /* without it the copy is made for real */
    sw_cleanup_close int files = room < 0 ? -1 : make_folder(room);
    if (files < 0)
        return SW_SHADOW_UNFIT;
    sw_cleanup_fsroot struct sw_fsroot *lower = job->lower < 0 ? NULL : sw_fsroot_new(job->lower, SW_FSROOT_IN_ROOT, error);
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(files, SW_FSROOT_IN_ROOT, error);
    struct shadow shadow = {.job = job, .lower = lower, .root = root};
    enum sw_shadow_end end = SW_SHADOW_FAILED;
    if (root && (lower || job->lower < 0))
        end = lower && !lead_to_all(&shadow) ? SW_SHADOW_UNFIT : copy(&shadow, error);
    sw_map_fini(&shadow.given, NULL);
    sw_strlist_fini(&shadow.in_order);
    if (end == SW_SHADOW_MADE)
        *folder = sw_steal_fd(&files);
    return end;
}
