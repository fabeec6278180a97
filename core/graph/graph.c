#include "core/graph/graph.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/graph/image.h"
#include "core/graph/normal.h"
#include "core/graph/record.h"

static const char EMPTY_CONFIG[] = "{}";

struct node {
    uint32_t kind;
    const void *record;
    struct sw_op_note note;
    const sw_node *inputs;
    size_t input_count;
    char key[SW_SHA256_HEX];
    char fs_key[SW_SHA256_HEX];
    const char *config;
    json_t *parsed; /* the config, when somebody wanted it so */
};

struct sw_graph {
    struct sw_graph_files files;
    struct sw_arena arena;
    struct node *nodes;
    size_t count;
    size_t cap;
    struct sw_map by_key; /* key -> node number + 1 */
};

const char *sw_op_name(uint32_t kind) {
    static const char *const names[] = {"scratch", "image",  "tree",  "patch", "exec",    "copy",
                                        "file",    "config", "merge", "diff",  "frontend"};
    return kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

struct sw_graph *sw_graph_new(const struct sw_graph_files *files) {
    struct sw_graph *graph = sw_new(sizeof *graph);
    graph->files = *files;
    return graph;
}

void sw_graph_free(struct sw_graph *graph) {
    if (!graph)
        return;
    sw_map_fini(&graph->by_key, NULL);
    for (size_t i = 0; i < graph->count; i++)
        json_decref(graph->nodes[i].parsed);
    sw_arena_fini(&graph->arena);
    free(graph->nodes);
    free(graph);
}

/* ---- keys ---- */

static const char *key_of_input(const void *context, sw_node node) {
    const struct sw_graph *graph = context;
    return graph->nodes[node].key;
}

/* Operations on files do not see their inputs' configs, so a change of an ENV that no step reads rebuilds nothing. */
static const char *fs_key_of_input(const void *context, sw_node node) {
    const struct sw_graph *graph = context;
    return graph->nodes[node].fs_key;
}

static void hash_form(json_t *form, char out[SW_SHA256_HEX]) {
    sw_cleanup_free char *text = json_dumps(form, JSON_COMPACT | JSON_SORT_KEYS);
    sw_sha256_hex(text, strlen(text), out);
    json_decref(form);
}

static bool identify(const struct sw_graph *graph, uint32_t kind, const void *record, char out[65], struct sw_error **error) {
    out[0] = '\0';
    if (kind == SW_OP_TREE)
        return graph->files.tree_identity(graph->files.context, record, out, error);
    if (kind == SW_OP_PATCH)
        return graph->files.patch_identity(graph->files.context, record, out, error);
    return true;
}

/* Below all inputs there is no config of this graph's: both keys are made of the same. */
static bool inputs_have_one_key(const struct sw_graph *graph, const struct sw_vec *inputs) {
    for (size_t i = 0; i < inputs->len; i++) {
        const struct node *input = &graph->nodes[*(sw_node *)sw_vec_at(inputs, i)];
        if (memcmp(input->key, input->fs_key, sizeof input->key) != 0)
            return false;
    }
    return true;
}

static bool compute_keys(const struct sw_graph *graph, struct node *node, const void *record, struct sw_error **error) {
    char identity[65];
    if (!identify(graph, node->kind, record, identity, error))
        return false;
    hash_form(sw_normal_form(node->kind, record, identity, fs_key_of_input, graph), node->fs_key);
    sw_cleanup_vec struct sw_vec inputs = {.width = sizeof(sw_node)};
    if (record)
        sw_record_inputs(node->kind, record, &inputs);
    if (inputs_have_one_key(graph, &inputs))
        memcpy(node->key, node->fs_key, sizeof node->key);
    else
        hash_form(sw_normal_form(node->kind, record, identity, key_of_input, graph), node->key);
    return true;
}

static const char *config_after(const struct sw_graph *graph, uint32_t kind, const void *record, const sw_node *inputs) {
    switch (kind) {
    case SW_OP_SCRATCH:
    case SW_OP_TREE:
    case SW_OP_FRONTEND:
        return EMPTY_CONFIG;
    case SW_OP_IMAGE:
        return sw_image_build_config(((const struct sw_op_image *)record)->image);
    case SW_OP_CONFIG:
        return ((const struct sw_op_config *)record)->config;
    default:
        return graph->nodes[inputs[0]].config;
    }
}

/* ---- adding ---- */

static struct sw_op_note copy_note(struct sw_arena *arena, const struct sw_op_note *note, uint32_t kind) {
    struct sw_op_note copy = {.size = sizeof copy, .title = sw_op_name(kind)};
    if (!note)
        return copy;
    if (note->title)
        copy.title = sw_arena_str(arena, note->title);
    copy.place = note->place;
    copy.place.file = sw_arena_str(arena, note->place.file);
    return copy;
}

static void append(struct sw_graph *graph, struct node *node, const void *record, const struct sw_op_note *note) {
    sw_cleanup_vec struct sw_vec inputs = {.width = sizeof(sw_node)};
    node->record = sw_record_copy(&graph->arena, node->kind, record);
    node->note = copy_note(&graph->arena, note, node->kind);
    if (record)
        sw_record_inputs(node->kind, record, &inputs);
    node->inputs = sw_arena_copy(&graph->arena, inputs.data, inputs.len * sizeof(sw_node));
    node->input_count = inputs.len;
    node->config = config_after(graph, node->kind, node->record, node->inputs);
    if (graph->count == graph->cap) {
        graph->cap = graph->cap ? graph->cap * 2 : 32;
        graph->nodes = sw_resize(graph->nodes, graph->cap, sizeof *graph->nodes);
    }
    graph->nodes[graph->count++] = *node;
    sw_map_set(&graph->by_key, node->key, (void *)(uintptr_t)graph->count);
}

static sw_node add(struct sw_graph *graph, uint32_t kind, const void *record, const struct sw_op_note *note,
                   struct sw_error **error) {
    struct node node = {.kind = kind};
    if (record && !sw_record_check(kind, record, graph->count, error))
        return SW_NODE_NONE;
    if (!compute_keys(graph, &node, record, error))
        return SW_NODE_NONE;
    uintptr_t known = (uintptr_t)sw_map_get(&graph->by_key, node.key);
    if (known)
        return (sw_node)(known - 1);
    append(graph, &node, record, note);
    return (sw_node)(graph->count - 1);
}

static sw_node add_scratch(struct sw_graph *graph) {
    return add(graph, SW_OP_SCRATCH, NULL, NULL, NULL);
}

static sw_node add_image(struct sw_graph *graph, const struct sw_op_image *op, const struct sw_op_note *note,
                         struct sw_error **error) {
    return add(graph, SW_OP_IMAGE, op, note, error);
}

static sw_node add_tree(struct sw_graph *graph, const struct sw_op_tree *op, const struct sw_op_note *note,
                        struct sw_error **error) {
    return add(graph, SW_OP_TREE, op, note, error);
}

static sw_node add_patch(struct sw_graph *graph, const struct sw_op_patch *op, const struct sw_op_note *note,
                         struct sw_error **error) {
    return add(graph, SW_OP_PATCH, op, note, error);
}

static sw_node add_exec(struct sw_graph *graph, const struct sw_op_exec *op, const struct sw_op_note *note,
                        struct sw_error **error) {
    return add(graph, SW_OP_EXEC, op, note, error);
}

static sw_node add_copy(struct sw_graph *graph, const struct sw_op_copy *op, const struct sw_op_note *note,
                        struct sw_error **error) {
    return add(graph, SW_OP_COPY, op, note, error);
}

static sw_node add_file(struct sw_graph *graph, const struct sw_op_file *op, const struct sw_op_note *note,
                        struct sw_error **error) {
    return add(graph, SW_OP_FILE, op, note, error);
}

/* The normal form's text without a way through the form: configs can have thousands of entries of history. `sorted` is the config's
 * compact text with sorted keys. */
static void hash_config(const char *fs_key, const char *sorted, char out[SW_SHA256_HEX]) {
    sw_cleanup_free char *text = sw_format("{\"config\":%s,\"input\":\"%s\",\"op\":\"config\"}", sorted, fs_key);
    sw_sha256_hex(text, strlen(text), out);
}

/* Takes `parsed`, the op's config. */
static sw_node add_parsed(struct sw_graph *graph, const struct sw_op_config *op, json_t *parsed, const char *sorted,
                          const struct sw_op_note *note) {
    struct node node = {.kind = SW_OP_CONFIG};
    memcpy(node.fs_key, graph->nodes[op->input].fs_key, sizeof node.fs_key);
    hash_config(node.fs_key, sorted, node.key);
    uintptr_t known = (uintptr_t)sw_map_get(&graph->by_key, node.key);
    if (known) {
        json_decref(parsed);
        return (sw_node)(known - 1);
    }
    append(graph, &node, op, note);
    graph->nodes[graph->count - 1].parsed = parsed;
    return (sw_node)(graph->count - 1);
}

static sw_node add_config(struct sw_graph *graph, const struct sw_op_config *op, const struct sw_op_note *note,
                          struct sw_error **error) {
    if (!sw_record_check(SW_OP_CONFIG, op, graph->count, error))
        return SW_NODE_NONE;
    json_t *parsed = json_loads(op->config, 0, NULL);
    if (!json_is_object(parsed)) {
        json_decref(parsed);
        sw_fail(error, SW_ERROR_INTERNAL, "malformed \"config\" operation: the config is no JSON object");
        return SW_NODE_NONE;
    }
    sw_cleanup_free char *sorted = json_dumps(parsed, JSON_COMPACT | JSON_SORT_KEYS);
    return add_parsed(graph, op, parsed, sorted, note);
}

sw_node sw_graph_add_config(struct sw_graph *graph, sw_node input, json_t *config, const struct sw_op_note *note,
                            struct sw_error **error) {
    sw_cleanup_free char *sorted = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
    struct sw_op_config op = {.size = sizeof op, .input = input, .config = sorted};
    if (sw_record_check(SW_OP_CONFIG, &op, graph->count, error))
        return add_parsed(graph, &op, config, sorted, note);
    json_decref(config);
    return SW_NODE_NONE;
}

static sw_node add_merge(struct sw_graph *graph, const struct sw_op_merge *op, const struct sw_op_note *note,
                         struct sw_error **error) {
    return add(graph, SW_OP_MERGE, op, note, error);
}

static sw_node add_diff(struct sw_graph *graph, const struct sw_op_diff *op, const struct sw_op_note *note,
                        struct sw_error **error) {
    return add(graph, SW_OP_DIFF, op, note, error);
}

static sw_node add_frontend(struct sw_graph *graph, const struct sw_op_frontend *op, const struct sw_op_note *note,
                            struct sw_error **error) {
    return add(graph, SW_OP_FRONTEND, op, note, error);
}

/* ---- reading ---- */

static size_t count(const struct sw_graph *graph) {
    return graph->count;
}

static uint32_t kind_of(const struct sw_graph *graph, sw_node node) {
    return graph->nodes[node].kind;
}

static const void *record_of(const struct sw_graph *graph, sw_node node) {
    return graph->nodes[node].record;
}

static const struct sw_op_note *note_of(const struct sw_graph *graph, sw_node node) {
    return &graph->nodes[node].note;
}

static size_t inputs_of(const struct sw_graph *graph, sw_node node, const sw_node **inputs) {
    *inputs = graph->nodes[node].inputs;
    return graph->nodes[node].input_count;
}

static const char *key_of(const struct sw_graph *graph, sw_node node) {
    return graph->nodes[node].key;
}

static const char *fs_key_of(const struct sw_graph *graph, sw_node node) {
    return graph->nodes[node].fs_key;
}

static const char *config_of(const struct sw_graph *graph, sw_node node) {
    return graph->nodes[node].config;
}

json_t *sw_graph_config(struct sw_graph *graph, sw_node node) {
    struct node *at = &graph->nodes[node];
    if (!at->parsed)
        at->parsed = json_loads(at->config, 0, NULL);
    return at->parsed;
}

const struct sw_host_graph sw_host_graph_table = {
    .size = sizeof(struct sw_host_graph),
    .add_scratch = add_scratch,
    .add_image = add_image,
    .add_tree = add_tree,
    .add_patch = add_patch,
    .add_exec = add_exec,
    .add_copy = add_copy,
    .add_file = add_file,
    .add_config = add_config,
    .add_merge = add_merge,
    .add_diff = add_diff,
    .count = count,
    .kind = kind_of,
    .record = record_of,
    .note = note_of,
    .inputs = inputs_of,
    .key = key_of,
    .fs_key = fs_key_of,
    .config = config_of,
    .add_frontend = add_frontend,
};
