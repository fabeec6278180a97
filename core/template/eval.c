#include "core/template/exec.h"

#include <string.h>

#include "core/template/dict.h"
#include "core/template/function.h"
#include "core/template/literal.h"
#include "core/template/method.h"

/* Operands of a command with the function first, as (operands, count); `final` is the value that came by the pipe, or NULL. */
struct arguments {
    const struct sw_nodes *nodes; /* NULL: none, not even the function itself */
    const struct sw_datum *final;
};

static const struct arguments no_arguments = {NULL, NULL};

static bool is_invalid(struct sw_datum value) {
    return value.type == SW_T_NONE && !value.boxed;
}

static bool fail_node(struct sw_exec *exec, const char *before, const struct sw_node *node, const char *after) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, before);
    sw_node_write(&text, node);
    sw_buf_puts(&text, after);
    return sw_exec_fail_str(exec, (struct sw_str){text.data, text.len});
}

static bool fail_field(struct sw_exec *exec, const char *before, struct sw_str field, const char *after, const char *type) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, before);
    sw_buf_add_str(&text, field);
    sw_buf_printf(&text, "%s%s", after, type);
    return sw_exec_fail_str(exec, (struct sw_str){text.data, text.len});
}

static bool can_be_nil(enum sw_type type) {
    enum sw_kind kind = sw_type_kind(type);
    return kind == SW_K_INTERFACE || kind == SW_K_MAP || kind == SW_K_SLICE || kind == SW_K_POINTER || type == SW_T_REFLECT;
}

/* The zero of a type that can be nil. */
static struct sw_datum nil_of(enum sw_type type) {
    return type == SW_T_ANY || type == SW_T_REFLECT ? sw_none() : (struct sw_datum){.type = type};
}

/* Makes `value` one of `type`, or fails. SW_T_NONE takes everything. */
static bool validate(struct sw_exec *exec, struct sw_datum value, enum sw_type type, struct sw_datum *out) {
    *out = value;
    if (type == SW_T_NONE || (type == SW_T_REFLECT && !is_invalid(value)))
        return true;
    if (is_invalid(value)) {
        if (!can_be_nil(type))
            return sw_exec_fail(exec, "invalid value; expected %s", sw_type_name(type));
        *out = nil_of(type);
        return true;
    }
    if (type != SW_T_ANY && (value.type != type || value.type == SW_T_NONE))
        return sw_exec_fail(exec, "wrong type for value; expected %s; got %s", sw_type_name(type),
                            value.type == SW_T_NONE ? "interface {}" : sw_type_name(value.type));
    *out = sw_unboxed(value);
    return true;
}

static bool eval_field_node(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node, struct arguments args,
                            struct sw_datum *out);
static bool eval_chain_node(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node, struct arguments args,
                            struct sw_datum *out);
static bool eval_variable_node(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node, struct arguments args,
                               struct sw_datum *out);
static bool eval_function(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node, const struct sw_node *command,
                          struct arguments args, struct sw_datum *out);

/* The value of a number whose type nothing asks for. */
static bool ideal_constant(struct sw_exec *exec, const struct sw_node *node, struct sw_datum *out) {
    exec->node = node;
    *out = sw_number_ideal(node->number, node->text);
    return !is_invalid(*out) || fail_node(exec, "", node, " overflows int");
}

static bool expected(struct sw_exec *exec, const char *what, const struct sw_node *node) {
    return fail_node(exec, what, node, "");
}

static bool eval_literal_as(struct sw_exec *exec, enum sw_type type, const struct sw_node *node, struct sw_datum *out) {
    bool number = node->kind == SW_NODE_NUMBER;
    sw_cleanup_buf struct sw_buf after = {0};
    switch (sw_type_kind(type)) {
    case SW_K_BOOL:
        *out = sw_bool(node->flag);
        return node->kind == SW_NODE_BOOL || expected(exec, "expected bool; found ", node);
    case SW_K_FLOAT:
        if (!number || !node->number->is_float)
            return expected(exec, "expected float; found ", node);
        *out = sw_float(node->number->real);
        return true;
    case SW_K_INT:
        if (!number || !node->number->is_int)
            return expected(exec, "expected integer; found ", node);
        *out = (struct sw_datum){.type = type, .number = node->number->integer};
        return true;
    case SW_K_UINT:
        if (!number || !node->number->is_uint)
            return expected(exec, "expected unsigned integer; found ", node);
        *out = (struct sw_datum){.type = type,
                                 .natural = type == SW_T_UINT32 ? (uint32_t)node->number->natural : node->number->natural};
        return true;
    case SW_K_STRING:
        if (node->kind != SW_NODE_STRING)
            return expected(exec, "expected string; found ", node);
        *out = sw_text(node->content);
        return true;
    default:
        sw_buf_printf(&after, " for arg of type %s", sw_type_name(type));
        return fail_node(exec, "can't handle ", node, after.data);
    }
}

static bool eval_literal(struct sw_exec *exec, enum sw_type type, const struct sw_node *node, struct sw_datum *out) {
    if (type != SW_T_ANY && type != SW_T_REFLECT)
        return eval_literal_as(exec, type, node, out);
    if (node->kind == SW_NODE_BOOL)
        *out = sw_bool(node->flag);
    else if (node->kind == SW_NODE_STRING)
        *out = sw_text(node->content);
    else
        return ideal_constant(exec, node, out);
    return true;
}

static bool eval_argument(struct sw_exec *exec, struct sw_datum dot, enum sw_type type, const struct sw_node *node,
                          struct sw_datum *out) {
    exec->node = node;
    struct sw_datum value;
    bool good;
    switch (node->kind) {
    case SW_NODE_DOT:
        return validate(exec, dot, type, out);
    case SW_NODE_NIL:
        *out = nil_of(type);
        return can_be_nil(type) || sw_exec_fail(exec, "cannot assign nil to %s", sw_type_name(type));
    case SW_NODE_FIELD:
        good = eval_field_node(exec, dot, node, no_arguments, &value);
        break;
    case SW_NODE_VARIABLE:
        good = eval_variable_node(exec, dot, node, no_arguments, &value);
        break;
    case SW_NODE_PIPE:
        good = sw_eval_pipeline(exec, dot, node, &value);
        break;
    case SW_NODE_IDENTIFIER:
        good = eval_function(exec, dot, node, node, no_arguments, &value);
        break;
    case SW_NODE_CHAIN:
        good = eval_chain_node(exec, dot, node, no_arguments, &value);
        break;
    default:
        return eval_literal(exec, type, node, out);
    }
    return good && validate(exec, value, type, out);
}

static size_t argument_count(struct arguments args) {
    return args.nodes ? args.nodes->len - 1 : 0;
}

/* `and` and `or` evaluate only as many arguments as they need. */
static bool eval_short_circuit(struct sw_exec *exec, struct sw_datum dot, bool decides, struct arguments args,
                               struct sw_datum *out) {
    size_t count = argument_count(args);
    for (size_t i = 0; i < count; i++) {
        if (!eval_argument(exec, dot, SW_T_REFLECT, args.nodes->items[i + 1], out))
            return false;
        if (sw_truth(*out) == decides)
            return true;
    }
    return !args.final || validate(exec, *args.final, SW_T_REFLECT, out);
}

/* Whether the number of arguments fits; `*fixed` is that of the parameters before a variadic one. */
static bool check_count(struct sw_exec *exec, const struct sw_function *function, struct sw_str name, struct arguments args,
                        size_t *fixed, bool *variadic) {
    size_t params = strlen(function->params), given = argument_count(args) + (args.final != NULL);
    *variadic = params && function->params[params - 1] == '*';
    *fixed = *variadic ? params - 2 : params;
    sw_cleanup_buf struct sw_buf text = {0};
    if (*variadic ? given >= *fixed : given == *fixed)
        return true;
    if (exec->engine->input->include_alone && given == 1 && strcmp(function->name, "include") == 0)
        return true;
    if (*variadic)
        sw_buf_printf(&text, ": want at least %zu got %zu", *fixed, argument_count(args));
    else
        sw_buf_printf(&text, ": want %zu got %zu", *fixed, given);
    return fail_field(exec, "wrong number of args for ", name, text.data, "");
}

static enum sw_type param_at(const struct sw_function *function, size_t index, size_t fixed, bool variadic) {
    return sw_param_type(function->params[variadic && index >= fixed ? fixed : index]);
}

/* Calls a function or (with `self`) a method. Messages about the call itself point at `at`. */
static bool eval_call(struct sw_exec *exec, struct sw_datum dot, const struct sw_function *function, const char *misfit,
                      struct sw_datum self, const struct sw_node *at, struct arguments args, struct sw_datum *out) {
    struct sw_str name = sw_str_of(function->name);
    size_t fixed, count = argument_count(args);
    bool variadic;
    if (!sw_exec_step(exec) || !check_count(exec, function, name, args, &fixed, &variadic))
        return false;
    if (misfit)
        return sw_exec_fail(exec, "%s", misfit);
    if (!function->call)
        return eval_short_circuit(exec, dot, function->name[0] == 'o', args, out);
    struct sw_datum few[8], *values = few;
    if (count + 1 > sizeof few / sizeof few[0])
        values = sw_arena_new(&exec->engine->arena, (count + 1) * sizeof *values);
    for (size_t i = 0; i < count; i++)
        if (!eval_argument(exec, dot, param_at(function, i, fixed, variadic), args.nodes->items[i + 1], &values[i]))
            return false;
    if (args.final && !validate(exec, *args.final, param_at(function, count, fixed, variadic), &values[count]))
        return false;
    sw_cleanup_buf struct sw_buf error = {0};
    struct sw_call call = {.engine = exec->engine,
                           .arena = &exec->engine->arena,
                           .name = function->name,
                           .at = at,
                           .self = self,
                           .args = values,
                           .count = count + (args.final != NULL),
                           .error = &error};
    if (!function->call(&call)) {
        exec->node = at;
        sw_cleanup_buf struct sw_buf text = {0};
        if (exec->engine->runaway) {
            sw_exec_note_fault(exec);
            sw_buf_add(exec->error, sw_buf_text(&error), error.len);
            return false;
        }
        sw_buf_printf(&text, "error calling %s: ", function->name);
        sw_buf_add(&text, sw_buf_text(&error), error.len);
        return sw_exec_fail_str(exec, (struct sw_str){text.data, text.len});
    }
    *out = call.result;
    if (function->result == 'a')
        out->boxed = true;
    return true;
}

static bool eval_function(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node, const struct sw_node *command,
                          struct arguments args, struct sw_datum *out) {
    exec->node = node;
    return eval_call(exec, dot, node->function, NULL, sw_none(), command, args, out);
}

/* A field of a struct; `*found` is false where there is none of that name. */
static bool eval_struct_field(struct sw_exec *exec, struct sw_datum receiver, struct sw_str name, const char *type, bool has_args,
                              struct sw_datum *out, bool *found) {
    enum sw_field field = sw_struct_field(receiver, name, out);
    *found = field != SW_FIELD_NONE;
    if (field == SW_FIELD_HIDDEN)
        return fail_field(exec, "", name, " is an unexported field of struct type ", type);
    if (field == SW_FIELD_OPEN && has_args)
        return fail_field(exec, "", name, " has arguments but cannot be invoked as function", "");
    return true;
}

/* One step of a chain: the method, field or entry `name` of `receiver`. */
static bool eval_field(struct sw_exec *exec, struct sw_datum dot, struct sw_str name, const struct sw_node *node,
                       struct arguments args, struct sw_datum receiver, struct sw_datum *out) {
    *out = sw_none();
    if (is_invalid(receiver))
        return true;
    const char *type = sw_datum_type_name(receiver);
    sw_cleanup_buf struct sw_buf text = {0};
    if (receiver.type == SW_T_NONE) {
        sw_buf_printf(&text, "nil pointer evaluating %s.", type);
        return fail_field(exec, text.data, name, "", "");
    }
    receiver.boxed = false;
    const struct sw_method *method = sw_method_find(receiver.type, name);
    if (method)
        return eval_call(exec, dot, &method->function, method->misfit, receiver, node, args, out);
    bool has_args = argument_count(args) > 0 || args.final, found;
    if (!eval_struct_field(exec, receiver, name, type, has_args, out, &found))
        return false;
    if (found)
        return true;
    if (!sw_is_map(receiver))
        return fail_field(exec, "can't evaluate field ", name, " in type ", type);
    if (has_args)
        return fail_field(exec, "", name, " is not a method but has arguments", "");
    struct sw_datum *entry = sw_dict_get(receiver.dict, name);
    if (entry) {
        *out = *entry;
        out->boxed = sw_type_element(receiver.type) == SW_T_ANY;
    }
    return true;
}

/* Walks a chain of names; the last one gets the arguments. */
static bool eval_names(struct sw_exec *exec, struct sw_datum dot, struct sw_datum receiver, const struct sw_node *node,
                       struct arguments args, struct sw_datum *out) {
    for (size_t i = 0; i < node->name_count; i++) {
        bool last = i + 1 == node->name_count;
        if (!eval_field(exec, dot, node->names[i], node, last ? args : no_arguments, receiver, out))
            return false;
        receiver = *out;
    }
    return true;
}

static bool eval_field_node(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node, struct arguments args,
                            struct sw_datum *out) {
    exec->node = node;
    return eval_names(exec, dot, dot, node, args, out);
}

static bool eval_chain_node(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node, struct arguments args,
                            struct sw_datum *out) {
    exec->node = node;
    struct sw_datum value;
    if (!eval_argument(exec, dot, SW_T_NONE, node->pipe, &value))
        return false;
    return eval_names(exec, dot, value, node, args, out);
}

static bool not_a_function(struct sw_exec *exec, struct arguments args) {
    if (argument_count(args) == 0 && !args.final)
        return true;
    return fail_node(exec, "can't give argument to non-function ", args.nodes->items[0], "");
}

static bool eval_variable_node(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *node, struct arguments args,
                               struct sw_datum *out) {
    exec->node = node;
    for (size_t i = exec->vars.len; i-- > 0;) {
        const struct sw_variable *variable = (const struct sw_variable *)exec->vars.data + i;
        if (!sw_str_equal(variable->name, node->text))
            continue;
        if (node->name_count)
            return eval_names(exec, dot, variable->value, node, args, out);
        *out = variable->value;
        return not_a_function(exec, args);
    }
    return fail_field(exec, "undefined variable: ", node->text, "", "");
}

static bool eval_command(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *command, const struct sw_datum *final,
                         struct sw_datum *out) {
    const struct sw_node *first = command->nodes.items[0];
    struct arguments args = {&command->nodes, final};
    switch (first->kind) {
    case SW_NODE_FIELD:
        return eval_field_node(exec, dot, first, args, out);
    case SW_NODE_CHAIN:
        return eval_chain_node(exec, dot, first, args, out);
    case SW_NODE_IDENTIFIER:
        return eval_function(exec, dot, first, command, args, out);
    case SW_NODE_PIPE:
        return not_a_function(exec, args) && sw_eval_pipeline(exec, dot, first, out);
    case SW_NODE_VARIABLE:
        return eval_variable_node(exec, dot, first, args, out);
    default:
        break;
    }
    exec->node = first;
    if (!not_a_function(exec, args))
        return false;
    switch (first->kind) {
    case SW_NODE_DOT:
        *out = dot;
        return true;
    case SW_NODE_NIL:
        return sw_exec_fail(exec, "nil is not a command");
    default:
        return eval_literal(exec, SW_T_ANY, first, out);
    }
}

bool sw_eval_pipeline(struct sw_exec *exec, struct sw_datum dot, const struct sw_node *pipe, struct sw_datum *out) {
    *out = sw_none();
    if (!pipe)
        return true;
    exec->node = pipe;
    if (!sw_engine_has_stack(exec->engine))
        return sw_exec_fail(exec, "exceeded maximum template depth");
    struct sw_datum value = sw_none();
    for (size_t i = 0; i < pipe->nodes.len; i++) {
        struct sw_datum final = value;
        if (!eval_command(exec, dot, pipe->nodes.items[i], i ? &final : NULL, &value))
            return false;
        value.boxed = false;
    }
    for (size_t i = 0; i < pipe->decl.len; i++) {
        struct sw_variable variable = {pipe->decl.items[i]->text, value};
        if (!pipe->flag)
            sw_vec_push(&exec->vars, &variable);
        else if (!sw_exec_assign(exec, variable.name, value))
            return false;
    }
    *out = value;
    return true;
}
