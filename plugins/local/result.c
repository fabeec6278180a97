#include "plugins/local/result.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/platform.h"

static const char LAYER_TYPE[] = "application/vnd.oci.image.layer.v1.tar+gzip";

/* ---- config ---- */

static json_t *time_text(int64_t epoch) {
    time_t seconds = (time_t)epoch;
    struct tm parts;
    char text[64];
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

static bool is_empty_entry(const json_t *entry) {
    return json_is_true(json_object_get(entry, "empty_layer"));
}

/* Entries that are not empty stand for the layers in order; for those without one, the entry becomes empty. */
static json_t *fit_history(json_t *old, const struct sw_result_layer *layers, size_t count) {
    json_t *history = json_array(), *entry;
    size_t index, next = 0;
    json_array_foreach(old, index, entry) {
        json_t *copy = json_deep_copy(entry);
        if (!is_empty_entry(copy) && next++ >= count)
            json_object_set_new(copy, "empty_layer", json_true());
        json_array_append_new(history, copy);
    }
    for (; next < count; next++) {
        json_t *added = json_object();
        json_object_set_new(added, "created_by", json_string(layers[next].title ? layers[next].title : ""));
        json_array_append_new(history, added);
    }
    return history;
}

/* An empty list was asked for: it stays so. */
static void set_history(json_t *config, const struct sw_result_layer *layers, size_t count, int64_t epoch) {
    json_t *given = json_object_get(config, "history");
    if (json_is_array(given) && json_array_size(given) == 0)
        return;
    json_t *history = fit_history(given, layers, count), *entry;
    size_t index;
    json_array_foreach(history, index, entry) {
        if (!json_object_get(entry, "created"))
            json_object_set_new(entry, "created", time_text(epoch));
    }
    if (json_array_size(history))
        json_object_set(config, "history", history);
    json_decref(history);
}

static void set_rootfs(json_t *config, const struct sw_result_layer *layers, size_t count) {
    json_t *diff_ids = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(diff_ids, json_string(layers[i].diff_id));
    json_object_set_new(config, "rootfs", json_pack("{s:s, s:o}", "type", "layers", "diff_ids", diff_ids));
}

char *sw_result_config(const char *config, const struct sw_result_layer *layers, size_t count, int64_t epoch, const char *platform,
                       struct sw_error **error) {
    json_error_t where;
    sw_cleanup_json json_t *json = json_loads(config, 0, &where);
    if (!json_is_object(json)) {
        sw_fail(error, SW_ERROR_INTERNAL, "an image config is no JSON object: %s", where.text);
        return NULL;
    }
    sw_platform_set(json, platform);
    json_object_set_new(json, "created", time_text(epoch));
    set_rootfs(json, layers, count);
    set_history(json, layers, count, epoch);
    return json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
}

/* ---- layers ---- */

struct making {
    struct sw_stacks *stacks;
    struct sw_arena *arena;
    struct sw_vec layers;  /* of struct sw_layer */
    struct sw_vec entries; /* of struct sw_result_layer, one for each */
    char chain_id[72];
};

static void add_image_layer(struct making *making, const struct sw_stack_part *part) {
    const struct sw_host *host = making->stacks->host;
    const struct sw_op_image *op = host->graph->record(making->stacks->graph, part->node);
    struct sw_layer layer = host->image->layer(op->image, part->index);
    struct sw_result_layer entry = {.diff_id = layer.diff_id};
    sw_vec_push(&making->layers, &layer);
    sw_vec_push(&making->entries, &entry);
    sw_chain_id(making->chain_id, layer.diff_id, making->chain_id);
}

static bool add_own_layer(struct making *making, const struct sw_stack_part *part, struct sw_error **error) {
    struct sw_localstore *store = making->stacks->store;
    struct sw_layer_record record;
    if (!sw_layer_record_find(store, part->name, &record))
        return sw_fail(error, SW_ERROR_INTERNAL, "the layer of snapshot %s is not in the store", part->name);
    struct sw_result_layer entry = {.diff_id = sw_arena_str(making->arena, record.diff_id),
                                    .title = making->stacks->host->graph->note(making->stacks->graph, part->node)->title};
    sw_vec_push(&making->entries, &entry);
    struct sw_layer layer = {.size = sizeof layer,
                             .media_type = LAYER_TYPE,
                             .digest = sw_arena_str(making->arena, record.digest),
                             .diff_id = entry.diff_id,
                             .bytes = record.bytes};
    sw_vec_push(&making->layers, &layer);
    sw_chain_id(making->chain_id, record.diff_id, making->chain_id);
    return sw_snapshot_is_chain(store, part->name, making->chain_id, error);
}

static bool add_layers(struct making *making, sw_node node, struct sw_error **error) {
    sw_cleanup_stack struct sw_stack stack = {0};
    sw_stack_of(making->stacks, node, &stack);
    for (size_t i = 0; i < stack.parts.len; i++) {
        const struct sw_stack_part *part = sw_vec_at(&stack.parts, i);
        if (part->belongs_to_image)
            add_image_layer(making, part);
        else if (!add_own_layer(making, part, error))
            return false;
    }
    return true;
}

bool sw_result_make(struct sw_stacks *stacks, const struct sw_solve *solve, sw_node node, struct sw_arena *arena,
                    struct sw_result *result, struct sw_error **error) {
    struct making making = {.stacks = stacks, .arena = arena};
    making.layers.width = sizeof(struct sw_layer);
    making.entries.width = sizeof(struct sw_result_layer);
    sw_cleanup_free char *config = NULL;
    if (add_layers(&making, node, error))
        config = sw_result_config(stacks->host->graph->config(stacks->graph, node), making.entries.data, making.entries.len,
                                  solve->epoch, solve->platform, error);
    *result = (struct sw_result){.size = sizeof *result, .node = node, .layer_count = making.layers.len};
    if (config) {
        result->layers = sw_arena_copy(arena, making.layers.data, making.layers.len * sizeof(struct sw_layer));
        result->config = sw_arena_str(arena, config);
    }
    sw_vec_fini(&making.layers);
    sw_vec_fini(&making.entries);
    return config != NULL;
}
