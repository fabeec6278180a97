/* dict.h - the maps of templates: from values (mostly strings) to values. They remember the order of insertion; reading code that
 * promises an order sorts. */
#ifndef CORE_TEMPLATE_DICT_H
#define CORE_TEMPLATE_DICT_H

#include "core/template/value.h"

struct sw_dict_entry {
    struct sw_datum key; /* of type SW_T_NONE: a nil key */
    struct sw_datum value;
    bool removed;
};

struct sw_dict {
    struct sw_dict_entry *entries; /* in order of insertion; skip the removed ones */
    size_t used;
    size_t cap;
    size_t count; /* living entries */
    uint32_t *slots;
    size_t slot_count;
};

struct sw_dict *sw_dict_new(struct sw_arena *arena);

/* The value's address, or NULL; valid until the next change. All but sw_dict_put take NULL, an empty dict. */
struct sw_datum *sw_dict_find(const struct sw_dict *dict, struct sw_datum key);
struct sw_datum *sw_dict_get(const struct sw_dict *dict, struct sw_str key);
size_t sw_dict_len(const struct sw_dict *dict);

/* Keys and values are stored unboxed; texts are borrowed. */
void sw_dict_put(struct sw_arena *arena, struct sw_dict *dict, struct sw_datum key, struct sw_datum value);
void sw_dict_set(struct sw_arena *arena, struct sw_dict *dict, struct sw_str key, struct sw_datum value);
void sw_dict_remove(struct sw_dict *dict, struct sw_str key);

/* The living entries, copied, in the order in which Go prints and iterates maps: by type, then by value. Count by sw_dict_len. */
struct sw_dict_entry *sw_dict_sorted(struct sw_arena *arena, const struct sw_dict *dict);

#endif
