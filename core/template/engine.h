/* engine.h - a rendering under way: its templates, its memory, its limits. Internal to this room. */
#ifndef CORE_TEMPLATE_ENGINE_H
#define CORE_TEMPLATE_ENGINE_H

#include "core/base/map.h"
#include "core/template/node.h"
#include "core/template/template.h"
#include "core/template/value.h"

/* Values that nest deeper than this count as containing themselves. */
enum { SW_MAX_NESTING = 20000 };

struct sw_output_line {
    const struct sw_source *source;
    uint32_t line;
};

/* Text being written. With `tracked`, each line remembers where it came from. */
struct sw_output {
    struct sw_buf text;
    struct sw_vec *lines; /* struct sw_output_line; NULL: not tracked */
};

struct sw_engine {
    const struct sw_template_input *input;
    struct sw_arena arena;
    struct sw_map functions; /* const struct sw_function */
    struct sw_map templates; /* struct sw_tree */
    struct sw_template_limits limits;
    uint64_t steps;
    size_t written;        /* bytes of output, of all levels */
    size_t memory;         /* bytes of large values made */
    int calls;             /* of `include` and `tpl` under way */
    bool runaway;          /* they went too deep: the message says so at once, without a line for each of them */
    const char *stack_end; /* the stack must not grow past this address */
    /* Of the first failure. */
    const struct sw_source *fault;
    uint32_t fault_line;
    uint32_t fault_column;
};

/* Parses a text into the set. */
bool sw_engine_parse(struct sw_engine *engine, struct sw_str name, struct sw_str text, struct sw_buf *error);

/* The tree of a template, or NULL. */
const struct sw_tree *sw_engine_find(const struct sw_engine *engine, struct sw_str name);

/* Executes a template of the set by name, as a call of its own: with `data` as its dot and no variables. */
bool sw_engine_execute(struct sw_engine *engine, struct sw_str name, struct sw_datum data, struct sw_output *out,
                       struct sw_buf *error);

/* Executes a parsed tree. */
bool sw_engine_run(struct sw_engine *engine, const struct sw_tree *tree, struct sw_datum data, struct sw_output *out,
                   struct sw_buf *error);

/* Whether the stack has room for another level of a value, and `out`, to which it is written, has not grown too large. */
bool sw_engine_may_write(const struct sw_engine *engine, const struct sw_buf *out);

/* Whether the stack has room for another level of recursion. */
bool sw_engine_has_stack(const struct sw_engine *engine);

/* Appends the "Details" that --debug-templates asks for behind an error. */
void sw_engine_explain(struct sw_engine *engine, const char *function, struct sw_str name, struct sw_str content,
                       struct sw_buf *error);

/* The text of a template printed back, without space around it. */
struct sw_str sw_engine_source(struct sw_engine *engine, struct sw_str name);

#endif
