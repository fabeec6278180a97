/* Sprig's family of dicts; merging is merge_functions.c's. */
#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/function.h"

static bool fn_dict(struct sw_call *call) {
    struct sw_dict *dict = sw_dict_new(call->arena);
    for (size_t i = 0; i < call->count; i += 2) {
        struct sw_buf key = {0};
        bool good = sw_fmt_strval(call->engine, &key, call->args[i]);
        struct sw_str text = sw_str_take(call->arena, &key);
        if (!good)
            return sw_call_fail(call, "the value contains itself or nests too deeply to be printed");
        sw_dict_set(call->arena, dict, text, i + 1 < call->count ? call->args[i + 1] : sw_text(sw_str_of("")));
    }
    return sw_return(call, sw_of_dict(SW_T_DICT, dict));
}

static bool fn_get(struct sw_call *call) {
    struct sw_datum *value = sw_dict_get(call->args[0].dict, call->args[1].text);
    return sw_return(call, value ? *value : sw_text(sw_str_of("")));
}

static bool fn_set(struct sw_call *call) {
    if (!call->args[0].dict)
        return sw_call_fail(call, "assignment to entry in nil map");
    sw_dict_set(call->arena, call->args[0].dict, call->args[1].text, call->args[2]);
    return sw_return(call, call->args[0]);
}

static bool fn_unset(struct sw_call *call) {
    sw_dict_remove(call->args[0].dict, call->args[1].text);
    return sw_return(call, call->args[0]);
}

static bool fn_has_key(struct sw_call *call) {
    return sw_return_bool(call, sw_dict_get(call->args[0].dict, call->args[1].text) != NULL);
}

static bool fn_pluck(struct sw_call *call) {
    struct sw_list *list = sw_list_new(call->arena, 0, 0);
    for (size_t i = 1; i < call->count; i++) {
        struct sw_datum *value = sw_dict_get(call->args[i].dict, call->args[0].text);
        if (value)
            sw_list_push(call->arena, list, *value);
    }
    return sw_return(call, sw_of_list(SW_T_LIST, list));
}

static bool fn_keys(struct sw_call *call) {
    struct sw_list *list = sw_list_new(call->arena, 0, 0);
    for (size_t i = 0; i < call->count; i++) {
        const struct sw_dict *dict = call->args[i].dict;
        for (size_t j = 0; dict && j < dict->used; j++)
            if (!dict->entries[j].removed)
                sw_list_push(call->arena, list, dict->entries[j].key);
    }
    return sw_return(call, sw_of_list(SW_T_STRINGS, list));
}

static bool fn_values(struct sw_call *call) {
    struct sw_list *list = sw_list_new(call->arena, 0, 0);
    const struct sw_dict *dict = call->args[0].dict;
    for (size_t i = 0; dict && i < dict->used; i++)
        if (!dict->entries[i].removed)
            sw_list_push(call->arena, list, dict->entries[i].value);
    return sw_return(call, sw_of_list(SW_T_LIST, list));
}

static bool fn_pick(struct sw_call *call) {
    struct sw_dict *result = sw_dict_new(call->arena);
    for (size_t i = 1; i < call->count; i++) {
        struct sw_datum *value = sw_dict_get(call->args[0].dict, call->args[i].text);
        if (value)
            sw_dict_set(call->arena, result, call->args[i].text, *value);
    }
    return sw_return(call, sw_of_dict(SW_T_DICT, result));
}

static bool fn_omit(struct sw_call *call) {
    struct sw_dict *result = sw_dict_new(call->arena);
    const struct sw_dict *dict = call->args[0].dict;
    for (size_t i = 0; dict && i < dict->used; i++)
        if (!dict->entries[i].removed)
            sw_dict_put(call->arena, result, dict->entries[i].key, dict->entries[i].value);
    for (size_t i = 1; i < call->count; i++)
        sw_dict_remove(result, call->args[i].text);
    return sw_return(call, sw_of_dict(SW_T_DICT, result));
}

static bool convert_fails(struct sw_call *call, struct sw_datum value, enum sw_type wanted) {
    return sw_call_fail(call, "interface conversion: interface {} is %s, not %s",
                        value.type == SW_T_NONE ? "nil" : sw_type_name(value.type), sw_type_name(wanted));
}

static bool fn_dig(struct sw_call *call) {
    if (call->count < 3)
        return sw_call_fail(call, "dig needs at least three arguments");
    size_t keys = call->count - 2;
    struct sw_datum value = call->args[call->count - 1];
    if (value.type != SW_T_DICT)
        return convert_fails(call, value, SW_T_DICT);
    for (size_t i = 0; i < keys; i++)
        if (call->args[i].type != SW_T_STRING)
            return convert_fails(call, call->args[i], SW_T_STRING);
    for (size_t i = 0; i < keys; i++) {
        if (value.type != SW_T_DICT)
            return convert_fails(call, value, SW_T_DICT);
        struct sw_datum *step = sw_dict_get(value.dict, call->args[i].text);
        if (!step)
            return sw_return(call, call->args[keys]);
        value = *step;
    }
    return sw_return(call, value);
}

const struct sw_function sw_dict_functions[] = {
    {"dict", "a*", 'd', fn_dict},   {"get", "ds", 'a', fn_get},        {"set", "dsa", 'd', fn_set},
    {"unset", "ds", 'd', fn_unset}, {"hasKey", "ds", 'b', fn_has_key}, {"pluck", "sd*", 'l', fn_pluck},
    {"keys", "d*", 'S', fn_keys},   {"values", "d", 'l', fn_values},   {"pick", "ds*", 'd', fn_pick},
    {"omit", "ds*", 'd', fn_omit},  {"dig", "a*", 'a', fn_dig},        {NULL, NULL, 0, NULL},
};
