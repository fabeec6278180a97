#include "plugins/local/stack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

static void free_stack(void *stack) {
    sw_stack_fini(stack);
    free(stack);
}

void sw_stacks_fini(struct sw_stacks *stacks) {
    sw_map_fini(&stacks->images, free_stack);
}

/* ---- parts ---- */

static void add_node(struct sw_stacks *stacks, sw_node node, struct sw_stack *stack) {
    struct sw_stack_part part = {.node = node, .name = sw_strdup(stacks->host->graph->fs_key(stacks->graph, node))};
    sw_vec_push(&stack->parts, &part);
}

void sw_stack_of_image(const struct sw_host *host, struct sw_localstore *store, const struct sw_image *image,
                       struct sw_stack *stack) {
    size_t count = host->image->layer_count(image);
    char chain_id[72] = "";
    stack->parts.width = sizeof(struct sw_stack_part);
    for (size_t i = 0; i < count; i++) {
        struct sw_layer layer = host->image->layer(image, i);
        struct sw_stack_part part = {.node = SW_NODE_NONE, .index = i, .belongs_to_image = true};
        sw_chain_id(chain_id, layer.diff_id, part.chain_id);
        strcpy(chain_id, part.chain_id);
        part.name = sw_snapshot_of_chain(store, chain_id);
        sw_vec_push(&stack->parts, &part);
    }
}

/* Many nodes stand on one image: its layers are looked up once. */
static void add_image(struct sw_stacks *stacks, sw_node node, struct sw_stack *stack) {
    sw_cleanup_free char *key = sw_format("%u", node);
    struct sw_stack *known = sw_map_get(&stacks->images, key);
    if (!known) {
        const struct sw_op_image *op = stacks->host->graph->record(stacks->graph, node);
        known = sw_new(sizeof *known);
        sw_stack_of_image(stacks->host, stacks->store, op->image, known);
        sw_map_set(&stacks->images, key, known);
    }
    for (size_t i = 0; i < known->parts.len; i++) {
        struct sw_stack_part part = *(struct sw_stack_part *)sw_vec_at(&known->parts, i);
        part.node = node;
        part.name = sw_strdup(part.name);
        sw_vec_push(&stack->parts, &part);
    }
}

static bool same_part(const struct sw_stack_part *a, const struct sw_stack_part *b) {
    return strcmp(a->name, b->name) == 0;
}

/* Where `upper` lies on `lower`, their difference is what it has on top. Where it does not, the trees have to be compared, which makes
 * a layer of the node's own. */
static void add_difference(struct sw_stacks *stacks, sw_node node, const struct sw_op_diff *op, struct sw_stack *stack) {
    sw_cleanup_stack struct sw_stack lower = {0};
    sw_cleanup_stack struct sw_stack upper = {0};
    size_t shared = 0;
    sw_stack_of(stacks, op->lower, &lower);
    sw_stack_of(stacks, op->upper, &upper);
    while (shared < lower.parts.len && shared < upper.parts.len &&
           same_part(sw_vec_at(&lower.parts, shared), sw_vec_at(&upper.parts, shared)))
        shared++;
    if (shared < lower.parts.len) {
        add_node(stacks, node, stack);
        return;
    }
    for (size_t i = shared; i < upper.parts.len; i++) {
        struct sw_stack_part part = *(struct sw_stack_part *)sw_vec_at(&upper.parts, i);
        part.name = sw_strdup(part.name);
        sw_vec_push(&stack->parts, &part);
    }
}

void sw_stack_of(struct sw_stacks *stacks, sw_node node, struct sw_stack *stack) {
    stack->parts.width = sizeof(struct sw_stack_part);
    const void *record = stacks->host->graph->record(stacks->graph, node);
    const sw_node *inputs;
    size_t count = stacks->host->graph->inputs(stacks->graph, node, &inputs);
    switch (stacks->host->graph->kind(stacks->graph, node)) {
    case SW_OP_SCRATCH:
        return;
    case SW_OP_IMAGE:
        add_image(stacks, node, stack);
        return;
    case SW_OP_MERGE:
        for (size_t i = 0; i < count; i++)
            sw_stack_of(stacks, inputs[i], stack);
        return;
    case SW_OP_DIFF:
        add_difference(stacks, node, record, stack);
        return;
    case SW_OP_CONFIG:
        sw_stack_of(stacks, inputs[0], stack);
        return;
    case SW_OP_TREE:
        add_node(stacks, node, stack);
        return;
    default:
        sw_stack_of(stacks, inputs[0], stack);
        add_node(stacks, node, stack);
    }
}

void sw_stack_fini(struct sw_stack *stack) {
    for (size_t i = 0; i < stack->parts.len; i++)
        free(((struct sw_stack_part *)sw_vec_at(&stack->parts, i))->name);
    sw_vec_fini(&stack->parts);
}

/* ---- folders ---- */

static bool hides(struct sw_localstore *store, const char *name) {
    sw_cleanup_free char *path = sw_format("%s/hides", name);
    return faccessat(store->snapshots, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool sw_stack_open(struct sw_localstore *store, const struct sw_stack *stack, struct sw_vec *folders, struct sw_error **error) {
    folders->width = sizeof(int);
    for (size_t i = stack->parts.len; i-- > 0;) {
        const struct sw_stack_part *part = sw_vec_at(&stack->parts, i);
        int fd = sw_snapshot_open(store, part->name);
        if (fd < 0)
            return sw_fail(error, SW_ERROR_INTERNAL, "snapshot %s is not in the store", part->name);
        sw_vec_push(folders, &fd);
        if (hides(store, part->name))
            break;
    }
    int empty = fcntl(store->empty, F_DUPFD_CLOEXEC, 3);
    sw_vec_push(folders, &empty);
    return true;
}

void sw_stack_close(struct sw_vec *folders) {
    for (size_t i = 0; i < folders->len; i++)
        sw_close(sw_vec_at(folders, i));
    sw_vec_fini(folders);
}
