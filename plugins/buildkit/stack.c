#include "plugins/buildkit/stack.h"

#include "core/base/alloc.h"

static void add_own(struct sw_vec *parts, sw_node node, size_t index) {
    sw_vec_push(parts, &(struct sw_stack_part){.node = node, .index = index});
}

static void add_image(const struct sw_host *host, const struct sw_op_image *op, sw_node node, struct sw_vec *parts) {
    for (size_t i = 0; i < host->image->layer_count(op->image); i++)
        sw_vec_push(parts, &(struct sw_stack_part){.node = node, .image = op->image, .index = i});
}

static void add_merge(const struct sw_host *host, const struct sw_graph *graph, sw_node node, bool merges, struct sw_vec *parts) {
    const struct sw_op_merge *op = host->graph->record(graph, node);
    for (uint32_t i = 0; i < op->input_count; i++)
        if (i == 0 || merges)
            sw_stack_of(host, graph, op->inputs[i], merges, parts);
        else
            add_own(parts, node, i);
}

void sw_stack_of(const struct sw_host *host, const struct sw_graph *graph, sw_node node, bool merges, struct sw_vec *parts) {
    const sw_node *inputs;
    switch (host->graph->kind(graph, node)) {
    case SW_OP_SCRATCH:
    case SW_OP_FRONTEND: /* its layers are not known before */
        return;
    case SW_OP_IMAGE:
        add_image(host, host->graph->record(graph, node), node, parts);
        return;
    case SW_OP_MERGE:
        add_merge(host, graph, node, merges, parts);
        return;
    case SW_OP_TREE:
    case SW_OP_DIFF:
        add_own(parts, node, 0);
        return;
    case SW_OP_CONFIG:
        if (host->graph->inputs(graph, node, &inputs))
            sw_stack_of(host, graph, inputs[0], merges, parts);
        return;
    default:
        if (host->graph->inputs(graph, node, &inputs))
            sw_stack_of(host, graph, inputs[0], merges, parts);
        add_own(parts, node, 0);
    }
}

char *sw_stack_part_key(const struct sw_host *host, const struct sw_graph *graph, const struct sw_stack_part *part) {
    return sw_format("%s %zu", host->graph->fs_key(graph, part->node), part->index);
}
