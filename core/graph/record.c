#include "core/graph/record.h"

#include <jansson.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/graph/graph.h"

/* ---- copying ---- */

static struct sw_filter *copy_filters(struct sw_arena *arena, const struct sw_filter *filters, size_t count) {
    struct sw_filter *copy = sw_arena_copy(arena, filters, count * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i].base = sw_arena_str(arena, copy[i].base);
        copy[i].include = sw_arena_strings(arena, copy[i].include);
        copy[i].exclude = sw_arena_strings(arena, copy[i].exclude);
        copy[i].ignore = sw_arena_strings(arena, copy[i].ignore);
    }
    return copy;
}

static void *copy_tree(struct sw_arena *arena, const struct sw_op_tree *op) {
    struct sw_op_tree *copy = sw_arena_copy(arena, op, sizeof *op);
    copy->scope = sw_arena_str(arena, op->scope);
    copy->filters = copy_filters(arena, op->filters, op->filter_count);
    copy->host_root = sw_arena_str(arena, op->host_root);
    copy->host_paths = sw_arena_strings(arena, op->host_paths);
    copy->host_strip = sw_arena_str(arena, op->host_strip);
    struct sw_inline_file *inlines = sw_arena_copy(arena, op->inlines, op->inline_count * sizeof *inlines);
    for (size_t i = 0; i < op->inline_count; i++) {
        inlines[i].path = sw_arena_str(arena, inlines[i].path);
        inlines[i].content = sw_arena_bytes(arena, inlines[i].content);
    }
    copy->inlines = inlines;
    copy->url = sw_arena_str(arena, op->url);
    copy->url_checksum = sw_arena_str(arena, op->url_checksum);
    copy->url_filename = sw_arena_str(arena, op->url_filename);
    copy->url_ref = sw_arena_str(arena, op->url_ref);
    copy->url_subdir = sw_arena_str(arena, op->url_subdir);
    return copy;
}

static void *copy_patch(struct sw_arena *arena, const struct sw_op_patch *op) {
    struct sw_op_patch *copy = sw_arena_copy(arena, op, sizeof *op);
    struct sw_patch_part *parts = sw_arena_copy(arena, op->parts, op->part_count * sizeof *parts);
    for (size_t i = 0; i < op->part_count; i++) {
        struct sw_mapping *mapping = &parts[i].mapping;
        mapping->add = sw_arena_str(arena, mapping->add);
        mapping->to = sw_arena_str(arena, mapping->to);
        mapping->include = sw_arena_strings(arena, mapping->include);
        mapping->exclude = sw_arena_strings(arena, mapping->exclude);
        mapping->owner = sw_arena_str(arena, mapping->owner);
        mapping->group = sw_arena_str(arena, mapping->group);
        parts[i].base = sw_arena_str(arena, parts[i].base);
    }
    copy->parts = parts;
    return copy;
}

static void *copy_exec(struct sw_arena *arena, const struct sw_op_exec *op) {
    struct sw_op_exec *copy = sw_arena_copy(arena, op, sizeof *op);
    copy->argv = sw_arena_strings(arena, op->argv);
    copy->env = sw_arena_strings(arena, op->env);
    copy->cwd = sw_arena_str(arena, op->cwd);
    copy->user = sw_arena_str(arena, op->user);
    struct sw_mount *mounts = sw_arena_copy(arena, op->mounts, op->mount_count * sizeof *mounts);
    for (size_t i = 0; i < op->mount_count; i++) {
        mounts[i].source = sw_arena_str(arena, mounts[i].source);
        mounts[i].target = sw_arena_str(arena, mounts[i].target);
        mounts[i].id = sw_arena_str(arena, mounts[i].id);
        mounts[i].env = sw_arena_str(arena, mounts[i].env);
    }
    copy->mounts = mounts;
    copy->extra_hosts = sw_arena_pairs(arena, op->extra_hosts);
    copy->hostname = sw_arena_str(arena, op->hostname);
    copy->stdin_bytes = sw_arena_bytes(arena, op->stdin_bytes);
    copy->platform = sw_arena_str(arena, op->platform);
    return copy;
}

static void *copy_copy(struct sw_arena *arena, const struct sw_op_copy *op) {
    struct sw_op_copy *copy = sw_arena_copy(arena, op, sizeof *op);
    struct sw_copy_source *sources = sw_arena_copy(arena, op->sources, op->source_count * sizeof *sources);
    for (size_t i = 0; i < op->source_count; i++) {
        sources[i].path = sw_arena_str(arena, sources[i].path);
        sources[i].dest = sw_arena_str(arena, sources[i].dest);
        sources[i].include = sw_arena_strings(arena, sources[i].include);
        sources[i].exclude = sw_arena_strings(arena, sources[i].exclude);
        sources[i].owner = sw_arena_str(arena, sources[i].owner);
        sources[i].mode = sw_arena_str(arena, sources[i].mode);
    }
    copy->sources = sources;
    return copy;
}

static void *copy_file(struct sw_arena *arena, const struct sw_op_file *op) {
    struct sw_op_file *copy = sw_arena_copy(arena, op, sizeof *op);
    struct sw_file_action *actions = sw_arena_copy(arena, op->actions, op->action_count * sizeof *actions);
    for (size_t i = 0; i < op->action_count; i++) {
        actions[i].path = sw_arena_str(arena, actions[i].path);
        actions[i].target = sw_arena_str(arena, actions[i].target);
        actions[i].owner = sw_arena_str(arena, actions[i].owner);
        actions[i].content = sw_arena_bytes(arena, actions[i].content);
    }
    copy->actions = actions;
    return copy;
}

static void *copy_frontend(struct sw_arena *arena, const struct sw_op_frontend *op) {
    struct sw_op_frontend *copy = sw_arena_copy(arena, op, sizeof *op);
    copy->source = sw_arena_str(arena, op->source);
    copy->options = sw_arena_pairs(arena, op->options);
    struct sw_frontend_input *inputs = sw_arena_copy(arena, op->inputs, op->input_count * sizeof *inputs);
    for (size_t i = 0; i < op->input_count; i++)
        inputs[i].name = sw_arena_str(arena, inputs[i].name);
    copy->inputs = inputs;
    return copy;
}

void *sw_record_copy(struct sw_arena *arena, uint32_t kind, const void *record) {
    switch (kind) {
    case SW_OP_IMAGE:
        return sw_arena_copy(arena, record, sizeof(struct sw_op_image));
    case SW_OP_TREE:
        return copy_tree(arena, record);
    case SW_OP_PATCH:
        return copy_patch(arena, record);
    case SW_OP_EXEC:
        return copy_exec(arena, record);
    case SW_OP_COPY:
        return copy_copy(arena, record);
    case SW_OP_FILE:
        return copy_file(arena, record);
    case SW_OP_CONFIG: {
        struct sw_op_config *copy = sw_arena_copy(arena, record, sizeof *copy);
        copy->config = sw_arena_str(arena, copy->config);
        return copy;
    }
    case SW_OP_MERGE: {
        struct sw_op_merge *copy = sw_arena_copy(arena, record, sizeof *copy);
        copy->inputs = sw_arena_copy(arena, copy->inputs, copy->input_count * sizeof *copy->inputs);
        return copy;
    }
    case SW_OP_DIFF:
        return sw_arena_copy(arena, record, sizeof(struct sw_op_diff));
    case SW_OP_FRONTEND:
        return copy_frontend(arena, record);
    default:
        return NULL;
    }
}

/* ---- inputs ---- */

static void add_input(struct sw_vec *inputs, sw_node node) {
    if (node != SW_NODE_NONE)
        sw_vec_push(inputs, &node);
}

void sw_record_inputs(uint32_t kind, const void *record, struct sw_vec *inputs) {
    switch (kind) {
    case SW_OP_PATCH:
        add_input(inputs, ((const struct sw_op_patch *)record)->input);
        break;
    case SW_OP_EXEC: {
        const struct sw_op_exec *op = record;
        add_input(inputs, op->input);
        for (size_t i = 0; i < op->mount_count; i++)
            add_input(inputs, op->mounts[i].from);
        break;
    }
    case SW_OP_COPY: {
        const struct sw_op_copy *op = record;
        add_input(inputs, op->input);
        for (size_t i = 0; i < op->source_count; i++)
            add_input(inputs, op->sources[i].from);
        break;
    }
    case SW_OP_FILE:
        add_input(inputs, ((const struct sw_op_file *)record)->input);
        break;
    case SW_OP_CONFIG:
        add_input(inputs, ((const struct sw_op_config *)record)->input);
        break;
    case SW_OP_MERGE: {
        const struct sw_op_merge *op = record;
        for (uint32_t i = 0; i < op->input_count; i++)
            add_input(inputs, op->inputs[i]);
        break;
    }
    case SW_OP_DIFF:
        add_input(inputs, ((const struct sw_op_diff *)record)->lower);
        add_input(inputs, ((const struct sw_op_diff *)record)->upper);
        break;
    case SW_OP_FRONTEND: {
        const struct sw_op_frontend *op = record;
        add_input(inputs, op->context);
        add_input(inputs, op->build_file);
        for (size_t i = 0; i < op->input_count; i++)
            add_input(inputs, op->inputs[i].node);
        break;
    }
    default:
        break;
    }
}

/* ---- checking ---- */

static bool defect(struct sw_error **error, uint32_t kind, const char *what) {
    return sw_fail(error, SW_ERROR_INTERNAL, "malformed \"%s\" operation: %s", sw_op_name(kind), what);
}

static bool is_absolute(const char *path) {
    return path && path[0] == '/' && strlen(path) < 4096;
}

static bool check_exec(const struct sw_op_exec *op, struct sw_error **error) {
    if (op->argv.count == 0 || !op->argv.items[0])
        return defect(error, SW_OP_EXEC, "no program to run");
    if (!is_absolute(op->cwd))
        return defect(error, SW_OP_EXEC, "the working directory is not absolute");
    for (size_t i = 0; i < op->env.count; i++)
        if (!strchr(op->env.items[i], '='))
            return defect(error, SW_OP_EXEC, "an environment entry has no '='");
    for (size_t i = 0; i < op->mount_count; i++) {
        const struct sw_mount *mount = &op->mounts[i];
        if (mount->kind > SW_MOUNT_HOST)
            return defect(error, SW_OP_EXEC, "a mount of unknown kind");
        if (!is_absolute(mount->target) && !(mount->kind == SW_MOUNT_SECRET && mount->env))
            return defect(error, SW_OP_EXEC, "a mount's target is not absolute");
        if ((mount->kind == SW_MOUNT_SECRET || mount->kind == SW_MOUNT_SSH) && !mount->id)
            return defect(error, SW_OP_EXEC, "a secret or ssh mount without an id");
    }
    return true;
}

static bool check_copy(const struct sw_op_copy *op, struct sw_error **error) {
    for (size_t i = 0; i < op->source_count; i++) {
        if (op->sources[i].from == SW_NODE_NONE || !op->sources[i].path)
            return defect(error, SW_OP_COPY, "a source without node or path");
        if (!is_absolute(op->sources[i].dest))
            return defect(error, SW_OP_COPY, "a destination is not absolute");
    }
    return true;
}

static bool check_file(const struct sw_op_file *op, struct sw_error **error) {
    for (size_t i = 0; i < op->action_count; i++)
        if (op->actions[i].kind > SW_FILE_EMPTY || !is_absolute(op->actions[i].path))
            return defect(error, SW_OP_FILE, "an action of unknown kind, or a path that is not absolute");
    return true;
}

static bool check_config(const struct sw_op_config *op, struct sw_error **error) {
    return op->config || defect(error, SW_OP_CONFIG, "no config");
}

static bool check_tree(const struct sw_op_tree *op, struct sw_error **error) {
    if (op->url && (op->commit || op->host_paths.count || op->inline_count))
        return defect(error, SW_OP_TREE, "a url stands alone");
    for (size_t i = 0; i < op->inline_count; i++)
        if (!op->inlines[i].path || !*op->inlines[i].path)
            return defect(error, SW_OP_TREE, "an inline file without a path");
    return true;
}

static bool check_patch(const struct sw_op_patch *op, struct sw_error **error) {
    for (size_t i = 0; i < op->part_count; i++)
        if (!op->parts[i].mapping.commit || !op->parts[i].base || !is_absolute(op->parts[i].mapping.to))
            return defect(error, SW_OP_PATCH, "a part without commits or an absolute destination");
    return true;
}

static bool check_frontend(const struct sw_op_frontend *op, struct sw_error **error) {
    if (!op->source || !*op->source || op->context == SW_NODE_NONE || op->build_file == SW_NODE_NONE)
        return defect(error, SW_OP_FRONTEND, "no program, context or build file");
    for (size_t i = 0; i < op->input_count; i++)
        if (!op->inputs[i].name || op->inputs[i].node == SW_NODE_NONE)
            return defect(error, SW_OP_FRONTEND, "an input without a name or node");
    return true;
}

bool sw_record_check(uint32_t kind, const void *record, size_t node_count, struct sw_error **error) {
    sw_cleanup_vec struct sw_vec inputs = {.width = sizeof(sw_node)};
    sw_record_inputs(kind, record, &inputs);
    for (size_t i = 0; i < inputs.len; i++)
        if (*(sw_node *)sw_vec_at(&inputs, i) >= node_count)
            return defect(error, kind, "an input that does not exist");
    bool has_input = kind == SW_OP_PATCH || kind == SW_OP_EXEC || kind == SW_OP_COPY || kind == SW_OP_FILE || kind == SW_OP_CONFIG;
    if (has_input && inputs.len == 0)
        return defect(error, kind, "no input");
    switch (kind) {
    case SW_OP_IMAGE:
        return ((const struct sw_op_image *)record)->image || defect(error, kind, "no image");
    case SW_OP_TREE:
        return check_tree(record, error);
    case SW_OP_PATCH:
        return check_patch(record, error);
    case SW_OP_EXEC:
        return check_exec(record, error);
    case SW_OP_COPY:
        return check_copy(record, error);
    case SW_OP_FILE:
        return check_file(record, error);
    case SW_OP_CONFIG:
        return check_config(record, error);
    case SW_OP_MERGE:
        return inputs.len > 0 || defect(error, kind, "no input");
    case SW_OP_DIFF:
        return inputs.len == 2 || defect(error, kind, "it needs two inputs");
    case SW_OP_FRONTEND:
        return check_frontend(record, error);
    default:
        return sw_fail(error, SW_ERROR_INTERNAL, "unknown operation %u", kind);
    }
}
