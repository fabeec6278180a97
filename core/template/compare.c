/* eq, ne, lt, le, gt, ge. */
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/function.h"

/* Types that compare by their kind. */
static enum sw_kind basic_kind(struct sw_datum value) {
    enum sw_kind kind = sw_type_kind(value.type);
    return kind >= SW_K_BOOL && kind <= SW_K_STRING ? kind : SW_K_INVALID;
}

static bool is_nil(struct sw_datum value) {
    enum sw_kind kind = sw_type_kind(value.type);
    return value.type == SW_T_NONE || ((kind == SW_K_SLICE || kind == SW_K_MAP || kind == SW_K_POINTER) && !value.list);
}

static bool incompatible(struct sw_call *call, struct sw_datum a, struct sw_datum b) {
    return sw_call_fail(call, "incompatible types for comparison: %s and %s", sw_type_name(a.type), sw_type_name(b.type));
}

static bool not_comparable(struct sw_call *call, struct sw_datum value) {
    sw_buf_puts(call->error, "non-comparable type ");
    sw_fmt_printf(call->engine, call->error, sw_str_of("%s"), &value, 1);
    return sw_call_fail(call, ": %s", sw_type_name(value.type));
}

/* Values of kinds that have no comparison of their own. */
static bool equal_others(struct sw_call *call, struct sw_datum a, struct sw_datum b, bool *equal) {
    if (sw_type_kind(a.type) != sw_type_kind(b.type) && a.type != SW_T_NONE && b.type != SW_T_NONE) {
        sw_buf_puts(call->error, "non-comparable types ");
        sw_fmt_printf(call->engine, call->error, sw_str_of("%s"), &a, 1);
        sw_buf_printf(call->error, ": %s, %s: ", sw_type_name(a.type), sw_type_name(b.type));
        sw_fmt_printf(call->engine, call->error, sw_str_of("%v"), &b, 1);
        return false;
    }
    if (is_nil(a) || is_nil(b)) {
        *equal = is_nil(a) == is_nil(b);
        return true;
    }
    enum sw_kind kind = sw_type_kind(b.type);
    if (kind == SW_K_SLICE || kind == SW_K_MAP || b.type == SW_T_FILES)
        return not_comparable(call, b);
    *equal = sw_same(a, b);
    return true;
}

static bool equal_two(struct sw_call *call, struct sw_datum a, struct sw_datum b, bool *equal) {
    enum sw_kind left = basic_kind(a), right = basic_kind(b);
    *equal = false;
    if (left == SW_K_INT && right == SW_K_UINT)
        *equal = a.number >= 0 && (uint64_t)a.number == b.natural;
    else if (left == SW_K_UINT && right == SW_K_INT)
        *equal = b.number >= 0 && (uint64_t)b.number == a.natural;
    else if (left != right)
        return a.type == SW_T_NONE || b.type == SW_T_NONE || incompatible(call, a, b);
    else if (left == SW_K_INVALID)
        return equal_others(call, a, b, equal);
    else if (left == SW_K_INT || left == SW_K_UINT)
        *equal = a.natural == b.natural;
    else
        *equal = sw_same(a, b);
    return true;
}

static bool equal_any(struct sw_call *call, bool *equal) {
    struct sw_datum first = sw_unboxed(call->args[0]);
    *equal = false;
    if (call->count < 2)
        return sw_call_fail(call, "missing argument for comparison");
    for (size_t i = 1; i < call->count && !*equal; i++)
        if (!equal_two(call, first, sw_unboxed(call->args[i]), equal))
            return false;
    return true;
}

static bool less(struct sw_call *call, bool *answer) {
    struct sw_datum a = sw_unboxed(call->args[0]), b = sw_unboxed(call->args[1]);
    enum sw_kind left = basic_kind(a), right = basic_kind(b);
    static const char bad[] = "invalid type for comparison";
    if (left == SW_K_INVALID || right == SW_K_INVALID)
        return sw_call_fail(call, bad);
    if (left == SW_K_INT && right == SW_K_UINT)
        *answer = a.number < 0 || (uint64_t)a.number < b.natural;
    else if (left == SW_K_UINT && right == SW_K_INT)
        *answer = b.number >= 0 && a.natural < (uint64_t)b.number;
    else if (left != right)
        return incompatible(call, a, b);
    else if (left == SW_K_FLOAT)
        *answer = a.real < b.real;
    else if (left == SW_K_INT)
        *answer = a.number < b.number;
    else if (left == SW_K_STRING)
        *answer = sw_str_compare(a.text, b.text) < 0;
    else if (left == SW_K_UINT)
        *answer = a.natural < b.natural;
    else
        return sw_call_fail(call, bad);
    return true;
}

static bool less_or_equal(struct sw_call *call, bool *answer) {
    if (!less(call, answer))
        return false;
    return *answer || equal_any(call, answer);
}

static bool fn_eq(struct sw_call *call) {
    bool answer;
    return equal_any(call, &answer) && sw_return_bool(call, answer);
}

static bool fn_ne(struct sw_call *call) {
    bool answer;
    return equal_any(call, &answer) && sw_return_bool(call, !answer);
}

static bool fn_lt(struct sw_call *call) {
    bool answer;
    return less(call, &answer) && sw_return_bool(call, answer);
}

static bool fn_le(struct sw_call *call) {
    bool answer;
    return less_or_equal(call, &answer) && sw_return_bool(call, answer);
}

static bool fn_gt(struct sw_call *call) {
    bool answer;
    return less_or_equal(call, &answer) && sw_return_bool(call, !answer);
}

static bool fn_ge(struct sw_call *call) {
    bool answer;
    return less(call, &answer) && sw_return_bool(call, !answer);
}

const struct sw_function sw_compare_functions[] = {
    {"eq", "vv*", 'b', fn_eq}, {"ne", "vv", 'b', fn_ne}, {"lt", "vv", 'b', fn_lt}, {"le", "vv", 'b', fn_le},
    {"gt", "vv", 'b', fn_gt},  {"ge", "vv", 'b', fn_ge}, {NULL, NULL, 0, NULL},
};
