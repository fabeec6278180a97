/* faketree.h - a host's graph table whose tree nodes are folders: entries in bytewise order of paths, as the host gives them. */
#ifndef TESTS_UNIT_PLUGINS_LOCAL_FAKETREE_H
#define TESTS_UNIT_PLUGINS_LOCAL_FAKETREE_H

#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/vec.h"
#include "slipway/graph.h"
#include "tests/unit/scratch.h"

struct faketree {
    int folder;
    const void *record; /* of the node */
};

struct fakeentry {
    char *path;
    char *target;
    struct stat status;
};

struct sw_tree_reader {
    int folder;
    struct sw_vec entries;
    size_t next;
    int fd;
};

static inline const struct sw_graph *faketree_graph(const struct faketree *tree) {
    return (const struct sw_graph *)tree;
}

static inline int faketree_order(const void *a, const void *b) {
    return strcmp(((const struct fakeentry *)a)->path, ((const struct fakeentry *)b)->path);
}

static inline bool faketree_open(const struct sw_graph *graph, sw_node node, struct sw_tree_reader **out, struct sw_error **error) {
    (void)node;
    struct sw_tree_reader *reader = sw_new(sizeof *reader);
    reader->folder = ((const struct faketree *)graph)->folder;
    reader->entries.width = sizeof(struct fakeentry);
    reader->fd = -1;
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(reader->folder, SW_FSROOT_IN_ROOT, error);
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(root, "", error);
    struct sw_fsentry entry;
    while (sw_fswalk_next(walk, &entry, error) > 0) {
        struct fakeentry fake = {.path = sw_strdup(entry.path), .status = entry.status};
        if (S_ISLNK(entry.status.st_mode))
            fake.target = sw_fsentry_readlink(&entry);
        sw_vec_push(&reader->entries, &fake);
    }
    if (reader->entries.len > 1)
        qsort(reader->entries.data, reader->entries.len, sizeof(struct fakeentry), faketree_order);
    *out = reader;
    return true;
}

static inline int faketree_next(struct sw_tree_reader *reader, struct sw_tree_entry *entry, struct sw_error **error) {
    (void)error;
    sw_close(&reader->fd);
    if (reader->next == reader->entries.len)
        return 0;
    const struct fakeentry *fake = sw_vec_at(&reader->entries, reader->next++);
    mode_t type = fake->status.st_mode & S_IFMT;
    *entry = (struct sw_tree_entry){.size = sizeof *entry, .path = fake->path, .target = fake->target};
    entry->type = type == S_IFDIR ? SW_FILE_DIRECTORY : type == S_IFLNK ? SW_FILE_SYMLINK : SW_FILE_REGULAR;
    entry->mode = fake->status.st_mode & 07777;
    entry->uid = fake->status.st_uid;
    entry->gid = fake->status.st_gid;
    entry->mtime = fake->status.st_mtime;
    entry->bytes = (uint64_t)fake->status.st_size;
    if (strstr(fake->path, ".deleted")) { /* how tests of patches name what is gone */
        entry->type = SW_FILE_DELETED;
        *strstr(fake->path, ".deleted") = '\0';
        return 1;
    }
    if (type == S_IFREG)
        reader->fd = openat(reader->folder, fake->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return 1;
}

static inline int64_t faketree_read(struct sw_tree_reader *reader, void *buffer, size_t len, struct sw_error **error) {
    (void)error;
    return read(reader->fd, buffer, len < 7 ? len : 7); /* small pieces */
}

static inline void faketree_close(struct sw_tree_reader *reader) {
    sw_close(&reader->fd);
    for (size_t i = 0; i < reader->entries.len; i++) {
        struct fakeentry *fake = sw_vec_at(&reader->entries, i);
        free(fake->path);
        free(fake->target);
    }
    sw_vec_fini(&reader->entries);
    free(reader);
}

static inline const void *faketree_record(const struct sw_graph *graph, sw_node node) {
    (void)node;
    return ((const struct faketree *)graph)->record;
}

static const struct sw_host_graph faketree_table = {.size = sizeof(struct sw_host_graph),
                                                    .record = faketree_record,
                                                    .tree_open = faketree_open,
                                                    .tree_next = faketree_next,
                                                    .tree_read = faketree_read,
                                                    .tree_close = faketree_close};

#endif
