#include "core/source/lfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/source/blob.h"

/* The value of a line `KEY VALUE`, or NULL. */
static const char *value_of(const char *text, const char *key, size_t *len) {
    size_t key_len = strlen(key);
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        if (strncmp(p, key, key_len) != 0 || p[key_len] != ' ')
            continue;
        *len = strcspn(p + key_len + 1, "\n");
        return p + key_len + 1;
    }
    return NULL;
}

bool sw_lfs_parse(struct sw_bytes bytes, struct sw_lfs_pointer *pointer) {
    static const char head[] = "version https://git-lfs.github.com/spec/v1\n";
    if (bytes.len < sizeof head || bytes.len > SW_LFS_POINTER_MAX || memcmp(bytes.data, head, sizeof head - 1) != 0)
        return false;
    sw_cleanup_free char *text = sw_strndup(bytes.data, bytes.len);
    size_t id_len = 0, size_len = 0;
    const char *id = value_of(text, "oid", &id_len);
    const char *size = value_of(text, "size", &size_len);
    if (!id || !size || id_len != 71 || size_len == 0 || size_len > 18 || strspn(size, "0123456789") != size_len)
        return false;
    sw_cleanup_free char *digest = sw_strndup(id, id_len);
    if (!sw_digest_valid(digest))
        return false;
    memcpy(pointer->id, digest + 7, 65);
    pointer->bytes = strtoull(size, NULL, 10);
    return true;
}

static char *store_path(struct sw_repository *repository, const char *id) {
    return sw_format("%s/lfs/objects/%.2s/%.2s/%s", repository->common_folder, id, id + 2, id);
}

static bool file_names_lfs(git_repository *handle, const git_tree *root, const char *path) {
    git_tree_entry *raw = NULL;
    git_object *blob = NULL;
    bool named = false;
    if (git_tree_entry_bypath(&raw, root, path) == 0 && git_tree_entry_to_object(&blob, handle, raw) == 0 &&
        git_object_type(blob) == GIT_OBJECT_BLOB) {
        sw_cleanup_free char *text = sw_strndup(git_blob_rawcontent((git_blob *)blob), git_blob_rawsize((git_blob *)blob));
        named = strstr(text, "filter=lfs") != NULL;
    }
    git_object_free(blob);
    git_tree_entry_free(raw);
    return named;
}

/* Whether a .gitattributes file in one of the folders that lead to the entry gives files to LFS. */
static bool attributes_name_lfs(const struct sw_walk_entry *entry) {
    const char *inner = entry->path + entry->inside;
    git_repository *handle = sw_handle_borrow(entry->repository, NULL);
    git_tree *root = NULL;
    bool named = handle && git_tree_lookup(&root, handle, &entry->root) == 0 && file_names_lfs(handle, root, ".gitattributes");
    for (const char *slash = inner; root && !named && (slash = strchr(slash, '/')); slash++) {
        sw_cleanup_free char *path = sw_format("%.*s/.gitattributes", (int)(slash - inner), inner);
        named = file_names_lfs(handle, root, path);
    }
    git_tree_free(root);
    sw_handle_return(entry->repository, handle);
    return named;
}

int sw_lfs_open(const struct sw_walk_entry *entry, const struct sw_lfs_pointer *pointer, struct sw_error **error) {
    sw_cleanup_free char *path = store_path(entry->repository, pointer->id);
    sw_cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == pointer->bytes)
        return sw_steal_fd(&fd);
    if (fd < 0 && errno == ENOENT && !attributes_name_lfs(entry))
        return -1;
    sw_fail(error, SW_ERROR_NOT_FOUND, "'%s' is kept by Git LFS and its content is not in the repository's LFS store", entry->path);
    if (error)
        sw_error_hint(*error, "run: git lfs fetch");
    return -1;
}

static bool read_all(int fd, struct sw_buf *bytes, struct sw_error **error) {
    for (;;) {
        sw_buf_reserve(bytes, 65536);
        ssize_t got = read(fd, bytes->data + bytes->len, 65536);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return sw_fail_errno(error, errno, "cannot read a file of the LFS store");
        if (got > 0)
            bytes->data[bytes->len += (size_t)got] = '\0';
    }
}

/* Replaces the pointer at the end of `bytes`, from `start` on, by what it stands for. */
static bool read_content(const struct sw_walk_entry *entry, const struct sw_lfs_pointer *pointer, struct sw_buf *bytes,
                         size_t start, struct sw_error **error) {
    struct sw_error *cause = NULL;
    sw_cleanup_close int fd = sw_lfs_open(entry, pointer, &cause);
    if (fd < 0)
        return cause ? sw_pass(error, cause) : true;
    sw_buf_truncate(bytes, start);
    if (!read_all(fd, bytes, error))
        return false;
    char id[SW_SHA256_HEX];
    sw_sha256_hex(bytes->data + start, bytes->len - start, id);
    if (!strcmp(id, pointer->id))
        return true;
    return sw_fail(error, SW_ERROR_CORRUPT, "'%s' in the LFS store does not have the content its pointer names", entry->path);
}

bool sw_lfs_read(const struct sw_walk_entry *entry, struct sw_buf *bytes, struct sw_error **error) {
    size_t start = bytes->len;
    struct sw_lfs_pointer pointer;
    if (!sw_blob_read(entry, bytes, error))
        return false;
    struct sw_bytes text = {bytes->data + start, bytes->len - start};
    return !text.len || !sw_lfs_parse(text, &pointer) || read_content(entry, &pointer, bytes, start, error);
}
