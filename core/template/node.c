#include "core/template/node.h"

#include <string.h>

#include "core/template/quote.h"

struct sw_node *sw_node_new(struct sw_arena *arena, enum sw_node_kind kind, const struct sw_source *source, size_t pos,
                            uint32_t line) {
    struct sw_node *node = sw_arena_new(arena, sizeof *node);
    node->kind = kind;
    node->source = source;
    node->pos = pos;
    node->line = line;
    return node;
}

void sw_nodes_add(struct sw_arena *arena, struct sw_nodes *nodes, struct sw_node *node) {
    if (nodes->len == nodes->cap) {
        size_t cap = nodes->cap ? nodes->cap * 2 : 2;
        struct sw_node **items = sw_arena_new(arena, cap * sizeof(struct sw_node *));
        if (nodes->len)
            memcpy(items, nodes->items, nodes->len * sizeof(struct sw_node *));
        nodes->items = items;
        nodes->cap = cap;
    }
    nodes->items[nodes->len++] = node;
}

static void write_names(struct sw_buf *out, const struct sw_node *node) {
    for (size_t i = 0; i < node->name_count; i++) {
        sw_buf_putc(out, '.');
        sw_buf_add_str(out, node->names[i]);
    }
}

/* An operand: a pipeline in parentheses, anything else bare. */
static void write_operand(struct sw_buf *out, const struct sw_node *node) {
    bool parentheses = node->kind == SW_NODE_PIPE;
    sw_buf_puts(out, parentheses ? "(" : "");
    sw_node_write(out, node);
    sw_buf_puts(out, parentheses ? ")" : "");
}

static void write_pipe(struct sw_buf *out, const struct sw_node *pipe) {
    for (size_t i = 0; i < pipe->decl.len; i++) {
        sw_buf_puts(out, i ? ", " : "");
        sw_node_write(out, pipe->decl.items[i]);
    }
    if (pipe->decl.len)
        sw_buf_puts(out, pipe->flag ? " = " : " := ");
    for (size_t i = 0; i < pipe->nodes.len; i++) {
        sw_buf_puts(out, i ? " | " : "");
        sw_node_write(out, pipe->nodes.items[i]);
    }
}

static void write_branch(struct sw_buf *out, const struct sw_node *node, const char *word) {
    sw_buf_printf(out, "{{%s ", word);
    sw_node_write(out, node->pipe);
    sw_buf_puts(out, "}}");
    sw_node_write(out, node->list);
    if (node->other) {
        sw_buf_puts(out, "{{else}}");
        sw_node_write(out, node->other);
    }
    sw_buf_puts(out, "{{end}}");
}

static void write_template(struct sw_buf *out, const struct sw_node *node) {
    sw_buf_puts(out, "{{template ");
    sw_quote(out, node->text, SW_UNICODE);
    if (node->pipe) {
        sw_buf_putc(out, ' ');
        sw_node_write(out, node->pipe);
    }
    sw_buf_puts(out, "}}");
}

void sw_node_write(struct sw_buf *out, const struct sw_node *node) {
    switch (node->kind) {
    case SW_NODE_TEXT:
    case SW_NODE_IDENTIFIER:
    case SW_NODE_NUMBER:
    case SW_NODE_STRING:
        sw_buf_add_str(out, node->text);
        break;
    case SW_NODE_ACTION:
        sw_buf_puts(out, "{{");
        sw_node_write(out, node->pipe);
        sw_buf_puts(out, "}}");
        break;
    case SW_NODE_BOOL:
        sw_buf_puts(out, node->flag ? "true" : "false");
        break;
    case SW_NODE_CHAIN:
        write_operand(out, node->pipe);
        write_names(out, node);
        break;
    case SW_NODE_COMMAND:
        for (size_t i = 0; i < node->nodes.len; i++) {
            sw_buf_puts(out, i ? " " : "");
            write_operand(out, node->nodes.items[i]);
        }
        break;
    case SW_NODE_DOT:
        sw_buf_putc(out, '.');
        break;
    case SW_NODE_ELSE:
        sw_buf_puts(out, "{{else}}");
        break;
    case SW_NODE_END:
        sw_buf_puts(out, "{{end}}");
        break;
    case SW_NODE_VARIABLE:
        sw_buf_add_str(out, node->text);
        write_names(out, node);
        break;
    case SW_NODE_FIELD:
        write_names(out, node);
        break;
    case SW_NODE_IF:
        write_branch(out, node, "if");
        break;
    case SW_NODE_RANGE:
        write_branch(out, node, "range");
        break;
    case SW_NODE_WITH:
        write_branch(out, node, "with");
        break;
    case SW_NODE_LIST:
        for (size_t i = 0; i < node->nodes.len; i++)
            sw_node_write(out, node->nodes.items[i]);
        break;
    case SW_NODE_NIL:
        sw_buf_puts(out, "nil");
        break;
    case SW_NODE_PIPE:
        write_pipe(out, node);
        break;
    case SW_NODE_TEMPLATE:
        write_template(out, node);
        break;
    case SW_NODE_BREAK:
        sw_buf_puts(out, "{{break}}");
        break;
    case SW_NODE_CONTINUE:
        sw_buf_puts(out, "{{continue}}");
        break;
    }
}

bool sw_node_is_empty(const struct sw_node *list) {
    for (size_t i = 0; i < list->nodes.len; i++) {
        const struct sw_node *node = list->nodes.items[i];
        if (node->kind == SW_NODE_LIST ? !sw_node_is_empty(node) : node->kind != SW_NODE_TEXT)
            return false;
        if (node->kind == SW_NODE_TEXT && sw_str_trim_space(node->text).len)
            return false;
    }
    return true;
}
