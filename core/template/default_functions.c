/* Sprig's family of defaults and flow: default, empty, coalesce, ternary, fail. */
#include "core/template/function.h"

static bool fn_default(struct sw_call *call) {
    bool given = call->count > 1 && sw_truth(call->args[1]);
    return sw_return(call, call->args[given ? 1 : 0]);
}

static bool fn_empty(struct sw_call *call) {
    return sw_return_bool(call, !sw_truth(call->args[0]));
}

static bool fn_coalesce(struct sw_call *call) {
    for (size_t i = 0; i < call->count; i++)
        if (sw_truth(call->args[i]))
            return sw_return(call, call->args[i]);
    return sw_return(call, sw_none());
}

/* Whether any of the arguments has the given truth. */
static bool any_is(const struct sw_call *call, bool truth) {
    for (size_t i = 0; i < call->count; i++)
        if (sw_truth(call->args[i]) == truth)
            return true;
    return false;
}

static bool fn_all(struct sw_call *call) {
    return sw_return_bool(call, !any_is(call, false));
}

static bool fn_any(struct sw_call *call) {
    return sw_return_bool(call, any_is(call, true));
}

static bool fn_ternary(struct sw_call *call) {
    return sw_return(call, call->args[call->args[2].truth ? 0 : 1]);
}

static bool fn_fail(struct sw_call *call) {
    return sw_call_fail_str(call, "", call->args[0].text);
}

static bool fn_hello(struct sw_call *call) {
    return sw_return_text(call, sw_str_of("Hello!"));
}

const struct sw_function sw_default_functions[] = {
    {"default", "aa*", 'a', fn_default}, {"empty", "a", 'b', fn_empty}, {"coalesce", "a*", 'a', fn_coalesce},
    {"all", "a*", 'b', fn_all},          {"any", "a*", 'b', fn_any},    {"ternary", "aab", 'a', fn_ternary},
    {"fail", "s", 's', fn_fail},         {"hello", "", 's', fn_hello},  {NULL, NULL, 0, NULL},
};
