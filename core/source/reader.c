#include "core/source/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/source/git.h"
#include "core/source/items.h"
#include "core/source/lfs.h"

/* Larger blobs are not taken into memory: git streams them. */
enum { BLOB_IN_MEMORY = 4 * 1024 * 1024 };

/* The content of the current file: exactly one of these. */
struct content {
    const struct sw_item *pending; /* a blob that nobody has asked for yet */
    struct sw_bytes memory;        /* what is left to be read */
    git_blob *blob;                /* that holds `memory` */
    int fd;
    struct sw_git_stream *git;
    uint64_t left; /* of `git` and `fd` */
};

struct sw_tree_reader {
    struct sw_items items;
    const struct sw_patch_part *parts;
    size_t next;
    const struct sw_item *current;
    struct content content;
    struct sw_repository *repository; /* whose handle is borrowed */
    git_repository *handle;
    struct sw_buf target;
    char id[GIT_OID_HEXSZ + 1];
};

static void end_content(struct sw_tree_reader *reader) {
    git_blob_free(reader->content.blob);
    sw_close(&reader->content.fd);
    sw_git_close(reader->content.git);
    reader->content = (struct content){.fd = -1};
}

/* The handle stays borrowed over entries of one repository. */
static git_repository *use_repository(struct sw_tree_reader *reader, struct sw_repository *repository, struct sw_error **error) {
    if (reader->repository == repository && reader->handle)
        return reader->handle;
    if (reader->handle)
        sw_handle_return(reader->repository, reader->handle);
    reader->repository = repository;
    return reader->handle = sw_handle_borrow(repository, error);
}

static struct sw_tree_reader *reader_new(struct sw_items *items) {
    struct sw_tree_reader *reader = sw_new(sizeof *reader);
    reader->items = *items;
    reader->content.fd = -1;
    return reader;
}

bool sw_tree_reader_open(const struct sw_op_tree *op, struct sw_tree_reader **reader, struct sw_error **error) {
    struct sw_items items;
    if (sw_items_of_tree(op, &items, error) && sw_items_prefetch(&items, error)) {
        *reader = reader_new(&items);
        return true;
    }
    sw_items_fini(&items);
    return false;
}

bool sw_patch_reader_open(const struct sw_op_patch *op, struct sw_tree_reader **reader, struct sw_error **error) {
    struct sw_items items;
    if (sw_items_of_patch(op, &items, error) && sw_items_prefetch(&items, error)) {
        *reader = reader_new(&items);
        (*reader)->parts = op->parts;
        return true;
    }
    sw_items_fini(&items);
    return false;
}

void sw_tree_reader_close(struct sw_tree_reader *reader) {
    if (!reader)
        return;
    end_content(reader);
    if (reader->handle)
        sw_handle_return(reader->repository, reader->handle);
    sw_buf_fini(&reader->target);
    sw_items_fini(&reader->items);
    free(reader);
}

/* --- contents --------------------------------------------------------------------------------------------------------------------- */

static bool load_blob(struct sw_tree_reader *reader, const struct sw_item *item, struct sw_error **error) {
    git_repository *handle = use_repository(reader, item->entry.repository, error);
    git_object *object = handle ? sw_handle_object(item->entry.repository, handle, &item->entry.id, GIT_OBJECT_BLOB, error) : NULL;
    if (!object)
        return false;
    reader->content.blob = (git_blob *)object;
    reader->content.memory =
        (struct sw_bytes){git_blob_rawcontent(reader->content.blob), (size_t)git_blob_rawsize(reader->content.blob)};
    return true;
}

static bool stream_blob(struct sw_tree_reader *reader, const struct sw_item *item, uint64_t size, struct sw_error **error) {
    char id[GIT_OID_HEXSZ + 1];
    git_oid_tostr(id, sizeof id, &item->entry.id);
    const char *args[] = {"-c", "safe.directory=*", "cat-file", "blob", id};
    sw_cleanup_free char *alternates = sw_handle_alternates(item->entry.repository);
    struct sw_pair env = {"GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates};
    struct sw_git_call call = {.folder = item->entry.repository->git_folder,
                               .config = SW_GIT_NEUTRAL,
                               .args = {args, sizeof args / sizeof *args},
                               .env = {&env, alternates != NULL}};
    reader->content.git = sw_git_open(&call, error);
    reader->content.left = size;
    return reader->content.git != NULL;
}

/* Exchanges a pointer of Git LFS for its file. */
static bool follow_pointer(struct sw_tree_reader *reader, const struct sw_item *item, uint64_t *size, struct sw_error **error) {
    struct sw_lfs_pointer pointer;
    struct sw_error *cause = NULL;
    if (!sw_lfs_parse(reader->content.memory, &pointer))
        return true;
    int fd = sw_lfs_open(&item->entry, &pointer, &cause);
    if (fd < 0)
        return cause ? sw_pass(error, cause) : true;
    end_content(reader);
    reader->content.fd = fd;
    reader->content.left = *size = pointer.bytes;
    return true;
}

static bool blob_header(struct sw_tree_reader *reader, const struct sw_item *item, uint64_t *size, struct sw_error **error) {
    git_repository *handle = use_repository(reader, item->entry.repository, error);
    git_odb *odb = NULL;
    size_t len = 0;
    git_object_t type;
    bool known = handle && git_repository_odb(&odb, handle) == 0 && git_odb_read_header(&len, &type, odb, &item->entry.id) == 0;
    git_odb_free(odb);
    *size = len;
    if (!known && handle)
        return sw_handle_fail(error, SW_ERROR_CORRUPT, "cannot read '%s'", item->entry.path);
    return known;
}

static bool open_git(struct sw_tree_reader *reader, const struct sw_item *item, uint64_t *size, struct sw_error **error) {
    if (!blob_header(reader, item, size, error))
        return false;
    reader->content.left = *size;
    if (*size > SW_LFS_POINTER_MAX) {
        reader->content.pending = item;
        return true;
    }
    return load_blob(reader, item, error) && follow_pointer(reader, item, size, error);
}

/* Who only lists files reads none. */
static bool load_pending(struct sw_tree_reader *reader, struct sw_error **error) {
    const struct sw_item *item = reader->content.pending;
    reader->content.pending = NULL;
    return reader->content.left > BLOB_IN_MEMORY ? stream_blob(reader, item, reader->content.left, error)
                                                 : load_blob(reader, item, error);
}

static bool open_host(struct sw_tree_reader *reader, const struct sw_item *item, uint64_t *size, struct sw_error **error) {
    struct stat status;
    reader->content.fd = sw_fsroot_open_file(reader->items.host, item->host_path);
    if (reader->content.fd < 0 || fstat(reader->content.fd, &status) != 0)
        return sw_fsroot_fail(error, "read", item->host_path);
    reader->content.left = *size = (uint64_t)status.st_size;
    return true;
}

static bool open_regular(struct sw_tree_reader *reader, const struct sw_item *item, uint64_t *size, struct sw_error **error) {
    switch (item->origin) {
    case SW_ITEM_GIT:
        return open_git(reader, item, size, error);
    case SW_ITEM_HOST:
        return open_host(reader, item, size, error);
    default:
        reader->content.memory = item->content->content;
        *size = item->content->content.len;
        return true;
    }
}

static bool read_target(struct sw_tree_reader *reader, const struct sw_item *item, struct sw_error **error) {
    sw_buf_truncate(&reader->target, 0);
    if (item->origin == SW_ITEM_HOST) {
        sw_cleanup_free char *target = sw_fsroot_readlink(reader->items.host, item->host_path);
        if (!target)
            return sw_fsroot_fail(error, "read the link", item->host_path);
        sw_buf_puts(&reader->target, target);
        return true;
    }
    if (!load_blob(reader, item, error))
        return false;
    sw_buf_add(&reader->target, reader->content.memory.data, reader->content.memory.len);
    end_content(reader);
    if (strlen(sw_buf_text(&reader->target)) != reader->target.len || !reader->target.len)
        return sw_fail(error, SW_ERROR_CORRUPT, "the symlink '%s' has a malformed target", item->entry.path);
    return true;
}

/* --- entries ---------------------------------------------------------------------------------------------------------------------- */

/* A numeric owner; names are looked up by whoever has the image. */
static uint32_t number_of(const char *name) {
    char *end = NULL;
    unsigned long number = name && *name ? strtoul(name, &end, 10) : 0;
    return end && !*end && number <= UINT32_MAX ? (uint32_t)number : 0;
}

int sw_tree_reader_next(struct sw_tree_reader *reader, struct sw_tree_entry *entry, struct sw_error **error) {
    end_content(reader);
    reader->current = NULL;
    if (reader->next >= reader->items.list.len)
        return 0;
    const struct sw_item *item = sw_vec_at(&reader->items.list, reader->next++);
    *entry = (struct sw_tree_entry){.size = sizeof *entry,
                                    .type = item->type,
                                    .mode = item->mode,
                                    .part = item->part,
                                    .mtime = item->mtime,
                                    .path = item->path};
    if (reader->parts) {
        entry->uid = number_of(reader->parts[item->part].mapping.owner);
        entry->gid = number_of(reader->parts[item->part].mapping.group);
    }
    if (item->type == SW_FILE_REGULAR && item->origin == SW_ITEM_GIT)
        entry->id = git_oid_tostr(reader->id, sizeof reader->id, &item->entry.id);
    if (item->type == SW_FILE_REGULAR && !open_regular(reader, item, &entry->bytes, error))
        return -1;
    if (item->type == SW_FILE_SYMLINK) {
        if (!read_target(reader, item, error))
            return -1;
        entry->target = sw_buf_text(&reader->target);
    }
    reader->current = item;
    return 1;
}

static int64_t read_fd(struct content *content, void *buffer, size_t len, struct sw_error **error) {
    ssize_t got;
    do
        got = read(content->fd, buffer, len < content->left ? len : content->left);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        sw_fail_errno(error, errno, "cannot read a file");
    if (got == 0 && content->left) {
        sw_fail(error, SW_ERROR_IO, "a file became shorter while it was read");
        return -1;
    }
    content->left -= got > 0 ? (uint64_t)got : 0;
    return got;
}

static int64_t read_git(struct content *content, void *buffer, size_t len, struct sw_error **error) {
    int64_t got = sw_git_read(content->git, buffer, len, error);
    if (got == 0 && content->left) {
        sw_fail(error, SW_ERROR_CORRUPT, "git gave fewer bytes of a file than it has");
        return -1;
    }
    content->left -= got > 0 ? (uint64_t)got : 0;
    return got;
}

int64_t sw_tree_reader_read(struct sw_tree_reader *reader, void *buffer, size_t len, struct sw_error **error) {
    struct content *content = &reader->content;
    if (content->pending && !load_pending(reader, error))
        return -1;
    if (content->git)
        return read_git(content, buffer, len, error);
    if (content->fd >= 0)
        return read_fd(content, buffer, len, error);
    size_t take = len < content->memory.len ? len : content->memory.len;
    if (take)
        memcpy(buffer, content->memory.data, take);
    content->memory = (struct sw_bytes){(const char *)content->memory.data + take, content->memory.len - take};
    return (int64_t)take;
}

void sw_tree_reader_seek(struct sw_tree_reader *reader, size_t index) {
    end_content(reader);
    reader->current = NULL;
    reader->next = index;
}
