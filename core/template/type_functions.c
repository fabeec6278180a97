/* Sprig's family of types: typeOf, kindOf, deepEqual. */
#include "core/template/function.h"

static bool fn_type_of(struct sw_call *call) {
    return sw_return_text(call, sw_str_of(sw_type_name(call->args[0].type)));
}

static bool fn_type_is(struct sw_call *call) {
    return sw_return_bool(call, sw_str_is(call->args[0].text, sw_type_name(call->args[1].type)));
}

/* The type itself, or the one that it points to. */
static bool fn_type_is_like(struct sw_call *call) {
    const char *name = sw_type_name(call->args[1].type);
    return sw_return_bool(call, sw_str_is(call->args[0].text, name) || (*name == '*' && sw_str_is(call->args[0].text, name + 1)));
}

static bool fn_kind_of(struct sw_call *call) {
    return sw_return_text(call, sw_str_of(sw_kind_name(call->args[0].type)));
}

static bool fn_kind_is(struct sw_call *call) {
    return sw_return_bool(call, sw_str_is(call->args[0].text, sw_kind_name(call->args[1].type)));
}

static bool fn_deep_equal(struct sw_call *call) {
    return sw_return_bool(call, sw_deep_equal(call->args[0], call->args[1]));
}

const struct sw_function sw_type_functions[] = {
    {"typeOf", "a", 's', fn_type_of},
    {"typeIs", "sa", 'b', fn_type_is},
    {"typeIsLike", "sa", 'b', fn_type_is_like},
    {"kindOf", "a", 's', fn_kind_of},
    {"kindIs", "sa", 'b', fn_kind_is},
    {"deepEqual", "aa", 'b', fn_deep_equal},
    {NULL, NULL, 0, NULL},
};
