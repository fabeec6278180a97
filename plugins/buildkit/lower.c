#include "plugins/buildkit/lower.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/buildkit/wire.h"

void sw_lower_init(struct sw_lower *lower, const struct sw_host *host, const struct sw_solve *solve) {
    size_t count = host->graph->count(solve->graph);
    *lower = (struct sw_lower){.host = host, .solve = solve};
    lower->llb.platform = solve->platform;
    lower->values = sw_new_array(count + 1, sizeof *lower->values);
    lower->known = sw_new_array(count + 1, sizeof *lower->known);
}

void sw_lower_fini(struct sw_lower *lower) {
    sw_llb_fini(&lower->llb);
    free(lower->values);
    free(lower->known);
    *lower = (struct sw_lower){0};
}

const void *sw_lower_record(const struct sw_lower *lower, sw_node node) {
    return lower->host->graph->record(lower->solve->graph, node);
}

const char *sw_lower_title(const struct sw_lower *lower, sw_node node) {
    const struct sw_op_note *note = lower->host->graph->note(lower->solve->graph, node);
    return note ? note->title : NULL;
}

struct sw_llb_value sw_lower_value(const struct sw_lower *lower, sw_node node) {
    return node == SW_NODE_NONE ? SW_LLB_SCRATCH : lower->values[node];
}

bool sw_lower_has(const struct sw_lower *lower, const char *cap) {
    return sw_daemon_has_cap(lower->daemon, cap);
}

/* ---- nodes ---- */

static bool lower_one(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    switch (lower->host->graph->kind(lower->solve->graph, node)) {
    case SW_OP_SCRATCH:
        *value = SW_LLB_SCRATCH;
        return true;
    case SW_OP_IMAGE:
        return sw_lower_image(lower, node, value, error);
    case SW_OP_TREE:
        return sw_lower_tree(lower, node, value, error);
    case SW_OP_PATCH:
        return sw_lower_patch(lower, node, value, error);
    case SW_OP_EXEC:
        return sw_lower_exec(lower, node, value, error);
    case SW_OP_COPY:
        return sw_lower_copy(lower, node, value, error);
    case SW_OP_FILE:
        return sw_lower_file(lower, node, value, error);
    case SW_OP_CONFIG:
        *value = sw_lower_value(lower, ((const struct sw_op_config *)sw_lower_record(lower, node))->input);
        return true;
    case SW_OP_MERGE:
        return sw_lower_merge(lower, node, value, error);
    case SW_OP_DIFF:
        return sw_lower_diff(lower, node, value, error);
    default:
        return sw_fail(error, SW_ERROR_UNSUPPORTED, "the BuildKit backend does not know an operation of the graph");
    }
}

bool sw_lower_node(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    const struct sw_host_graph *graph = lower->host->graph;
    sw_cleanup_free bool *wanted = sw_new_array((size_t)node + 1, sizeof *wanted);
    wanted[node] = true;
    for (sw_node i = node + 1; i-- > 0;) {
        const sw_node *inputs;
        size_t count = wanted[i] && !lower->known[i] ? graph->inputs(lower->solve->graph, i, &inputs) : 0;
        for (size_t k = 0; k < count; k++)
            wanted[inputs[k]] = true;
    }
    for (sw_node i = 0; i <= node; i++) {
        if (!wanted[i] || lower->known[i])
            continue;
        struct sw_error *cause = NULL;
        if (!lower_one(lower, i, &lower->values[i], &cause)) {
            const struct sw_op_note *note = graph->note(lower->solve->graph, i);
            return sw_pass(error, note ? sw_error_at(cause, note->place) : cause);
        }
        lower->known[i] = true;
    }
    *value = lower->values[node];
    return true;
}

/* ---- actions ---- */

void sw_lower_actions_init(struct sw_lower_actions *actions, const char *title, struct sw_llb_value base) {
    *actions = (struct sw_lower_actions){.draft = {.title = title}, .base = base};
    actions->actions.width = sizeof(struct sw_lower_action);
    sw_llb_need(&actions->draft, "file.base");
    sw_llb_input(&actions->draft, base);
}

void sw_lower_act(struct sw_lower_actions *actions, uint32_t field, const struct sw_llb_value *source, struct sw_buf *body) {
    struct sw_lower_action action = {.field = field, .has_source = source != NULL, .body = *body};
    if (source) {
        action.source = *source;
        sw_llb_input(&actions->draft, *source);
    }
    *body = (struct sw_buf){0};
    sw_vec_push(&actions->actions, &action);
}

struct sw_llb_value sw_lower_actions_add(struct sw_lower *lower, struct sw_lower_actions *actions) {
    struct sw_llb_draft *draft = &actions->draft;
    size_t count = actions->actions.len;
    for (size_t i = 0; i < count; i++) {
        struct sw_lower_action *action = sw_vec_at(&actions->actions, i);
        sw_cleanup_buf struct sw_buf message = {0};
        int64_t input = i ? (int64_t)(draft->inputs.len + i - 1) : sw_llb_input(draft, actions->base);
        sw_wire_int(&message, 1, input);
        sw_wire_int(&message, 2, action->has_source ? sw_llb_input(draft, action->source) : -1);
        sw_wire_int(&message, 3, i + 1 < count ? -1 : 0);
        sw_wire_message(&message, action->field, &action->body);
        sw_wire_message(&draft->body, 2, &message);
        sw_buf_fini(&action->body);
    }
    sw_vec_fini(&actions->actions);
    if (count)
        return sw_llb_add(&lower->llb, draft, SW_LLB_FILE);
    sw_vec_fini(&draft->inputs);
    sw_strlist_fini(&draft->caps);
    return actions->base;
}

/* A user or group: number, or name to be looked up in the base. */
static void put_user(struct sw_lower_actions *actions, struct sw_buf *owner, uint32_t field, const char *name) {
    sw_cleanup_buf struct sw_buf user = {0};
    char *end = NULL;
    unsigned long number = strtoul(name, &end, 10);
    if (*name && !*end && *name != '-') {
        /* A member of a oneof is there even when it is 0. */
        if (number)
            sw_wire_uint(&user, 2, number);
        else
            sw_buf_add(&user, "\x10\x00", 2);
    } else {
        sw_cleanup_buf struct sw_buf by_name = {0};
        sw_wire_text(&by_name, 1, name);
        sw_wire_int(&by_name, 2, sw_llb_input(&actions->draft, actions->base));
        sw_wire_message(&user, 1, &by_name);
    }
    sw_wire_message(owner, field, &user);
}

void sw_lower_owner(struct sw_lower_actions *actions, struct sw_buf *body, uint32_t field, const char *owner) {
    sw_cleanup_buf struct sw_buf message = {0};
    sw_cleanup_free char *copy = sw_strdup(owner ? owner : "0:0");
    char *rest = copy;
    const char *user = strsep(&rest, ":");
    const char *group = rest ? rest : user;
    if (*user)
        put_user(actions, &message, 1, user);
    if (*group)
        put_user(actions, &message, 2, group);
    sw_wire_message(body, field, &message);
}

void sw_lower_remove(struct sw_lower_actions *actions, const char *path, bool wildcard) {
    struct sw_buf body = {0};
    sw_wire_text(&body, 1, path);
    sw_wire_bool(&body, 2, true);
    sw_wire_bool(&body, 3, wildcard);
    if (wildcard)
        sw_llb_need(&actions->draft, "file.rm.wildcard");
    sw_lower_act(actions, 7, NULL, &body);
}

void sw_lower_copy_all(struct sw_lower_actions *actions, struct sw_llb_value source, const char *from, const char *to,
                       const char *owner) {
    struct sw_buf body = {0};
    sw_wire_text(&body, 1, from);
    sw_wire_text(&body, 2, to);
    if (owner)
        sw_lower_owner(actions, &body, 3, owner);
    sw_wire_int(&body, 4, -1);
    sw_wire_bool(&body, 6, true);
    sw_wire_bool(&body, 8, true);
    sw_wire_int(&body, 11, -1);
    sw_lower_act(actions, 4, &source, &body);
}

/* ---- removing ---- */

/* A file system in which each link is an empty file, in a folder of its own. */
static struct sw_llb_value placeholders(struct sw_lower *lower, const char *title, struct sw_strings links) {
    struct sw_lower_actions actions;
    sw_lower_actions_init(&actions, title, SW_LLB_SCRATCH);
    for (size_t i = 0; i < links.count; i++) {
        sw_cleanup_free char *name = sw_path_base(links.items[i]);
        sw_cleanup_free char *folder = sw_format("/%zu", i);
        sw_cleanup_free char *path = sw_format("%s/%s", folder, name);
        struct sw_buf made = {0}, file = {0};
        sw_wire_text(&made, 1, folder);
        sw_wire_uint(&made, 2, 0755);
        sw_wire_int(&made, 5, -1);
        sw_lower_act(&actions, 6, NULL, &made);
        sw_wire_text(&file, 1, path);
        sw_wire_uint(&file, 2, 0644);
        sw_wire_int(&file, 5, -1);
        sw_lower_act(&actions, 5, NULL, &file);
    }
    return sw_lower_actions_add(lower, &actions);
}

void sw_lower_remove_all(struct sw_lower *lower, struct sw_lower_actions *actions, struct sw_strings paths,
                         struct sw_strings links) {
    if (links.count && !sw_lower_has(lower, "file.rm.nofollowsymlink")) {
        /* What is a file then can be removed: a copy replaces links. */
        struct sw_llb_value files = placeholders(lower, actions->draft.title, links);
        for (size_t i = 0; i < links.count; i++) {
            sw_cleanup_free char *from = sw_format("/%zu", i);
            sw_cleanup_free char *to = sw_path_dir(links.items[i]);
            sw_lower_copy_all(actions, files, from, to, NULL);
        }
    }
    for (size_t i = 0; i < paths.count; i++)
        sw_lower_remove(actions, paths.items[i], false);
}

/* ---- merge and diff ---- */

bool sw_lower_merge(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    const struct sw_op_merge *op = sw_lower_record(lower, node);
    (void)error;
    if (!sw_lower_has(lower, "mergeop")) {
        /* One copy an input, so that each is a layer, as with a merge. */
        *value = sw_lower_value(lower, op->inputs[0]);
        for (uint32_t i = 1; i < op->input_count; i++) {
            struct sw_lower_actions actions;
            sw_lower_actions_init(&actions, sw_lower_title(lower, node), *value);
            sw_lower_copy_all(&actions, sw_lower_value(lower, op->inputs[i]), "/", "/", NULL);
            *value = sw_lower_actions_add(lower, &actions);
        }
        return true;
    }
    struct sw_llb_draft draft = {.title = sw_lower_title(lower, node)};
    sw_llb_need(&draft, "mergeop");
    for (uint32_t i = 0; i < op->input_count; i++) {
        sw_cleanup_buf struct sw_buf input = {0};
        struct sw_llb_value from = sw_lower_value(lower, op->inputs[i]);
        if (from.op == SIZE_MAX)
            continue;
        sw_wire_int(&input, 1, sw_llb_input(&draft, from));
        sw_wire_message(&draft.body, 1, &input);
    }
    *value = sw_llb_add(&lower->llb, &draft, SW_LLB_MERGE);
    return true;
}

bool sw_lower_diff(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    const struct sw_op_diff *op = sw_lower_record(lower, node);
    if (!sw_lower_has(lower, "diffop")) {
        sw_fail(error, SW_ERROR_UNSUPPORTED, "the BuildKit daemon at %s cannot tell what changed between two file systems (diffop)",
                lower->daemon->endpoint->address);
        if (error)
            *error = sw_error_hint(*error, "use a BuildKit daemon of 0.10 or later that is not inside Docker, or --backend local");
        return false;
    }
    struct sw_llb_draft draft = {.title = sw_lower_title(lower, node)};
    sw_cleanup_buf struct sw_buf lower_input = {0}, upper_input = {0};
    sw_llb_need(&draft, "diffop");
    sw_wire_int(&lower_input, 1, sw_llb_input(&draft, sw_lower_value(lower, op->lower)));
    sw_wire_int(&upper_input, 1, sw_llb_input(&draft, sw_lower_value(lower, op->upper)));
    sw_wire_message(&draft.body, 1, &lower_input);
    sw_wire_message(&draft.body, 2, &upper_input);
    *value = sw_llb_add(&lower->llb, &draft, SW_LLB_DIFF);
    return true;
}
