#include "plugins/local/treeop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "plugins/local/accounts.h"
#include "plugins/local/copyfile.h"
#include "plugins/local/entry.h"
#include "slipway/files.h"

enum { PART_BYTES = 256 * 1024 };

/* Where the entries of one part go, and whom they belong to. */
struct part {
    char *to; /* absolute, resolved */
    bool has_owner, has_group;
    struct sw_owner owner;
};

struct write {
    const struct sw_treeop_job *job;
    struct sw_fsroot *root;
    struct sw_tree_reader *reader;
    void *buffer;
    struct part *parts;
    size_t part_count;
};

static struct sw_entry entry_of(const struct write *write, const struct sw_tree_entry *from, const struct part *part) {
    struct sw_entry entry = {.type = sw_entry_type(from->type), .target = from->target};
    entry.attr = (struct sw_fsattr){.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME, .mode = from->mode & 07777};
    entry.attr.uid = part->has_owner ? part->owner.uid : from->uid;
    entry.attr.gid = part->has_group ? part->owner.gid : from->gid;
    entry.attr.mtime.tv_sec = from->mtime < write->job->epoch ? from->mtime : write->job->epoch;
    return entry;
}

static bool write_content(struct write *write, int fd, const char *path, struct sw_error **error) {
    for (;;) {
        int64_t n = write->job->reader->tree_read(write->reader, write->buffer, PART_BYTES, error);
        if (n <= 0)
            return n == 0;
        if (sw_copyfile_write(fd, write->buffer, (size_t)n) < 0)
            return sw_fsroot_fail(error, "write", path);
    }
}

static bool make_parents(struct write *write, const char *path, const struct part *part, struct sw_error **error) {
    struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME, .mode = 0755};
    attr.uid = part->owner.uid;
    attr.gid = part->owner.gid;
    attr.mtime.tv_sec = write->job->epoch;
    sw_cleanup_free char *parent = sw_path_dir(path);
    sw_cleanup_free char *real = sw_fsroot_resolve(write->root, parent);
    if (real && sw_fsroot_mkdirs(write->root, real, &attr, NULL, NULL) == 0)
        return true;
    return sw_fsroot_fail(error, "create folder", parent);
}

static bool put(struct write *write, const struct sw_tree_entry *from, const char *path, const struct part *part,
                struct sw_error **error) {
    struct sw_entry entry = entry_of(write, from, part);
    sw_cleanup_close int fd = -1;
    int made = sw_entry_create(write->root, path, &entry, &fd, NULL);
    if (made < 0 && errno == ENOENT) {
        if (!make_parents(write, path, part, error))
            return false;
        made = sw_entry_create(write->root, path, &entry, &fd, NULL);
    }
    if (made < 0)
        return sw_fsroot_fail(error, "create", path);
    if (fd >= 0 && !write_content(write, fd, path, error))
        return false;
    return sw_entry_finish(write->root, path, &entry, &fd) == 0 || sw_fsroot_fail(error, "set the metadata of", path);
}

/* Removes `path` and the folders above it that this empties, below `to`. */
static bool take_away(struct write *write, const char *path, const char *to, struct sw_error **error) {
    if (sw_fsroot_remove(write->root, path) < 0)
        return sw_fsroot_fail(error, "remove", path);
    sw_cleanup_free char *above = sw_strdup(path);
    for (char *slash; (slash = strrchr(above, '/'));) {
        *slash = '\0';
        if (strlen(above) <= strlen(to) || !sw_path_within(above, to) || sw_fsroot_rmdir(write->root, above) < 0)
            break; /* ENOTEMPTY is the usual end */
    }
    return true;
}

static bool put_next(struct write *write, const struct sw_tree_entry *entry, struct sw_error **error) {
    if (entry->part >= write->part_count)
        return sw_fail(error, SW_ERROR_INTERNAL, "an entry of the unknown part %u", entry->part);
    const struct part *part = &write->parts[entry->part];
    sw_cleanup_free char *rooted = sw_format("/%s", entry->path);
    sw_cleanup_free char *inside = sw_path_clean(rooted); /* never above `to` */
    sw_cleanup_free char *path = sw_path_join(part->to, inside);
    if (strcmp(path, "/") == 0)
        return true;
    return entry->type == SW_FILE_DELETED ? take_away(write, path, part->to, error) : put(write, entry, path, part, error);
}

/* Folders get their times last, since their content changes them: by a second reading, which opens no file. */
static bool set_folder_times(struct write *write, struct sw_error **error) {
    const struct sw_host_graph *graph = write->job->reader;
    struct sw_tree_entry entry = {.size = sizeof entry};
    int got = graph->tree_open(write->job->graph, write->job->node, &write->reader, error) ? 1 : -1;
    while (got > 0 && (got = graph->tree_next(write->reader, &entry, error)) > 0) {
        if (sw_entry_type(entry.type) != S_IFDIR || entry.part >= write->part_count || entry.type == SW_FILE_DELETED)
            continue;
        struct sw_entry folder = entry_of(write, &entry, &write->parts[entry.part]);
        folder.attr.set = SW_FSATTR_MTIME;
        sw_cleanup_free char *path = sw_path_join(write->parts[entry.part].to, entry.path);
        if (sw_fsroot_set_attr(write->root, path, &folder.attr) < 0 && errno != ENOENT)
            got = sw_fsroot_fail(error, "set the time of", path) ? 1 : -1;
    }
    if (write->reader)
        graph->tree_close(write->reader);
    write->reader = NULL;
    return got == 0;
}

static bool run(struct write *write, struct sw_error **error) {
    const struct sw_host_graph *graph = write->job->reader;
    struct sw_tree_entry entry = {.size = sizeof entry};
    int got = graph->tree_open(write->job->graph, write->job->node, &write->reader, error) ? 1 : -1;
    while (got > 0 && (got = graph->tree_next(write->reader, &entry, error)) > 0)
        if (!sw_work_wanted(write->job->work, error) || !put_next(write, &entry, error))
            got = -1;
    if (write->reader)
        graph->tree_close(write->reader);
    write->reader = NULL;
    return got == 0 && set_folder_times(write, error);
}

static bool write_fini(struct write *write, bool ok) {
    for (size_t i = 0; i < write->part_count; i++)
        free(write->parts[i].to);
    free(write->parts);
    free(write->buffer);
    sw_fsroot_free(write->root);
    return ok;
}

static bool write_init(struct write *write, const struct sw_treeop_job *job, size_t part_count, struct sw_error **error) {
    *write = (struct write){.job = job, .part_count = part_count};
    write->root = sw_fsroot_new(job->root, SW_FSROOT_IN_ROOT, error);
    write->buffer = sw_new(PART_BYTES);
    write->parts = sw_new_array(part_count, sizeof *write->parts);
    return write->root != NULL;
}

bool sw_treeop_write(const struct sw_treeop_job *job, struct sw_error **error) {
    struct write write;
    if (!write_init(&write, job, 1, error))
        return write_fini(&write, false);
    write.parts[0].to = sw_strdup("/");
    return write_fini(&write, run(&write, error));
}

/* Resolves where a part goes and who owns it. */
static bool prepare(struct write *write, struct part *part, const struct sw_mapping *mapping, struct sw_error **error) {
    sw_cleanup_free char *absolute = sw_format("/%s", mapping->to);
    part->to = sw_fsroot_resolve(write->root, absolute);
    if (!part->to)
        return sw_fsroot_fail(error, "resolve", mapping->to);
    part->has_owner = mapping->owner && *mapping->owner;
    part->has_group = mapping->group && *mapping->group;
    if (!part->has_owner && !part->has_group)
        return true;
    const char *owner = part->has_owner ? mapping->owner : "0";
    sw_cleanup_free char *both = part->has_group ? sw_format("%s:%s", owner, mapping->group) : sw_strdup(owner);
    if (!sw_accounts_owner(write->root, both, &part->owner, error))
        return false;
    return true;
}

bool sw_treeop_patch(const struct sw_treeop_job *job, struct sw_error **error) {
    const struct sw_op_patch *op = job->reader->record(job->graph, job->node);
    struct write write;
    bool ok = write_init(&write, job, op->part_count, error);
    for (size_t i = 0; ok && i < op->part_count; i++)
        ok = prepare(&write, &write.parts[i], &op->parts[i].mapping, error);
    return write_fini(&write, ok && run(&write, error));
}
