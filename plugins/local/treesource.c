/* A source that is a `tree` node. Its names are listed once; contents are read on by a reader that goes through the same order,
 * so each walk reads the tree at most once more. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "plugins/local/copyfile.h"
#include "plugins/local/entry.h"
#include "plugins/local/source.h"
#include "slipway/files.h"

enum { PART_BYTES = 256 * 1024 };

/* A path of the tree, relative to its root. */
struct name {
    const char *path;
    const char *target;
    mode_t type;
    mode_t mode;
    uid_t uid;
    gid_t gid;
    int64_t mtime;
    size_t index; /* in the order of reading */
    uint64_t bytes;
};

struct treesource {
    struct sw_source base;
    struct sw_copy_from from;
    struct sw_arena arena;
    struct sw_vec names; /* of struct name, in bytewise order of paths */
    size_t at;           /* the next name of the walk */
    size_t end;          /* of the walk */
    size_t prefix;       /* bytes of a path up to where the walk began, slash included */
    const char *skipped; /* folder whose content is left out */
    struct name root;    /* as new as its newest file */
    const struct name *current;
    struct sw_tree_reader *reader;
    const struct name *reader_at; /* what the reader gave last; NULL: nothing yet */
    void *part;
};

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct name *)a)->path, ((const struct name *)b)->path);
}

/* The index of `path`, or of the first name behind it. */
static size_t lower_bound(const struct treesource *source, const char *path) {
    size_t low = 0, high = source->names.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct name *name = sw_vec_at(&source->names, middle);
        if (strcmp(name->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct name *find(const struct treesource *source, const char *path) {
    size_t index = lower_bound(source, path);
    const struct name *name = index < source->names.len ? sw_vec_at(&source->names, index) : NULL;
    return name && strcmp(name->path, path) == 0 ? name : NULL;
}

/* Lists all names. */
static bool list(struct treesource *source, struct sw_error **error) {
    const struct sw_host_graph *graph = source->from.reader;
    struct sw_tree_reader *reader = NULL;
    if (!graph->tree_open(source->from.graph, source->from.node, &reader, error))
        return false;
    struct sw_tree_entry entry = {.size = sizeof entry};
    int got;
    while ((got = graph->tree_next(reader, &entry, error)) > 0) {
        struct name name = {.path = sw_arena_str(&source->arena, entry.path),
                            .target = entry.target ? sw_arena_str(&source->arena, entry.target) : "",
                            .type = sw_entry_type(entry.type),
                            .mode = entry.mode & 07777,
                            .uid = entry.uid,
                            .gid = entry.gid,
                            .mtime = entry.mtime,
                            .index = source->names.len,
                            .bytes = entry.bytes};
        sw_vec_push(&source->names, &name);
        if (name.mtime > source->root.mtime)
            source->root.mtime = name.mtime;
    }
    graph->tree_close(reader);
    if (got == 0 && source->names.len > 1)
        qsort(source->names.data, source->names.len, sizeof(struct name), by_path);
    return got == 0;
}

static void describe(const struct name *name, size_t prefix, struct sw_source_item *item) {
    *item = (struct sw_source_item){.path = name->path + prefix,
                                    .type = name->type,
                                    .mode = name->mode,
                                    .uid = name->uid,
                                    .gid = name->gid,
                                    .mtime = {.tv_sec = name->mtime},
                                    .atime = {.tv_sec = name->mtime},
                                    .target = name->type == S_IFLNK ? name->target : NULL};
}

static int tree_look(struct sw_source *base, const char *path, struct sw_source_item *item, struct sw_error **error) {
    (void)error;
    struct treesource *source = (struct treesource *)base;
    source->current = path[1] ? find(source, path + 1) : &source->root;
    if (!source->current)
        return 0;
    describe(source->current, 0, item);
    return 1;
}

static bool tree_walk(struct sw_source *base, const char *path, struct sw_error **error) {
    (void)error;
    struct treesource *source = (struct treesource *)base;
    const char *folder = path + 1;
    source->prefix = *folder ? strlen(folder) + 1 : 0;
    sw_cleanup_free char *first = sw_format("%s/", folder), *behind = sw_format("%s0", folder); /* '0' follows '/' */
    source->at = *folder ? lower_bound(source, first) : 0;
    source->end = *folder ? lower_bound(source, behind) : source->names.len;
    source->skipped = NULL;
    return true;
}

static bool is_below(const char *path, const char *folder) {
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static int tree_next(struct sw_source *base, struct sw_source_item *item, struct sw_error **error) {
    (void)error;
    struct treesource *source = (struct treesource *)base;
    while (source->at < source->end) {
        const struct name *name = sw_vec_at(&source->names, source->at++);
        if (!*name->path || (source->skipped && is_below(name->path, source->skipped)))
            continue;
        source->current = name;
        describe(name, source->prefix, item);
        return 1;
    }
    return 0;
}

static void tree_skip(struct sw_source *base) {
    struct treesource *source = (struct treesource *)base;
    source->skipped = source->current->path;
}

static void close_reader(struct treesource *source) {
    if (source->reader)
        source->from.reader->tree_close(source->reader);
    source->reader = NULL;
    source->reader_at = NULL;
}

/* Reads on to the current name. 1: there, 0: the tree ended before, -1: error. */
static int read_on(struct treesource *source, struct sw_error **error) {
    const struct sw_host_graph *graph = source->from.reader;
    struct sw_tree_entry entry = {.size = sizeof entry};
    int got;
    while ((got = graph->tree_next(source->reader, &entry, error)) > 0) {
        if (strcmp(entry.path, source->current->path) != 0)
            continue;
        source->reader_at = source->current;
        return 1;
    }
    close_reader(source);
    return got;
}

/* Brings the reader to the current name: from where it is, or from the start. */
static bool seek(struct treesource *source, struct sw_error **error) {
    if (source->reader && source->reader_at < source->current) {
        int got = read_on(source, error);
        if (got != 0)
            return got > 0;
    }
    close_reader(source);
    if (!source->from.reader->tree_open(source->from.graph, source->from.node, &source->reader, error))
        return false;
    int got = read_on(source, error);
    return got > 0 || (got == 0 && sw_fail(error, SW_ERROR_IO, "%s vanished while it was read", source->current->path));
}

static bool hollow_content(struct treesource *source, int fd, struct sw_error **error) {
    const struct name *name = source->current;
    struct sw_hollow_file file = {.node = source->from.node, .index = name->index, .bytes = name->bytes};
    return sw_hollow_mark(source->from.hollow, fd, &file) == 0 || sw_fsroot_fail(error, "create", name->path);
}

static bool tree_content(struct sw_source *base, int fd, struct sw_error **error) {
    struct treesource *source = (struct treesource *)base;
    if (source->from.hollow)
        return hollow_content(source, fd, error);
    if (!seek(source, error))
        return false;
    for (;;) {
        int64_t n = source->from.reader->tree_read(source->reader, source->part, PART_BYTES, error);
        if (n < 0)
            return false;
        if (n == 0)
            return true;
        if (sw_copyfile_write(fd, source->part, (size_t)n) < 0)
            return sw_fsroot_fail(error, "write", source->current->path);
    }
}

/* Through a file without a name. */
static int tree_open(struct sw_source *base, struct sw_error **error) {
    const char *folder = getenv("TMPDIR");
    sw_cleanup_close int fd = open(folder && *folder == '/' ? folder : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        sw_fail_errno(error, errno, "cannot make a temporary file");
        return -1;
    }
    if (!tree_content(base, fd, error))
        return -1;
    if (lseek(fd, 0, SEEK_SET) == 0)
        return sw_steal_fd(&fd);
    sw_fail_errno(error, errno, "cannot read a temporary file");
    return -1;
}

static bool tree_xattrs(struct sw_source *base, const struct sw_tar_xattr **list_out, size_t *count, struct sw_error **error) {
    (void)base, (void)error;
    *list_out = NULL;
    *count = 0;
    return true;
}

static void tree_destroy(struct sw_source *base) {
    struct treesource *source = (struct treesource *)base;
    close_reader(source);
    sw_vec_fini(&source->names);
    sw_arena_fini(&source->arena);
    free(source->part);
    free(source);
}

struct sw_source *sw_treesource_new(const struct sw_copy_from *from, struct sw_error **error) {
    struct treesource *source = sw_new(sizeof *source);
    source->base = (struct sw_source){.look = tree_look,
                                      .walk = tree_walk,
                                      .next = tree_next,
                                      .skip = tree_skip,
                                      .content = tree_content,
                                      .open = tree_open,
                                      .xattrs = tree_xattrs,
                                      .destroy = tree_destroy};
    source->from = *from;
    source->root = (struct name){.path = "", .type = S_IFDIR, .mode = 0755};
    source->names.width = sizeof(struct name);
    source->part = sw_new(PART_BYTES);
    if (list(source, error))
        return &source->base;
    tree_destroy(&source->base);
    return NULL;
}
