#include "plugins/buildkit/result.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/image_config.h"
#include "core/base/platform.h"

/* ---- what is given to the exporter ---- */

char *sw_result_probe_config(const struct sw_vec *parts, const char *platform) {
    json_t *history = json_array();
    for (size_t i = 0; i < parts->len; i++)
        json_array_append_new(history, json_pack("{s:s, s:s}", "created", "1970-01-01T00:00:01Z", "created_by", "slipway"));
    sw_cleanup_json json_t *config = json_pack("{s:{}, s:{s:s}, s:o}", "config", "rootfs", "type", "layers", "history", history);
    sw_platform_set(config, platform);
    return json_dumps(config, JSON_COMPACT);
}

/* ---- what comes back ---- */

static bool mismatch(struct sw_error **error) {
    sw_fail(error, SW_ERROR_INTERNAL, "the daemon exported an image with other layers than the build has");
    if (error)
        *error = sw_error_hint(*error, "please report this, with the daemon's version");
    return false;
}

/* For each part, the number of its layer in the image that has `layer_count`, or SIZE_MAX when the exporter left an empty one out. */
static bool match_layers(const json_t *config, size_t layer_count, size_t part_count, size_t *layers, struct sw_error **error) {
    const json_t *history = json_object_get(config, "history");
    bool all_there = layer_count == part_count;
    size_t next = 0;
    if (!all_there && json_array_size(history) < part_count)
        return mismatch(error);
    for (size_t i = 0; i < part_count; i++) {
        bool empty = !all_there && json_is_true(json_object_get(json_array_get(history, i), "empty_layer"));
        layers[i] = empty ? SIZE_MAX : next++;
    }
    return next == layer_count || mismatch(error);
}

/* What a daemon mounts in every step, and what the step mounts: relative paths. The folders that every system has stay. */
static void stubs_of(const struct sw_host *host, const struct sw_graph *graph, sw_node node, struct sw_strlist *stubs) {
    static const char *const always[] = {"etc/hosts", "etc/resolv.conf", "run/secrets", "run/buildkit", ".dockerenv"};
    if (host->graph->kind(graph, node) != SW_OP_EXEC)
        return;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        sw_strlist_add(stubs, always[i]);
    const struct sw_op_exec *op = host->graph->record(graph, node);
    for (size_t i = 0; i < op->mount_count; i++)
        if (op->mounts[i].target && op->mounts[i].target[0] == '/' && op->mounts[i].target[1])
            sw_strlist_add(stubs, op->mounts[i].target + 1);
}

static bool import_part(const struct sw_host *host, const struct sw_solve *solve, const struct sw_stack_part *part, int fd,
                        const struct sw_archive_layer *layer, struct sw_map *made, struct sw_error **error) {
    sw_cleanup_free char *key = sw_stack_part_key(host, solve->graph, part);
    if (sw_map_has(made, key))
        return true;
    sw_cleanup_strlist struct sw_strlist stubs = {0};
    stubs_of(host, solve->graph, part->node, &stubs);
    struct sw_layer_made *one = sw_new(sizeof *one);
    struct sw_layer_import import = {.host = host, .fd = fd, .epoch = solve->epoch, .stubs = sw_strlist_view(&stubs)};
    sw_map_set(made, key, one);
    if (layer) { /* else it is empty, and so is what is imported */
        import.at = layer->at;
        import.bytes = layer->bytes;
    }
    return sw_layer_import(&import, one, error);
}

bool sw_result_import(const struct sw_host *host, const struct sw_solve *solve, const struct sw_vec *parts, int fd,
                      struct sw_map *made, struct sw_error **error) {
    struct stat status;
    struct sw_archive archive;
    if (fstat(fd, &status) < 0)
        return mismatch(error);
    if (!sw_archive_open(fd, (uint64_t)status.st_size, &archive, error))
        return false;
    sw_cleanup_free size_t *layers = sw_new_array(parts->len + 1, sizeof *layers);
    bool ok = match_layers(archive.config, archive.layers.len, parts->len, layers, error);
    for (size_t i = 0; ok && i < parts->len; i++) {
        const struct sw_stack_part *part = sw_vec_at(parts, i);
        if (!part->image)
            ok = import_part(host, solve, part, fd, layers[i] == SIZE_MAX ? NULL : sw_vec_at(&archive.layers, layers[i]), made,
                             error);
    }
    sw_archive_fini(&archive);
    return ok;
}

static bool take_part(const struct sw_host *host, const struct sw_solve *solve, const struct sw_stack_part *part,
                      const struct sw_layer *layer, struct sw_map *made, struct sw_error **error) {
    if (!layer) /* it is empty: such a one is made here */
        return import_part(host, solve, part, -1, NULL, made, error);
    sw_cleanup_free char *key = sw_stack_part_key(host, solve->graph, part);
    if (sw_map_has(made, key))
        return true;
    struct sw_layer_made *one = sw_new(sizeof *one);
    snprintf(one->digest, sizeof one->digest, "%s", layer->digest);
    snprintf(one->diff_id, sizeof one->diff_id, "%s", layer->diff_id);
    snprintf(one->media_type, sizeof one->media_type, "%s", layer->media_type);
    one->bytes = layer->bytes;
    sw_map_set(made, key, one);
    return true;
}

bool sw_result_take(const struct sw_host *host, const struct sw_solve *solve, const struct sw_vec *parts,
                    const struct sw_image *image, struct sw_map *made, struct sw_error **error) {
    sw_cleanup_json json_t *config = json_loads(host->image->config(image), 0, NULL);
    sw_cleanup_free size_t *layers = sw_new_array(parts->len + 1, sizeof *layers);
    bool ok = match_layers(config, host->image->layer_count(image), parts->len, layers, error);
    for (size_t i = 0; ok && i < parts->len; i++) {
        const struct sw_stack_part *part = sw_vec_at(parts, i);
        struct sw_layer layer = layers[i] == SIZE_MAX ? (struct sw_layer){0} : host->image->layer(image, layers[i]);
        if (!part->image)
            ok = take_part(host, solve, part, layers[i] == SIZE_MAX ? NULL : &layer, made, error);
    }
    return ok;
}

bool sw_result_is_complete(const struct sw_host *host, const struct sw_graph *graph, const struct sw_vec *parts,
                           const struct sw_map *made) {
    for (size_t i = 0; i < parts->len; i++) {
        const struct sw_stack_part *part = sw_vec_at(parts, i);
        sw_cleanup_free char *key = sw_stack_part_key(host, graph, part);
        if (!part->image && !sw_map_has(made, key))
            return false;
    }
    return true;
}

/* ---- the result ---- */

static void add_part(const struct sw_host *host, const struct sw_solve *solve, const struct sw_stack_part *part,
                     const struct sw_map *made, struct sw_arena *arena, struct sw_vec *layers, struct sw_config_layer *entry) {
    if (part->image) {
        struct sw_layer layer = host->image->layer(part->image, part->index);
        entry->diff_id = layer.diff_id;
        sw_vec_push(layers, &layer);
        return;
    }
    const struct sw_op_note *note = host->graph->note(solve->graph, part->node);
    sw_cleanup_free char *key = sw_stack_part_key(host, solve->graph, part);
    const struct sw_layer_made *one = sw_map_get(made, key);
    entry->title = note ? note->title : NULL;
    struct sw_layer layer = {.size = sizeof layer,
                             .media_type = sw_arena_str(arena, one->media_type),
                             .digest = sw_arena_str(arena, one->digest),
                             .diff_id = sw_arena_str(arena, one->diff_id),
                             .bytes = one->bytes};
    entry->diff_id = layer.diff_id;
    sw_vec_push(layers, &layer);
}

bool sw_result_make(const struct sw_host *host, const struct sw_solve *solve, sw_node node, const struct sw_vec *parts,
                    const struct sw_map *made, struct sw_arena *arena, struct sw_result *result, struct sw_error **error) {
    sw_cleanup_vec struct sw_vec layers = {.width = sizeof(struct sw_layer)};
    struct sw_config_layer *entries = sw_arena_new(arena, (parts->len + 1) * sizeof *entries);
    for (size_t i = 0; i < parts->len; i++)
        add_part(host, solve, sw_vec_at(parts, i), made, arena, &layers, &entries[i]);
    sw_cleanup_free char *config =
        sw_config_complete(host->graph->config(solve->graph, node), entries, parts->len, solve->epoch, solve->platform, error);
    if (!config)
        return false;
    *result = (struct sw_result){.size = sizeof *result, .node = node, .layer_count = layers.len};
    result->layers = sw_arena_copy(arena, layers.data, layers.len * sizeof(struct sw_layer));
    result->config = sw_arena_str(arena, config);
    return true;
}
