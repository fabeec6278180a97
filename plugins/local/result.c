#include "plugins/local/result.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/image_config.h"

static const char LAYER_TYPE[] = "application/vnd.oci.image.layer.v1.tar+gzip";

/* ---- layers ---- */

struct making {
    struct sw_stacks *stacks;
    struct sw_arena *arena;
    struct sw_vec layers;  /* of struct sw_layer */
    struct sw_vec entries; /* of struct sw_config_layer, one for each */
    char chain_id[72];
};

static void add_image_layer(struct making *making, const struct sw_stack_part *part) {
    const struct sw_host *host = making->stacks->host;
    const struct sw_op_image *op = host->graph->record(making->stacks->graph, part->node);
    struct sw_layer layer = host->image->layer(op->image, part->index);
    struct sw_config_layer entry = {.diff_id = layer.diff_id};
    sw_vec_push(&making->layers, &layer);
    sw_vec_push(&making->entries, &entry);
    sw_chain_id(making->chain_id, layer.diff_id, making->chain_id);
}

static bool add_own_layer(struct making *making, const struct sw_stack_part *part, struct sw_error **error) {
    struct sw_localstore *store = making->stacks->store;
    struct sw_layer_record record;
    if (!sw_layer_record_find(store, part->name, &record))
        return sw_fail(error, SW_ERROR_INTERNAL, "the layer of snapshot %s is not in the store", part->name);
    struct sw_config_layer entry = {.diff_id = sw_arena_str(making->arena, record.diff_id),
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
    making.entries.width = sizeof(struct sw_config_layer);
    sw_cleanup_free char *config = NULL;
    if (add_layers(&making, node, error))
        config = sw_config_complete(stacks->host->graph->config(stacks->graph, node), making.entries.data, making.entries.len,
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
