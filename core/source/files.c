#include "core/source/files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fsroot.h"
#include "core/base/fswalk.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "core/source/commit.h"
#include "core/source/merge.h"
#include "core/source/patch.h"
#include "core/source/status.h"

static bool read_bytes(const struct sw_commit *commit, const char *path, struct sw_bytes *bytes, struct sw_error **error) {
    struct sw_buf buf = {0};
    *bytes = (struct sw_bytes){0};
    if (!sw_commit_read(commit, path, &buf, error)) {
        sw_buf_fini(&buf);
        return false;
    }
    bytes->len = buf.len;
    bytes->data = sw_buf_take(&buf);
    return true;
}

static void free_bytes(struct sw_bytes *bytes) {
    free((void *)bytes->data);
    *bytes = (struct sw_bytes){0};
}

static bool list(const struct sw_commit *commit, const char *scope, const struct sw_filter *filters, size_t filter_count,
                 sw_file_visit visit, void *context, struct sw_error **error) {
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(scope, filters, filter_count, error);
    return matcher && sw_commit_list(commit, scope, matcher, visit, context, error);
}

static bool checksum(const struct sw_commit *commit, const char *scope, const struct sw_filter *filters, size_t filter_count,
                     char out[65], struct sw_error **error) {
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(scope, filters, filter_count, error);
    return matcher && sw_commit_checksum(commit, scope, matcher, out, error);
}

static bool require_committed(const struct sw_commit *commit, const char *scope, const struct sw_filter *filters,
                              size_t filter_count, struct sw_error **error) {
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(scope, filters, filter_count, error);
    return matcher && sw_status_require_committed(sw_commit_repository(commit), scope, matcher, error);
}

static bool sibling(const struct sw_commit *commit, const char *id, const struct sw_commit **out, struct sw_error **error) {
    *out = sw_repository_commit(sw_commit_repository(commit), id, error);
    return *out != NULL;
}

static bool merge(const struct sw_commit *commit, const char *from, const char *into, const struct sw_commit **out,
                  struct sw_error **error) {
    *out = sw_commit_merge(commit, from, into, error);
    return *out != NULL;
}

const struct sw_host_files sw_host_files_table = {
    .size = sizeof sw_host_files_table,
    .id = sw_commit_id,
    .time = sw_commit_time,
    .stat = sw_commit_stat,
    .read = read_bytes,
    .free_bytes = free_bytes,
    .list = list,
    .checksum = checksum,
    .require_committed = require_committed,
    .sibling = sibling,
    .is_ancestor = sw_commit_is_ancestor,
    .patch = sw_patch_read,
    .free_patch = sw_patch_free,
    .author_time = sw_commit_author_time,
    .human_time = sw_commit_author_text,
    .merge = merge,
};

/* --- contextAddFiles -------------------------------------------------------------------------------------------------------------- */

/* Files of the host that are named, each once. `each` gets those that the matcher leaves. */
struct host_walk {
    struct sw_fsroot *root;
    const struct sw_matcher *matcher; /* NULL: all */
    struct sw_map seen;
    bool (*each)(struct host_walk *walk, const char *path, const struct stat *status, struct sw_error **error);
    struct sw_sha256 *hash; /* for the checksum */
    sw_file_visit visit;    /* for the list */
    void *context;
    bool any;   /* a file was there */
    bool ended; /* by `visit` */
};

static bool walk_file(struct host_walk *walk, const char *path, const struct stat *status, struct sw_error **error) {
    if (S_ISDIR(status->st_mode) || sw_map_has(&walk->seen, path) || (walk->matcher && !sw_matcher_matched(walk->matcher, path)))
        return true;
    sw_map_set(&walk->seen, path, walk);
    walk->any = true;
    return walk->each(walk, path, status, error);
}

static bool walk_path(struct host_walk *walk, const char *path, struct sw_error **error) {
    struct stat status;
    if (sw_fsroot_stat(walk->root, path, &status) != 0)
        return sw_fsroot_fail(error, "find", path);
    if (!S_ISDIR(status.st_mode))
        return walk_file(walk, path, &status, error);
    sw_cleanup_fswalk struct sw_fswalk *folder = sw_fswalk_new(walk->root, path, error);
    struct sw_fsentry entry;
    int got = folder ? 1 : -1;
    while (got > 0 && !walk->ended && (got = sw_fswalk_next(folder, &entry, error)) > 0) {
        sw_cleanup_free char *whole = sw_path_join(path, entry.path);
        if (!walk_file(walk, whole, &entry.status, error))
            return false;
    }
    return got >= 0;
}

static bool walk_paths(struct host_walk *walk, const char *root, struct sw_strings paths, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *folder = sw_fsroot_open_folder(root, SW_FSROOT_BENEATH, error);
    bool ok = folder != NULL;
    walk->root = folder;
    for (size_t i = 0; ok && !walk->ended && i < paths.count; i++) {
        sw_cleanup_free char *path = sw_matcher_path(paths.items[i]);
        ok = walk_path(walk, path, error);
    }
    sw_map_fini(&walk->seen, NULL);
    return ok;
}

static bool hash_content(const struct host_walk *walk, struct sw_sha256 *hash, const char *path, struct sw_error **error) {
    sw_cleanup_close int fd = sw_fsroot_open_file(walk->root, path);
    char buffer[65536];
    ssize_t got;
    if (fd < 0)
        return sw_fsroot_fail(error, "read", path);
    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        sw_sha256_add(hash, buffer, (size_t)got);
    return got == 0 || sw_fsroot_fail(error, "read", path);
}

static bool hash_file(struct host_walk *walk, const char *path, const struct stat *status, struct sw_error **error) {
    sw_sha256_add(walk->hash, path, strlen(path));
    return !S_ISREG(status->st_mode) || hash_content(walk, walk->hash, path, error);
}

bool sw_host_files_checksum(const char *root, struct sw_strings paths, const struct sw_filter *filters, size_t filter_count,
                            char out[65], struct sw_error **error) {
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new("", filters, filter_count, error);
    struct host_walk walk = {.matcher = matcher, .each = hash_file, .hash = sw_sha256_new()};
    bool ok = matcher && walk_paths(&walk, root, paths, error);
    sw_sha256_final_hex(walk.hash, out);
    if (!walk.any)
        out[0] = '\0';
    sw_sha256_free(walk.hash);
    return ok;
}

static bool show_file(struct host_walk *walk, const char *path, const struct stat *status, struct sw_error **error) {
    char digest[SW_SHA256_HEX];
    sw_cleanup_free char *target = NULL;
    struct sw_sha256 *hash = sw_sha256_new();
    bool ok = true;
    if (S_ISREG(status->st_mode)) {
        ok = hash_content(walk, hash, path, error);
    } else if (S_ISLNK(status->st_mode)) {
        target = sw_fsroot_readlink(walk->root, path);
        ok = target || sw_fsroot_fail(error, "read", path);
        sw_sha256_add(hash, target ? target : "", target ? strlen(target) : 0);
    }
    sw_sha256_final_hex(hash, digest);
    sw_sha256_free(hash);
    const struct sw_file file = {.size = sizeof file,
                                 .type = target ? SW_FILE_SYMLINK : SW_FILE_REGULAR,
                                 .mode = status->st_mode & 0777,
                                 .bytes = (uint64_t)status->st_size,
                                 .path = path,
                                 .target = target,
                                 .id = digest};
    if (ok)
        walk->ended = !walk->visit(walk->context, &file);
    return ok;
}

bool sw_host_files_list(const char *root, struct sw_strings paths, sw_file_visit visit, void *context, struct sw_error **error) {
    struct host_walk walk = {.each = show_file, .visit = visit, .context = context};
    return walk_paths(&walk, root, paths, error);
}
