/* Sprig's merging and deep copying of dicts, as the libraries mergo and copystructure do it. */
#include <string.h>

#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/semver.h"

enum { MAX_DEPTH = 1000 };

struct merge {
    struct sw_call *call;
    bool overwrite;
    bool mismatch; /* failed because of a pointer against something else: no panic, an error */
};

/* What counts as "nothing there": like falsehood, but complex numbers and structs never do. */
static bool is_empty(struct sw_datum value) {
    if (value.type == SW_T_COMPLEX || value.type == SW_T_VERSION)
        return false;
    return !sw_truth(value);
}

static bool store(struct merge *merge, struct sw_datum map, struct sw_datum key, struct sw_datum value) {
    if (map.type == SW_T_TEXTS && value.type != SW_T_STRING)
        return sw_call_fail(merge->call, "reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string");
    sw_dict_put(merge->call->arena, map.dict, key, value);
    return true;
}

static bool merge_maps(struct merge *merge, struct sw_datum dst, struct sw_datum src, int depth);

/* Two nested values, the source a map or a pointer: what merges in place. */
static bool merge_nested(struct merge *merge, struct sw_datum dst, struct sw_datum src, int depth) {
    if (sw_is_map(dst) && sw_is_map(src) && dst.dict)
        return merge_maps(merge, dst, src, depth + 1);
    if (dst.type == SW_T_CERTIFICATE && src.type != SW_T_CERTIFICATE)
        return sw_call_fail(merge->call, "reflect: call of reflect.Value.Field on %s Value", sw_kind_name(src.type));
    if (dst.type != SW_T_VERSION)
        return true;
    if (src.type == SW_T_VERSION) {
        if (merge->overwrite)
            memcpy((void *)dst.version, src.version, sizeof *src.version);
        return true;
    }
    merge->mismatch = !merge->overwrite;
    return merge->overwrite || sw_call_fail(merge->call, "src and dst must be of same type");
}

/* One entry of the source. */
static bool merge_entry(struct merge *merge, struct sw_datum dst, struct sw_datum key, struct sw_datum value, int depth) {
    struct sw_datum *place = sw_dict_find(dst.dict, key);
    struct sw_datum old = place ? *place : sw_none();
    bool there = place != NULL, list = sw_is_list(value), map = sw_is_map(value);
    enum sw_kind kind = sw_type_kind(value.type);
    if (value.type == SW_T_NONE)
        return !merge->overwrite || store(merge, dst, key, value);
    if ((map || kind == SW_K_STRUCT || kind == SW_K_POINTER) && there && !merge_nested(merge, old, value, depth))
        return false;
    bool empty = is_empty(old);
    if (list && there && !empty)
        return !merge->overwrite || store(merge, dst, key, value);
    if (there && !empty && map && sw_is_map(old))
        return true;
    return (!merge->overwrite && there && !empty) || store(merge, dst, key, value);
}

static bool merge_maps(struct merge *merge, struct sw_datum dst, struct sw_datum src, int depth) {
    struct sw_engine *engine = merge->call->engine;
    if (depth > MAX_DEPTH || ++engine->steps > engine->limits.steps)
        return sw_call_fail(merge->call, "the maps nest too deeply to be merged");
    if (sw_dict_len(src.dict) && src.type == SW_T_ANYDICT && dst.type != SW_T_ANYDICT)
        return sw_call_fail(merge->call, "reflect.Value.MapIndex: value of type interface {} is not assignable to type string");
    size_t count = sw_dict_len(src.dict);
    const struct sw_dict_entry *entries = sw_dict_sorted(merge->call->arena, src.dict);
    for (size_t i = 0; i < count; i++)
        if (!merge_entry(merge, dst, entries[i].key, entries[i].value, depth))
            return false;
    return true;
}

static bool merge_all(struct sw_call *call, bool overwrite) {
    struct sw_datum dst = call->args[0];
    struct merge merge = {call, overwrite, false};
    for (size_t i = 1; i < call->count; i++) {
        if (!dst.dict && call->args[i].dict)
            dst.dict = sw_dict_new(call->arena);
        if (merge_maps(&merge, dst, call->args[i], 0))
            continue;
        if (!merge.mismatch || strncmp(call->name, "must", 4) == 0)
            return false;
        sw_buf_truncate(call->error, 0);
        return sw_return_text(call, sw_str_of("")); /* the plain forms swallow errors */
    }
    return sw_return(call, dst);
}

static bool fn_merge(struct sw_call *call) {
    return merge_all(call, false);
}

static bool fn_merge_overwrite(struct sw_call *call) {
    return merge_all(call, true);
}

static bool deep_copy(struct sw_call *call, struct sw_datum *value, int depth);

static bool copy_list(struct sw_call *call, struct sw_datum *value, int depth) {
    size_t len = sw_list_len(*value);
    struct sw_list *list = value->list ? sw_list_new(call->arena, len, len) : NULL;
    for (size_t i = 0; i < len; i++) {
        list->items[i] = sw_list_item(*value, i);
        if (!deep_copy(call, &list->items[i], depth + 1))
            return false;
    }
    call->engine->memory += len * sizeof(struct sw_datum);
    value->list = list;
    return sw_call_affords(call, 0);
}

static bool copy_map(struct sw_call *call, struct sw_datum *value, int depth) {
    struct sw_dict *dict = value->dict ? sw_dict_new(call->arena) : NULL;
    for (size_t i = 0; value->dict && i < value->dict->used; i++) {
        struct sw_dict_entry entry = value->dict->entries[i];
        if (entry.removed)
            continue;
        if (!deep_copy(call, &entry.value, depth + 1))
            return false;
        sw_dict_put(call->arena, dict, entry.key, entry.value);
    }
    call->engine->memory += sw_dict_len(dict) * sizeof(struct sw_dict_entry);
    value->dict = dict;
    return sw_call_affords(call, 0);
}

static bool deep_copy(struct sw_call *call, struct sw_datum *value, int depth) {
    if (depth > MAX_DEPTH)
        return sw_call_fail(call, "the value contains itself or nests too deeply to be copied");
    if (sw_is_list(*value))
        return copy_list(call, value, depth);
    if (sw_is_map(*value))
        return copy_map(call, value, depth);
    if (value->type == SW_T_VERSION || value->type == SW_T_VERSION_STRUCT) /* unexported fields are not copied */
        value->version = sw_arena_new(call->arena, sizeof *value->version);
    return true;
}

static bool fn_deep_copy(struct sw_call *call) {
    struct sw_datum value = call->args[0];
    if (value.type == SW_T_NONE)
        return sw_call_fail(call, "reflect: call of reflect.Value.Type on zero Value");
    return deep_copy(call, &value, 0) && sw_return(call, value);
}

const struct sw_function sw_merge_functions[] = {
    {"merge", "dd*", 'a', fn_merge},
    {"mustMerge", "dd*", 'a', fn_merge},
    {"mergeOverwrite", "dd*", 'a', fn_merge_overwrite},
    {"mustMergeOverwrite", "dd*", 'a', fn_merge_overwrite},
    {"deepCopy", "a", 'a', fn_deep_copy},
    {"mustDeepCopy", "a", 'a', fn_deep_copy},
    {NULL, NULL, 0, NULL},
};
