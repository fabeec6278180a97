/* document.h - a YAML document as a tree of values that know their places: what is behind `struct sw_value` of the ABI.
 *
 * Values are made by core/config/yaml.h, live in the arena of their document, and are not changed after the project was loaded. An
 * alias is a copy of its anchor's value with a place of its own; the children of both are the same. */
#ifndef CORE_CONFIG_DOCUMENT_H
#define CORE_CONFIG_DOCUMENT_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "slipway/document.h"

struct sw_value {
    enum sw_value_kind kind;
    bool plain;                    /* a scalar without quotes */
    bool merged;                   /* a pair's key that came by a merge key */
    const char *source;            /* text of a scalar as written; NULL for lists and maps */
    const char *text;              /* Go's "%v" of a scalar, "" for null; NULL for lists and maps */
    _Atomic(const char *) printed; /* of any value, made when first asked for */
    struct sw_arena *arena;
    union {
        bool boolean;
        int64_t integer;
        double real;
    };
    struct sw_place place;
    uint32_t rendered_line;   /* of the rendered text, 1-based */
    uint32_t rendered_column; /* 1-based, in bytes */
    uint32_t depth;           /* of the deepest value below it */
    uint64_t weight;          /* values in it with aliases written out */
    struct sw_value **keys;   /* of a map, as scalars */
    struct sw_value **values; /* of a map or list */
    size_t count;
};

/* The host's table for plugins. */
extern const struct sw_host_document sw_document_table;

/* The same functions by name, for the core. All take NULL as a null value. */
enum sw_value_kind sw_value_kind_of(const struct sw_value *value);
const struct sw_value *sw_value_get(const struct sw_value *map, const char *key);
const struct sw_value *sw_value_key(const struct sw_value *map, const char *key); /* the key itself, for its place */
const char *sw_value_source(const struct sw_value *value);                        /* "" instead of NULL */
bool sw_value_is_scalar(const struct sw_value *value);                            /* and not null */

/* "a map", "a list", "the number 5", "true", "null", "the text \"x\"": how an error names what it found. Written to `out`. */
void sw_value_describe(const struct sw_value *value, char *out, size_t size);

/* Makes values that the text does not have, for extra spellings that are brought into werf's form. */
struct sw_value *sw_value_new_list(struct sw_arena *arena, struct sw_value *item);

#endif
