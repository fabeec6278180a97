/* node.h - the parse tree of a template, and how its nodes read back as text. */
#ifndef CORE_TEMPLATE_NODE_H
#define CORE_TEMPLATE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/template/value.h"

enum sw_node_kind {
    SW_NODE_TEXT,
    SW_NODE_ACTION,
    SW_NODE_BOOL,
    SW_NODE_CHAIN,
    SW_NODE_COMMAND,
    SW_NODE_DOT,
    SW_NODE_ELSE, /* never in a tree */
    SW_NODE_END,  /* never in a tree */
    SW_NODE_FIELD,
    SW_NODE_IDENTIFIER,
    SW_NODE_IF,
    SW_NODE_LIST,
    SW_NODE_NIL,
    SW_NODE_NUMBER,
    SW_NODE_PIPE,
    SW_NODE_RANGE,
    SW_NODE_STRING,
    SW_NODE_TEMPLATE,
    SW_NODE_VARIABLE,
    SW_NODE_WITH,
    SW_NODE_BREAK,
    SW_NODE_CONTINUE,
};

/* A parsed text; nodes point to theirs. */
struct sw_source {
    struct sw_str name;
    struct sw_str text;
};

struct sw_nodes {
    struct sw_node **items;
    size_t len;
    size_t cap;
};

/* A constant in each type that can hold it. */
struct sw_number {
    bool is_int, is_uint, is_float, is_complex;
    int64_t integer;
    uint64_t natural;
    double real;
    double complex complex128;
};

struct sw_function;

struct sw_node {
    enum sw_node_kind kind;
    uint32_t line;
    size_t pos;
    const struct sw_source *source;
    struct sw_str text;   /* text; literal as written; function, template or variable name */
    struct sw_str *names; /* field, chain, variable: the names behind dots */
    size_t name_count;
    struct sw_nodes nodes; /* list: elements; command: operands; pipe: commands */
    struct sw_nodes decl;  /* pipe: declared or assigned variables */
    struct sw_node *pipe;  /* action, if, range, with, template (NULL: none); chain: its operand */
    struct sw_node *list;  /* if, range, with */
    struct sw_node *other; /* their else list, or NULL */
    bool flag;             /* bool: its value; pipe: assigns instead of declaring */
    union {
        struct sw_str content; /* string: without quotes and escapes */
        const struct sw_number *number;
        const struct sw_function *function; /* identifier */
    };
};

struct sw_node *sw_node_new(struct sw_arena *arena, enum sw_node_kind kind, const struct sw_source *source, size_t pos,
                            uint32_t line);
void sw_nodes_add(struct sw_arena *arena, struct sw_nodes *nodes, struct sw_node *node);

/* The node in normal form: one space between operands, comments gone. */
void sw_node_write(struct sw_buf *out, const struct sw_node *node);

/* Whether a list holds nothing but white space. */
bool sw_node_is_empty(const struct sw_node *list);

#endif
