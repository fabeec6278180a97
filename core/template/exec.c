#include "core/template/exec.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/template/dict.h"
#include "core/template/format.h"
#include "core/template/quote.h"
#include "core/template/zone.h"

enum { MAX_DEPTH = 100000, MAX_CALLS = 2000 };

/* How executing a node ended. */
enum walked { WALK_ON, WALK_BREAK, WALK_CONTINUE, WALK_FAILED };

static void find_place(const struct sw_node *node, uint32_t *line, uint32_t *column) {
    struct sw_str text = node->source->text;
    *line = 1;
    size_t start = 0;
    for (size_t i = 0; i < node->pos && i < text.len; i++) {
        if (text.data[i] == '\n') {
            ++*line;
            start = i + 1;
        }
    }
    *column = (uint32_t)(node->pos - start);
}

void sw_exec_note_fault(struct sw_exec *exec) {
    struct sw_engine *engine = exec->engine;
    if (engine->fault && !sw_str_has_prefix(engine->fault->name, sw_str_of("tpl-")))
        return;
    engine->fault = exec->node->source;
    find_place(exec->node, &engine->fault_line, &engine->fault_column);
    engine->fault_column++;
}

bool sw_exec_fail_str(struct sw_exec *exec, struct sw_str message) {
    const struct sw_node *node = exec->node;
    uint32_t line, column;
    find_place(node, &line, &column);
    sw_exec_note_fault(exec);
    struct sw_buf *out = exec->error;
    sw_buf_puts(out, "template: ");
    sw_buf_add_str(out, node->source->name);
    sw_buf_printf(out, ":%u:%u: executing ", line, column);
    sw_quote(out, exec->tree->name, SW_UNICODE);
    sw_buf_puts(out, " at <");
    sw_node_write(out, node);
    sw_buf_puts(out, ">: ");
    sw_buf_add_str(out, message);
    return false;
}

bool sw_exec_fail(struct sw_exec *exec, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = sw_vformat(format, args);
    va_end(args);
    sw_exec_fail_str(exec, sw_str_of(text));
    free(text);
    return false;
}

bool sw_exec_step(struct sw_exec *exec) {
    if (++exec->engine->steps <= exec->engine->limits.steps)
        return true;
    return sw_exec_fail(exec, "the template does not come to an end: stopped after %llu steps",
                        (unsigned long long)exec->engine->limits.steps);
}

bool sw_exec_assign(struct sw_exec *exec, struct sw_str name, struct sw_datum value) {
    for (size_t i = exec->vars.len; i-- > 0;) {
        struct sw_variable *variable = (struct sw_variable *)exec->vars.data + i;
        if (sw_str_equal(variable->name, name)) {
            variable->value = value;
            return true;
        }
    }
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, "undefined variable: ");
    sw_buf_add_str(&text, name);
    return sw_exec_fail_str(exec, (struct sw_str){text.data, text.len});
}

/* Remembers for each line that begins in `text` where it comes from; `line` is that of its first byte, and grows with it if
 * `grows`. */
static void track(struct sw_output *out, struct sw_str text, const struct sw_source *source, uint32_t line, bool grows) {
    bool fresh = out->text.len == 0 || out->text.data[out->text.len - 1] == '\n';
    for (size_t i = 0; i < text.len;) {
        if (fresh)
            sw_vec_push(out->lines, &(struct sw_output_line){source, line});
        const char *end = memchr(text.data + i, '\n', text.len - i);
        if (!end)
            return;
        i = (size_t)(end - text.data) + 1;
        line += grows;
        fresh = true;
    }
}

static bool write_text(struct sw_exec *exec, const struct sw_node *node, struct sw_str text, bool literal) {
    struct sw_engine *engine = exec->engine;
    engine->written += text.len;
    if (engine->written > engine->limits.output)
        return sw_exec_fail(exec, "the output grows past %zu bytes", engine->limits.output);
    if (exec->out->lines)
        track(exec->out, text, node->source, node->line, literal);
    sw_buf_add_str(&exec->out->text, text);
    return true;
}

static bool print_value(struct sw_exec *exec, const struct sw_node *node, struct sw_datum value) {
    exec->node = node;
    if (value.type == SW_T_STRING)
        return write_text(exec, node, value.text, false);
    sw_cleanup_buf struct sw_buf text = {0};
    if (value.type == SW_T_NONE)
        sw_buf_puts(&text, value.boxed ? "<nil>" : "<no value>");
    else if (!sw_fmt_print(exec->engine, &text, &value, 1))
        return sw_exec_fail(exec, "the value contains itself or nests too deeply to be printed");
    return write_text(exec, node, (struct sw_str){text.data, text.len}, false);
}

static enum walked walk(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node);

static enum walked walk_if_or_with(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node) {
    size_t mark = exec->vars.len;
    struct sw_datum value;
    enum walked walked = WALK_ON;
    if (!sw_eval_pipeline(exec, dot, node->pipe, &value))
        return WALK_FAILED;
    if (sw_truth(value))
        walked = walk(exec, node->kind == SW_NODE_WITH ? value : dot, node->list);
    else if (node->other)
        walked = walk(exec, dot, node->other);
    exec->vars.len = mark;
    return walked;
}

/* Gives the loop's variables their values: with two, the index comes first; a single one gets the element. */
static bool set_loop_variables(struct sw_exec *exec, const struct sw_node *pipe, struct sw_datum index, struct sw_datum element) {
    size_t count = pipe->decl.len;
    struct sw_datum values[] = {index, element};
    for (size_t i = 0; i < count; i++) {
        struct sw_datum value = values[count > 1 ? i : 1];
        if (pipe->flag) {
            if (!sw_exec_assign(exec, pipe->decl.items[i]->text, value))
                return false;
        } else {
            ((struct sw_variable *)exec->vars.data)[exec->vars.len - count + i].value = value;
        }
    }
    return true;
}

/* One turn. WALK_BREAK ends the loop. */
static enum walked walk_turn(struct sw_exec *exec, const struct sw_node *node, size_t mark, struct sw_datum index,
                             struct sw_datum element) {
    exec->node = node->pipe;
    if (!sw_exec_step(exec) || !set_loop_variables(exec, node->pipe, index, element))
        return WALK_FAILED;
    enum walked walked = walk(exec, element, node->list);
    exec->vars.len = mark;
    return walked == WALK_CONTINUE ? WALK_ON : walked;
}

static enum walked range_map(struct sw_exec *exec, const struct sw_node *node, struct sw_datum map, size_t mark) {
    size_t count = sw_dict_len(map.dict);
    const struct sw_dict_entry *entries = sw_dict_sorted(&exec->engine->arena, map.dict);
    enum walked walked = WALK_ON;
    for (size_t i = 0; i < count && walked == WALK_ON; i++) {
        struct sw_datum key = entries[i].key, value = entries[i].value;
        key.boxed = map.type == SW_T_ANYDICT;
        value.boxed = sw_type_element(map.type) == SW_T_ANY;
        walked = walk_turn(exec, node, mark, key, value);
    }
    return walked;
}

/* Whether a value has nothing to loop over, so that the else part runs. */
static bool has_no_turns(struct sw_datum value) {
    switch (sw_type_kind(value.type)) {
    case SW_K_INT:
        return value.number <= 0;
    case SW_K_UINT:
        return value.natural == 0;
    case SW_K_SLICE:
        return sw_list_len(value) == 0;
    case SW_K_MAP:
        return sw_dict_len(value.dict) == 0;
    case SW_K_INVALID:
        return true;
    default:
        return false;
    }
}

static enum walked range_over(struct sw_exec *exec, const struct sw_node *node, struct sw_datum value, size_t mark) {
    enum walked walked = WALK_ON;
    switch (sw_type_kind(value.type)) {
    case SW_K_INT:
    case SW_K_UINT:
        for (struct sw_datum i = {.type = value.type}; i.natural < value.natural && walked == WALK_ON; i.natural++)
            walked = walk_turn(exec, node, mark, sw_none(), i);
        return walked;
    case SW_K_SLICE:
        for (size_t i = 0; i < sw_list_len(value) && walked == WALK_ON; i++)
            walked = walk_turn(exec, node, mark, sw_int((int64_t)i), sw_list_at(value, i));
        return walked;
    default:
        return range_map(exec, node, value, mark);
    }
}

static bool check_range(struct sw_exec *exec, const struct sw_node *pipe, struct sw_datum value) {
    enum sw_kind kind = sw_type_kind(value.type);
    bool number = kind == SW_K_INT || kind == SW_K_UINT;
    if (kind == SW_K_SLICE || kind == SW_K_MAP || kind == SW_K_INVALID || (number && pipe->decl.len < 2))
        return true;
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, number ? "can't use " : "range can't iterate over ");
    if (value.type == SW_T_ZONE) /* what it points to, which has no text of its own */
        sw_buf_printf(&text, "{%s [] []  0 0 <nil>}", sw_zone_name(value.zone));
    else
        sw_fmt_print(exec->engine, &text, &value, 1);
    sw_buf_puts(&text, number ? " to iterate over more than one variable" : "");
    return sw_exec_fail_str(exec, (struct sw_str){text.data, text.len});
}

static enum walked walk_range(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node) {
    size_t start = exec->vars.len;
    struct sw_datum value;
    if (!sw_eval_pipeline(exec, dot, node->pipe, &value) || !check_range(exec, node->pipe, value))
        return WALK_FAILED;
    enum walked walked = WALK_ON;
    if (!has_no_turns(value))
        walked = range_over(exec, node, value, exec->vars.len);
    else if (node->other)
        walked = walk(exec, dot, node->other);
    exec->vars.len = start;
    return walked == WALK_BREAK ? WALK_ON : walked;
}

static enum walked walk_template(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node) {
    const struct sw_tree *tree = sw_engine_find(exec->engine, node->text);
    sw_cleanup_buf struct sw_buf text = {0};
    if (!tree) {
        sw_buf_puts(&text, "template ");
        sw_quote(&text, node->text, SW_UNICODE);
        sw_buf_puts(&text, " not defined");
        sw_exec_fail_str(exec, (struct sw_str){text.data, text.len});
        return WALK_FAILED;
    }
    if (exec->depth == MAX_DEPTH || !sw_engine_has_stack(exec->engine)) {
        sw_exec_fail(exec, "exceeded maximum template depth (%d)", MAX_DEPTH);
        return WALK_FAILED;
    }
    struct sw_datum data;
    if (!sw_eval_pipeline(exec, dot, node->pipe, &data))
        return WALK_FAILED;
    struct sw_exec inner = *exec;
    inner.depth++;
    inner.tree = tree;
    inner.vars = (struct sw_vec){.width = sizeof(struct sw_variable)};
    sw_vec_push(&inner.vars, &(struct sw_variable){{"$", 1}, data});
    enum walked walked = walk(&inner, data, tree->root);
    sw_vec_fini(&inner.vars);
    return walked;
}

static enum walked walk_list(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *list) {
    enum walked walked = WALK_ON;
    for (size_t i = 0; i < list->nodes.len && walked == WALK_ON; i++)
        walked = walk(exec, dot, list->nodes.items[i]);
    return walked;
}

static enum walked walk_action(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node) {
    struct sw_datum value;
    bool good = sw_exec_step(exec) && sw_eval_pipeline(exec, dot, node->pipe, &value) &&
                (node->pipe->decl.len || print_value(exec, node, value));
    return good ? WALK_ON : WALK_FAILED;
}

static enum walked walk(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node) {
    exec->node = node;
    switch (node->kind) {
    case SW_NODE_ACTION:
        return walk_action(exec, dot, node);
    case SW_NODE_BREAK:
        return WALK_BREAK;
    case SW_NODE_CONTINUE:
        return WALK_CONTINUE;
    case SW_NODE_IF:
    case SW_NODE_WITH:
        return walk_if_or_with(exec, dot, node);
    case SW_NODE_LIST:
        return walk_list(exec, dot, node);
    case SW_NODE_RANGE:
        return walk_range(exec, dot, node);
    case SW_NODE_TEMPLATE:
        return walk_template(exec, dot, node);
    default:
        return write_text(exec, node, node->text, true) ? WALK_ON : WALK_FAILED;
    }
}

bool sw_engine_run(struct sw_engine *engine, const struct sw_tree *tree, struct sw_datum data, struct sw_output *out,
                   struct sw_buf *error) {
    struct sw_exec exec = {.engine = engine,
                           .tree = tree,
                           .node = tree->root,
                           .vars = {.width = sizeof(struct sw_variable)},
                           .out = out,
                           .error = error};
    sw_vec_push(&exec.vars, &(struct sw_variable){{"$", 1}, data});
    bool good;
    engine->runaway = engine->calls >= MAX_CALLS || !sw_engine_has_stack(engine);
    engine->calls++;
    if (engine->runaway)
        good = sw_exec_fail(&exec, "exceeded maximum template depth (%d)", MAX_CALLS);
    else
        good = walk(&exec, data, tree->root) != WALK_FAILED;
    engine->calls--;
    sw_vec_fini(&exec.vars);
    return good;
}
