/* Sprig's family of lists. A "must" form does and says the same as the plain one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/template/cast.h"
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/strings.h"

static const char nil_panic[] = "runtime error: invalid memory address or nil pointer dereference";

/* Whether the argument is a list; the message for anything else is `what` and the kind of value. */
static bool check_list(struct sw_call *call, struct sw_datum value, const char *what) {
    if (sw_is_list(value))
        return true;
    if (value.type == SW_T_NONE)
        return sw_call_fail(call, nil_panic);
    return sw_call_fail(call, "%s%s", what, sw_kind_name(value.type));
}

static bool return_list(struct sw_call *call, struct sw_list *list) {
    return sw_return(call, sw_of_list(SW_T_LIST, list));
}

/* A []interface {} of elements `from` up to `to`, with exactly that capacity. */
static struct sw_list *copy(struct sw_call *call, struct sw_datum list, size_t from, size_t to) {
    struct sw_list *result = sw_list_new(call->arena, to - from, to - from);
    for (size_t i = from; i < to; i++)
        result->items[i - from] = sw_list_item(list, i);
    call->engine->memory += (to - from) * sizeof(struct sw_datum);
    return result;
}

/* Memory for a copy of a list. */
static bool affords(struct sw_call *call, struct sw_datum list) {
    return sw_call_affords(call, sw_list_len(list) * sizeof(struct sw_datum));
}

static bool fn_list(struct sw_call *call) {
    struct sw_list *list = sw_list_new(call->arena, call->count, call->count);
    for (size_t i = 0; i < call->count; i++)
        list->items[i] = call->args[i];
    return return_list(call, list);
}

static bool fn_first(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot find first on type "))
        return false;
    return sw_return(call, sw_list_len(list) ? sw_list_item(list, 0) : sw_none());
}

static bool fn_last(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot find last on type "))
        return false;
    return sw_return(call, sw_list_len(list) ? sw_list_item(list, sw_list_len(list) - 1) : sw_none());
}

static bool fn_rest(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot find rest on type ") || !affords(call, list))
        return false;
    return return_list(call, sw_list_len(list) ? copy(call, list, 1, sw_list_len(list)) : NULL);
}

static bool fn_initial(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot find initial on type ") || !affords(call, list))
        return false;
    return return_list(call, sw_list_len(list) ? copy(call, list, 0, sw_list_len(list) - 1) : NULL);
}

static bool fn_append(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot push on type ") || !affords(call, list))
        return false;
    struct sw_list *result = copy(call, list, 0, sw_list_len(list));
    sw_list_push(call->arena, result, call->args[1]);
    return return_list(call, result);
}

static bool fn_prepend(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot prepend on type ") || !affords(call, list))
        return false;
    size_t len = sw_list_len(list) + 1;
    struct sw_list *result = sw_list_new(call->arena, len, len > 1 ? sw_list_grown(1, len, SW_INTERFACE_SIZE) : 1);
    result->items[0] = call->args[1];
    for (size_t i = 1; i < len; i++)
        result->items[i] = sw_list_item(list, i - 1);
    call->engine->memory += len * sizeof(struct sw_datum);
    return return_list(call, result);
}

static bool fn_concat(struct sw_call *call) {
    struct sw_list *result = NULL;
    for (size_t i = 0; i < call->count; i++) {
        struct sw_datum list = call->args[i];
        if (list.type == SW_T_NONE)
            return sw_call_fail(call, nil_panic);
        if (!sw_is_list(list))
            return sw_call_fail(call, "Cannot concat type %s as list", sw_kind_name(list.type));
        if (!affords(call, list))
            return false;
        for (size_t j = 0; j < sw_list_len(list); j++) {
            result = result ? result : sw_list_new(call->arena, 0, 0);
            sw_list_push(call->arena, result, sw_list_item(list, j));
        }
        call->engine->memory += sw_list_len(list) * sizeof(struct sw_datum);
    }
    return return_list(call, result);
}

static bool fn_reverse(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot find reverse on type ") || !affords(call, list))
        return false;
    size_t len = sw_list_len(list);
    struct sw_list *result = copy(call, list, 0, len);
    for (size_t i = 0; i < len; i++)
        result->items[len - 1 - i] = sw_list_item(list, i);
    return return_list(call, result);
}

static bool is_among(const struct sw_datum *items, size_t count, struct sw_datum value) {
    for (size_t i = 0; i < count; i++)
        if (sw_deep_equal(value, items[i]))
            return true;
    return false;
}

static bool fn_uniq(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot find uniq on type ") || !affords(call, list))
        return false;
    struct sw_list *result = sw_list_new(call->arena, 0, 0);
    for (size_t i = 0; i < sw_list_len(list); i++)
        if (!is_among(result->items, result->len, sw_list_item(list, i)))
            sw_list_push(call->arena, result, sw_list_item(list, i));
    return return_list(call, result);
}

static bool fn_without(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot find without on type ") || !affords(call, list))
        return false;
    struct sw_list *result = sw_list_new(call->arena, 0, 0);
    for (size_t i = 0; i < sw_list_len(list); i++)
        if (!is_among(call->args + 1, call->count - 1, sw_list_item(list, i)))
            sw_list_push(call->arena, result, sw_list_item(list, i));
    return return_list(call, result);
}

static bool fn_compact(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "Cannot compact on type ") || !affords(call, list))
        return false;
    struct sw_list *result = sw_list_new(call->arena, 0, 0);
    for (size_t i = 0; i < sw_list_len(list); i++)
        if (sw_truth(sw_list_item(list, i)))
            sw_list_push(call->arena, result, sw_list_item(list, i));
    return return_list(call, result);
}

static bool fn_has(struct sw_call *call) {
    struct sw_datum list = call->args[1];
    if (list.type == SW_T_NONE)
        return sw_return_bool(call, false);
    if (!check_list(call, list, "Cannot find has on type "))
        return false;
    return sw_return_bool(call, list.list && is_among(list.list->items, list.list->len, call->args[0]));
}

static bool fn_slice(struct sw_call *call) {
    struct sw_datum list = call->args[0];
    if (!check_list(call, list, "list should be type of slice or array but "))
        return false;
    if (sw_list_len(list) == 0)
        return sw_return(call, sw_none());
    int64_t start = call->count > 1 ? sw_cast_int(call->args[1]) : 0;
    int64_t end = call->count > 2 ? sw_cast_int(call->args[2]) : (int64_t)sw_list_len(list);
    if (start < 0 || end < start || end > (int64_t)list.list->cap)
        return sw_call_fail(call, "reflect.Value.Slice: slice index out of bounds");
    struct sw_list *view = sw_arena_new(call->arena, sizeof *view);
    size_t from = (size_t)start;
    *view = (struct sw_list){list.list->items + from, (size_t)end - from, list.list->cap - from};
    return sw_return(call, sw_of_list(list.type, view));
}

static bool bad_length(struct sw_call *call) {
    return sw_call_fail(call, "runtime error: makeslice: len out of range");
}

/* The number of chunks is worked out in floats, as Sprig does, which gives odd but steady results for sizes below 1. */
static bool fn_chunk(struct sw_call *call) {
    double size = (double)call->args[0].number;
    struct sw_datum list = call->args[1];
    if (!check_list(call, list, "Cannot chunk type ") || !affords(call, list))
        return false;
    size_t len = sw_list_len(list);
    double count = floor(((double)len - 1) / size) + 1, last = floor(fmod((double)len, size));
    last = last == 0 ? size : last;
    if (!(count >= 0) || isinf(count) || (count == 1 && last < 0) || (count > 1 && size < 0))
        return bad_length(call);
    struct sw_list *chunks = sw_list_new(call->arena, (size_t)count, (size_t)count);
    for (size_t i = 0; i < chunks->len; i++) {
        size_t from = i * (size_t)(size < 0 ? 0 : size);
        chunks->items[i] = sw_of_list(SW_T_LIST, copy(call, list, from, from + (size_t)(i + 1 == chunks->len ? last : size)));
    }
    return sw_return(call, sw_of_list(SW_T_LISTS, chunks));
}

static int by_bytes(const void *a, const void *b) {
    return sw_str_compare(((const struct sw_datum *)a)->text, ((const struct sw_datum *)b)->text);
}

/* A []string is sorted where it stands, so whoever else holds it sees that. */
static bool fn_sort_alpha(struct sw_call *call) {
    struct sw_datum list;
    if (!sw_strings_of(call, call->args[0], &list))
        return false;
    if (call->args[0].type == SW_T_NONE) {
        struct sw_list *single = sw_list_new(call->arena, 0, 0);
        sw_list_push(call->arena, single, sw_text(sw_str_of("<nil>")));
        list = sw_of_list(SW_T_STRINGS, single);
    }
    if (sw_list_len(list))
        qsort(list.list->items, list.list->len, sizeof(struct sw_datum), by_bytes);
    return sw_return(call, list);
}

const struct sw_function sw_list_functions[] = {
    {"list", "a*", 'l', fn_list},
    {"tuple", "a*", 'l', fn_list},
    {"first", "a", 'a', fn_first},
    {"mustFirst", "a", 'a', fn_first},
    {"last", "a", 'a', fn_last},
    {"mustLast", "a", 'a', fn_last},
    {"rest", "a", 'l', fn_rest},
    {"mustRest", "a", 'l', fn_rest},
    {"initial", "a", 'l', fn_initial},
    {"mustInitial", "a", 'l', fn_initial},
    {"append", "aa", 'l', fn_append},
    {"push", "aa", 'l', fn_append},
    {"mustAppend", "aa", 'l', fn_append},
    {"mustPush", "aa", 'l', fn_append},
    {"prepend", "aa", 'l', fn_prepend},
    {"mustPrepend", "aa", 'l', fn_prepend},
    {"concat", "a*", 'a', fn_concat},
    {"reverse", "a", 'l', fn_reverse},
    {"mustReverse", "a", 'l', fn_reverse},
    {"uniq", "a", 'l', fn_uniq},
    {"mustUniq", "a", 'l', fn_uniq},
    {"without", "aa*", 'l', fn_without},
    {"mustWithout", "aa*", 'l', fn_without},
    {"compact", "a", 'l', fn_compact},
    {"mustCompact", "a", 'l', fn_compact},
    {"has", "aa", 'b', fn_has},
    {"mustHas", "aa", 'b', fn_has},
    {"slice", "aa*", 'a', fn_slice},
    {"mustSlice", "aa*", 'a', fn_slice},
    {"chunk", "ia", 'L', fn_chunk},
    {"mustChunk", "ia", 'L', fn_chunk},
    {"sortAlpha", "a", 'S', fn_sort_alpha},
    {NULL, NULL, 0, NULL},
};
