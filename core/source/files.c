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
};

/* --- contextAddFiles -------------------------------------------------------------------------------------------------------------- */

struct host_checksum {
    struct sw_fsroot *root;
    const struct sw_matcher *matcher;
    struct sw_sha256 *hash;
    struct sw_map seen;
    bool any;
};

static bool hash_content(struct host_checksum *checksum, const char *path, struct sw_error **error) {
    sw_cleanup_close int fd = sw_fsroot_open_file(checksum->root, path);
    char buffer[65536];
    ssize_t got;
    if (fd < 0)
        return sw_fsroot_fail(error, "read", path);
    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        sw_sha256_add(checksum->hash, buffer, (size_t)got);
    return got == 0 || sw_fsroot_fail(error, "read", path);
}

static bool hash_file(struct host_checksum *checksum, const char *path, const struct stat *status, struct sw_error **error) {
    if (S_ISDIR(status->st_mode) || sw_map_has(&checksum->seen, path) || !sw_matcher_matched(checksum->matcher, path))
        return true;
    sw_map_set(&checksum->seen, path, checksum);
    checksum->any = true;
    sw_sha256_add(checksum->hash, path, strlen(path));
    return !S_ISREG(status->st_mode) || hash_content(checksum, path, error);
}

static bool hash_path(struct host_checksum *checksum, const char *path, struct sw_error **error) {
    struct stat status;
    if (sw_fsroot_stat(checksum->root, path, &status) != 0)
        return sw_fsroot_fail(error, "find", path);
    if (!S_ISDIR(status.st_mode))
        return hash_file(checksum, path, &status, error);
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(checksum->root, path, error);
    struct sw_fsentry entry;
    int got = walk ? 1 : -1;
    while (got > 0 && (got = sw_fswalk_next(walk, &entry, error)) > 0) {
        sw_cleanup_free char *whole = sw_path_join(path, entry.path);
        if (!hash_file(checksum, whole, &entry.status, error))
            return false;
    }
    return got == 0;
}

bool sw_host_files_checksum(const char *root, struct sw_strings paths, const struct sw_filter *filters, size_t filter_count,
                            char out[65], struct sw_error **error) {
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new("", filters, filter_count, error);
    sw_cleanup_fsroot struct sw_fsroot *folder = matcher ? sw_fsroot_open_folder(root, SW_FSROOT_BENEATH, error) : NULL;
    struct host_checksum checksum = {.root = folder, .matcher = matcher, .hash = sw_sha256_new()};
    bool ok = folder != NULL;
    for (size_t i = 0; ok && i < paths.count; i++) {
        sw_cleanup_free char *path = sw_matcher_path(paths.items[i]);
        ok = hash_path(&checksum, path, error);
    }
    sw_sha256_final_hex(checksum.hash, out);
    if (!checksum.any)
        out[0] = '\0';
    sw_sha256_free(checksum.hash);
    sw_map_fini(&checksum.seen, NULL);
    return ok;
}
