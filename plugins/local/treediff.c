#include "plugins/local/treediff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "plugins/local/copytree.h"

struct job {
    const struct sw_treediff *diff;
    struct sw_fsroot *root;
    struct sw_fsroot *upper;
    struct sw_copytree *copy;
};

static bool same_metadata(const struct stat *a, const struct stat *b) {
    return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid && a->st_rdev == b->st_rdev;
}

static bool same_target(struct job *job, const char *path) {
    sw_cleanup_free char *a = sw_fsroot_readlink(job->root, path);
    sw_cleanup_free char *b = sw_fsroot_readlink(job->upper, path);
    return a && b && strcmp(a, b) == 0;
}

static bool same(struct job *job, const char *path, const struct stat *a, const struct stat *b) {
    if (!same_metadata(a, b) || S_ISDIR(a->st_mode))
        return same_metadata(a, b);
    if (S_ISLNK(a->st_mode))
        return same_target(job, path);
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* ---- what is gone ---- */

/* Removing while walking: the walk skips names that vanish. */
static bool remove_gone(struct job *job, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *view = sw_fsroot_new(job->diff->root, SW_FSROOT_IN_ROOT, error);
    sw_cleanup_fswalk struct sw_fswalk *walk = view ? sw_fswalk_new(view, "", error) : NULL;
    struct sw_fsentry entry;
    int found = -1;
    while (walk && (found = sw_fswalk_next(walk, &entry, error)) == 1) {
        struct stat status;
        if (sw_fsroot_stat(job->upper, entry.path, &status) == 0 && S_ISDIR(status.st_mode) == S_ISDIR(entry.status.st_mode))
            continue;
        if (S_ISDIR(entry.status.st_mode))
            sw_fswalk_skip(walk);
        if (sw_fsroot_remove(job->root, entry.path))
            return sw_fsroot_fail(error, "remove", entry.path);
    }
    return found == 0;
}

/* ---- what is new or another ---- */

static bool adapt_folder(struct job *job, const struct sw_fsentry *entry, struct sw_error **error) {
    struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME,
                             .mode = entry->status.st_mode & 07777,
                             .uid = entry->status.st_uid,
                             .gid = entry->status.st_gid,
                             .mtime = entry->status.st_mtim};
    return sw_fsroot_set_attr(job->root, entry->path, &attr) == 0 || sw_fsroot_fail(error, "change", entry->path);
}

static bool put(struct job *job, const struct sw_fsentry *entry, struct sw_error **error) {
    sw_cleanup_free char *path = sw_format("/%s", entry->path);
    struct stat status;
    bool there = sw_fsroot_stat(job->root, path, &status) == 0;
    if (there && same(job, path, &status, &entry->status))
        return true;
    if (there && S_ISDIR(entry->status.st_mode))
        return adapt_folder(job, entry, error);
    if (there && sw_fsroot_remove(job->root, path))
        return sw_fsroot_fail(error, "replace", path);
    return sw_copytree_put(job->copy, path, path, error);
}

static bool put_changed(struct job *job, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *view = sw_fsroot_new(job->diff->upper, SW_FSROOT_IN_ROOT, error);
    sw_cleanup_fswalk struct sw_fswalk *walk = view ? sw_fswalk_new(view, "", error) : NULL;
    struct sw_fsentry entry;
    int found = -1;
    while (walk && (found = sw_fswalk_next(walk, &entry, error)) == 1)
        if (!sw_work_wanted(job->diff->work, error) || !put(job, &entry, error))
            return false;
    return found == 0;
}

bool sw_treediff_run(const struct sw_treediff *diff, struct sw_error **error) {
    struct sw_copytree_rules rules = {.mtime = INT64_MIN, .work = diff->work};
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(diff->root, SW_FSROOT_IN_ROOT, error);
    sw_cleanup_fsroot struct sw_fsroot *upper = root ? sw_fsroot_new(diff->upper, SW_FSROOT_IN_ROOT, error) : NULL;
    sw_cleanup_source struct sw_source *source = upper ? sw_rootsource_new(diff->upper, error) : NULL;
    sw_cleanup_copytree struct sw_copytree *copy = source ? sw_copytree_new(root, source, &rules, error) : NULL;
    struct job job = {.diff = diff, .root = root, .upper = upper, .copy = copy};
    return copy && remove_gone(&job, error) && put_changed(&job, error) && sw_copytree_finish(copy, error);
}
