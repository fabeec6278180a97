/* exec.h - executing a parsed template: the state, and evaluation of what stands inside actions. Internal to this room.
 *
 * All functions return false on failure, with the whole message in the state's error buffer. */
#ifndef CORE_TEMPLATE_EXEC_H
#define CORE_TEMPLATE_EXEC_H

#include "core/base/vec.h"
#include "core/template/engine.h"
#include "core/template/node.h"
#include "core/template/parse.h"

struct sw_variable {
    struct sw_str name;
    struct sw_datum value;
};

struct sw_exec {
    struct sw_engine *engine;
    const struct sw_tree *tree;
    const struct sw_node *node; /* entered last, for messages */
    struct sw_vec vars;         /* struct sw_variable: a stack */
    uint32_t depth;             /* of templates within templates */
    struct sw_output *out;
    struct sw_buf *error;
};

bool sw_exec_fail(struct sw_exec *exec, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool sw_exec_fail_str(struct sw_exec *exec, struct sw_str message);

/* Remembers the current node as the place of the failure, unless one in a file (not the text of a `tpl`) is known already. */
void sw_exec_note_fault(struct sw_exec *exec);

/* Counts a step; fails when there have been too many. */
bool sw_exec_step(struct sw_exec *exec);

/* Sets the innermost variable of that name. */
bool sw_exec_assign(struct sw_exec *exec, struct sw_str name, struct sw_datum value);

/* Evaluates a pipeline (NULL: no value). Variables that it declares are left on the stack. */
bool sw_eval_pipeline(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *pipe, struct sw_datum *out);

#endif
