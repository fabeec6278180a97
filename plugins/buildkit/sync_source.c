#include "plugins/buildkit/sync_source.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "plugins/buildkit/packet.h"
#include "plugins/buildkit/sync_memory.h"

enum { READ_SIZE = 64 * 1024 };

static const int64_t NANOS = 1000000000;

struct sw_sync_source *sw_sync_source_new(const struct sw_host *host, const struct sw_graph *graph, sw_node node,
                                          const char *name) {
    struct sw_sync_source *source = sw_new(sizeof *source);
    *source = (struct sw_sync_source){.host = host, .graph = graph, .node = node, .name = sw_strdup(name)};
    source->items.width = sizeof(struct sw_sync_item);
    source->removed_parts.width = sizeof(uint32_t);
    return source;
}

void sw_sync_source_free(struct sw_sync_source *source) {
    if (!source)
        return;
    sw_vec_fini(&source->items);
    sw_strlist_fini(&source->removed);
    sw_vec_fini(&source->removed_parts);
    sw_arena_fini(&source->arena);
    free(source->name);
    free(source);
}

/* ---- the list ---- */

/* An identity for content that has none of its own. */
static bool read_id(struct sw_sync_source *source, struct sw_tree_reader *reader, struct sw_sync_item *item,
                    struct sw_error **error) {
    struct sw_sha256 *hash = sw_sha256_new();
    sw_cleanup_free char *part = sw_new(READ_SIZE);
    char hex[SW_SHA256_HEX];
    int64_t got;
    while ((got = source->host->graph->tree_read(reader, part, READ_SIZE, error)) > 0)
        sw_sha256_add(hash, part, (size_t)got);
    sw_sha256_final_hex(hash, hex);
    sw_sha256_free(hash);
    item->id = sw_arena_str(&source->arena, hex);
    return got == 0;
}

static const char *mapping_of(const struct sw_sync_source *source, uint32_t part) {
    if (source->host->graph->kind(source->graph, source->node) != SW_OP_PATCH)
        return "";
    const struct sw_op_patch *op = source->host->graph->record(source->graph, source->node);
    return op->parts[part].mapping.to;
}

static bool take_entry(struct sw_sync_source *source, struct sw_tree_reader *reader, const struct sw_tree_entry *entry,
                       uint32_t index, struct sw_error **error) {
    sw_cleanup_free char *joined = sw_path_join(mapping_of(source, entry->part), entry->path);
    if (entry->type == SW_FILE_DELETED) {
        sw_strlist_take(&source->removed, sw_format("%s%s", *joined == '/' ? "" : "/", joined));
        sw_vec_push(&source->removed_parts, &entry->part);
        return true;
    }
    const char *path = joined + (*joined == '/');
    struct sw_sync_item item = {.path = sw_arena_str(&source->arena, path),
                                .target = sw_arena_str(&source->arena, entry->target),
                                .id = sw_arena_str(&source->arena, entry->id),
                                .type = entry->type,
                                .mode = entry->mode,
                                .uid = entry->uid,
                                .gid = entry->gid,
                                .part = entry->part,
                                .index = index,
                                .bytes = entry->bytes,
                                .mtime = entry->mtime * NANOS};
    if (!*path || !strcmp(path, "."))
        return true;
    if (item.type == SW_FILE_REGULAR && !item.id && !read_id(source, reader, &item, error))
        return false;
    sw_sync_source_add(source, &item);
    return true;
}

static bool list(struct sw_sync_source *source, struct sw_error **error) {
    struct sw_tree_reader *reader;
    struct sw_tree_entry entry = {.size = sizeof entry};
    if (!source->host->graph->tree_open(source->graph, source->node, &reader, error))
        return false;
    int got;
    uint32_t index = 0;
    bool ok = true;
    while (ok && (got = source->host->graph->tree_next(reader, &entry, error)) > 0)
        ok = take_entry(source, reader, &entry, index++, error);
    source->host->graph->tree_close(reader);
    return ok && got == 0;
}

void sw_sync_source_add(struct sw_sync_source *source, const struct sw_sync_item *item) {
    sw_vec_push(&source->items, item);
}

/* ---- order ---- */

static int by_path(const void *a, const void *b) {
    const struct sw_sync_item *left = a, *right = b;
    int order = sw_packet_path_order(left->path, right->path);
    if (order)
        return order;
    /* Of the same path: what the reader does not have first, then in its order. */
    return left->index + 1 < right->index + 1 ? -1 : left->index + 1 > right->index + 1;
}

static void sort(struct sw_sync_source *source) {
    if (source->items.len)
        qsort(source->items.data, source->items.len, source->items.width, by_path);
}

static void drop_doubles(struct sw_sync_source *source) {
    struct sw_sync_item *items = source->items.data;
    size_t kept = 0;
    for (size_t i = 0; i < source->items.len; i++) {
        if (i + 1 < source->items.len && !strcmp(items[i].path, items[i + 1].path))
            continue;
        items[kept++] = items[i];
    }
    source->items.len = kept;
}

static void add_parents(struct sw_sync_source *source, int64_t mtime) {
    struct sw_map known = {0};
    size_t count = source->items.len;
    for (size_t i = 0; i < count; i++)
        sw_map_set(&known, ((struct sw_sync_item *)sw_vec_at(&source->items, i))->path, source);
    for (size_t i = 0; i < count; i++) {
        const char *path = ((struct sw_sync_item *)sw_vec_at(&source->items, i))->path;
        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
            char *parent = sw_arena_strn(&source->arena, path, (size_t)(slash - path));
            if (sw_map_set(&known, parent, source))
                continue;
            struct sw_sync_item folder = {
                .path = parent, .type = SW_FILE_DIRECTORY, .mode = 0755, .index = UINT32_MAX, .mtime = mtime};
            sw_vec_push(&source->items, &folder);
        }
    }
    sw_map_fini(&known, NULL);
}

void sw_sync_source_settle(struct sw_sync_source *source, int64_t mtime) {
    add_parents(source, mtime);
    sort(source);
    drop_doubles(source);
}

bool sw_sync_source_load(struct sw_sync_source *source, const char *memory_file, struct sw_error **error) {
    if (!list(source, error))
        return false;
    const struct sw_sync_item *first = source->items.data;
    sw_sync_source_settle(source, source->items.len ? first->mtime : 0);
    sw_sync_memory_apply(memory_file, source->items.data, source->items.len);
    return true;
}
