#include "core/template/dict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINEAR = 8 }; /* up to this many entries a search goes along them, without a table */

static uint64_t hash_bytes(const void *data, size_t len) {
    const unsigned char *bytes = data;
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash ^ (hash >> 32);
}

static uint64_t hash_of(struct sw_datum key) {
    if (key.type == SW_T_STRING)
        return hash_bytes(key.text.data, key.text.len);
    if (key.type == SW_T_FLOAT && key.real == 0)
        return 0; /* 0 and -0 are one key */
    if (key.type == SW_T_BOOL)
        return key.truth;
    if (sw_type_kind(key.type) == SW_K_STRUCT)
        return key.type;
    return key.type == SW_T_NONE ? 0 : hash_bytes(&key.natural, sizeof key.natural);
}

struct sw_dict *sw_dict_new(struct sw_arena *arena) {
    return sw_arena_new(arena, sizeof(struct sw_dict));
}

static uint32_t *find_slot(const struct sw_dict *dict, struct sw_datum key) {
    size_t mask = dict->slot_count - 1;
    for (size_t i = hash_of(key) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &dict->slots[i];
        if (*slot == 0)
            return slot;
        const struct sw_dict_entry *entry = &dict->entries[*slot - 1];
        if (!entry->removed && sw_same(entry->key, key))
            return slot;
    }
}

static struct sw_dict_entry *find(const struct sw_dict *dict, struct sw_datum key) {
    if (!dict || dict->count == 0)
        return NULL;
    if (dict->slot_count) {
        uint32_t *slot = find_slot(dict, key);
        return *slot ? &dict->entries[*slot - 1] : NULL;
    }
    for (size_t i = 0; i < dict->used; i++)
        if (!dict->entries[i].removed && sw_same(dict->entries[i].key, key))
            return &dict->entries[i];
    return NULL;
}

struct sw_datum *sw_dict_find(const struct sw_dict *dict, struct sw_datum key) {
    struct sw_dict_entry *entry = find(dict, sw_unboxed(key));
    return entry ? &entry->value : NULL;
}

struct sw_datum *sw_dict_get(const struct sw_dict *dict, struct sw_str key) {
    return sw_dict_find(dict, sw_text(key));
}

size_t sw_dict_len(const struct sw_dict *dict) {
    return dict ? dict->count : 0;
}

static void grow(struct sw_arena *arena, struct sw_dict *dict) {
    size_t cap = dict->count < 4 ? 8 : dict->count * 2;
    struct sw_dict_entry *entries = sw_arena_new(arena, cap * sizeof *entries);
    size_t kept = 0;
    for (size_t i = 0; i < dict->used; i++)
        if (!dict->entries[i].removed)
            entries[kept++] = dict->entries[i];
    dict->entries = entries;
    dict->used = kept;
    dict->cap = cap;
    if (cap <= LINEAR)
        return;
    dict->slot_count = 32;
    while (dict->slot_count < cap * 2)
        dict->slot_count *= 2;
    dict->slots = sw_arena_new(arena, dict->slot_count * sizeof *dict->slots);
    for (size_t i = 0; i < dict->used; i++)
        *find_slot(dict, dict->entries[i].key) = (uint32_t)i + 1;
}

void sw_dict_put(struct sw_arena *arena, struct sw_dict *dict, struct sw_datum key, struct sw_datum value) {
    key = sw_unboxed(key);
    value = sw_unboxed(value);
    struct sw_dict_entry *entry = find(dict, key);
    if (entry) {
        entry->value = value;
        return;
    }
    if (dict->used == dict->cap)
        grow(arena, dict);
    dict->entries[dict->used++] = (struct sw_dict_entry){.key = key, .value = value};
    dict->count++;
    if (dict->slot_count)
        *find_slot(dict, key) = (uint32_t)dict->used;
}

void sw_dict_set(struct sw_arena *arena, struct sw_dict *dict, struct sw_str key, struct sw_datum value) {
    sw_dict_put(arena, dict, sw_text(key), value);
}

void sw_dict_remove(struct sw_dict *dict, struct sw_str key) {
    struct sw_dict_entry *entry = find(dict, sw_text(key));
    if (!entry)
        return;
    entry->removed = true;
    dict->count--;
}

static int compare_numbers(double a, double b) {
    if (isnan(a) || isnan(b))
        return isnan(b) - isnan(a);
    return (a > b) - (a < b);
}

/* Go orders keys of different types by where its linker put the types, that is, in no order that anybody could rely on. This one
 * is that of the reference implementation's build. */
static int type_rank(enum sw_type type) {
    static const enum sw_type order[] = {SW_T_NONE, SW_T_STRING, SW_T_UINT64, SW_T_INT, SW_T_FLOAT, SW_T_BOOL};
    for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++)
        if (order[i] == type)
            return i;
    return SW_T_REFLECT + (int)type;
}

static int compare_keys(const void *left, const void *right) {
    struct sw_datum a = ((const struct sw_dict_entry *)left)->key, b = ((const struct sw_dict_entry *)right)->key;
    if (a.type != b.type)
        return type_rank(a.type) < type_rank(b.type) ? -1 : 1;
    switch (sw_type_kind(a.type)) {
    case SW_K_BOOL:
        return (int)a.truth - (int)b.truth;
    case SW_K_INT:
        return (a.number > b.number) - (a.number < b.number);
    case SW_K_UINT:
        return (a.natural > b.natural) - (a.natural < b.natural);
    case SW_K_FLOAT:
        return compare_numbers(a.real, b.real);
    case SW_K_STRING:
        return sw_str_compare(a.text, b.text);
    default:
        return 0;
    }
}

struct sw_dict_entry *sw_dict_sorted(struct sw_arena *arena, const struct sw_dict *dict) {
    size_t count = sw_dict_len(dict), kept = 0;
    struct sw_dict_entry *entries = sw_arena_new(arena, count * sizeof *entries);
    for (size_t i = 0; count && i < dict->used; i++)
        if (!dict->entries[i].removed)
            entries[kept++] = dict->entries[i];
    if (count)
        qsort(entries, count, sizeof *entries, compare_keys);
    return entries;
}
