/* value.h - the values that templates compute with, each with its Go type.
 *
 * A template sees types (in messages, comparisons, argument checks), so a value knows its own exactly. Three kinds of nothing are
 * told apart: SW_T_NONE that is not boxed (no value at all), SW_T_NONE that is boxed (nil in an interface), and a NULL list or dict
 * of a known type. "Boxed" means: reached through a place whose static type is interface {}.
 *
 * Values are small and copied freely. What they point to lives in the arena of the set of templates that made them, and is freed
 * with it. Lists and dicts are references: copies of a value share them. */
#ifndef CORE_TEMPLATE_VALUE_H
#define CORE_TEMPLATE_VALUE_H

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"

struct sw_dict;
struct sw_time;
struct sw_zone;
struct sw_semver;

enum sw_type {
    SW_T_NONE,
    SW_T_BOOL,
    SW_T_INT,
    SW_T_INT64,
    SW_T_UINT8,
    SW_T_UINT32,
    SW_T_UINT64,
    SW_T_FLOAT,
    SW_T_COMPLEX,
    SW_T_STRING,
    SW_T_LIST,    /* []interface {} */
    SW_T_STRINGS, /* []string */
    SW_T_INTS,    /* []int */
    SW_T_LISTS,   /* [][]interface {} */
    SW_T_BYTES,   /* []uint8 */
    SW_T_DICT,    /* map[string]interface {} */
    SW_T_TEXTS,   /* map[string]string */
    SW_T_ANYDICT, /* map[interface {}]interface {} */
    SW_T_TIME,
    SW_T_MONTH,
    SW_T_WEEKDAY,
    SW_T_DURATION,
    SW_T_ZONE,    /* *time.Location */
    SW_T_VERSION, /* *semver.Version */
    SW_T_VERSION_STRUCT,
    SW_T_CERTIFICATE,
    SW_T_FILES,
    SW_T_ANY,     /* a parameter that takes everything: interface {} */
    SW_T_REFLECT, /* likewise, and sees whether the value is boxed: reflect.Value */
};

/* Go's reflect.Kind, as far as it occurs. */
enum sw_kind {
    SW_K_INVALID,
    SW_K_BOOL,
    SW_K_INT, /* of any size */
    SW_K_UINT,
    SW_K_FLOAT,
    SW_K_COMPLEX,
    SW_K_STRING,
    SW_K_SLICE,
    SW_K_MAP,
    SW_K_STRUCT,
    SW_K_POINTER,
    SW_K_INTERFACE,
};

/* Bytes, not NUL-terminated, not necessarily UTF-8. */
struct sw_str {
    const char *data;
    size_t len;
};

struct sw_certificate {
    struct sw_str cert;
    struct sw_str key;
};

struct sw_datum {
    enum sw_type type;
    bool boxed;
    union {
        bool truth;
        int64_t number;   /* int, int64, Month, Weekday, Duration */
        uint64_t natural; /* uint8, uint32, uint64 */
        double real;
        double complex complex128;
        struct sw_str text;
        struct sw_list *list; /* of any list type; NULL: nil */
        struct sw_dict *dict; /* of any map type; NULL: nil */
        const struct sw_time *time;
        const struct sw_zone *zone; /* NULL: nil */
        const struct sw_semver *version;
        const struct sw_certificate *certificate;
    };
};

/* A view of a run of elements; several lists may share one run. */
struct sw_list {
    struct sw_datum *items; /* never boxed: the list's type says what an element's place is */
    size_t len;
    size_t cap; /* elements that the run behind `items` has */
};

/* Type names as Go prints them ("map[string]interface {}"), of the type and of a value's own (a boxed one: "interface {}"). */
const char *sw_type_name(enum sw_type type);
const char *sw_datum_type_name(struct sw_datum value);

enum sw_kind sw_type_kind(enum sw_type type);
const char *sw_kind_name(enum sw_type type); /* "int64", "slice"…; "invalid" for none */
enum sw_kind sw_datum_kind(struct sw_datum value);

/* The element type of a list or map type; SW_T_ANY for interface {}. */
enum sw_type sw_type_element(enum sw_type type);

/* Makers. Texts and lists are borrowed, not copied. */
struct sw_datum sw_none(void);
struct sw_datum sw_bool(bool truth);
struct sw_datum sw_int(int64_t number);
struct sw_datum sw_int64(int64_t number);
struct sw_datum sw_uint64(uint64_t number);
struct sw_datum sw_float(double real);
struct sw_datum sw_text(struct sw_str text);
struct sw_datum sw_of_list(enum sw_type type, struct sw_list *list);
struct sw_datum sw_of_dict(enum sw_type type, struct sw_dict *dict);

struct sw_datum sw_boxed(struct sw_datum value);   /* as held by an interface {} */
struct sw_datum sw_unboxed(struct sw_datum value); /* what the interface holds */

struct sw_str sw_str_of(const char *text);
struct sw_str sw_str_copy(struct sw_arena *arena, struct sw_str text);
struct sw_str sw_str_take(struct sw_arena *arena, struct sw_buf *buf); /* copies the content and empties `buf` */
char *sw_str_z(struct sw_arena *arena, struct sw_str text);            /* NUL-terminated; cut at a NUL inside */
bool sw_str_equal(struct sw_str a, struct sw_str b);
bool sw_str_is(struct sw_str a, const char *b);
int sw_str_compare(struct sw_str a, struct sw_str b); /* by bytes */
struct sw_str sw_str_slice(struct sw_str text, size_t from, size_t to);
bool sw_str_has_prefix(struct sw_str text, struct sw_str prefix);
bool sw_str_has_suffix(struct sw_str text, struct sw_str suffix);
/* Offset of the first or last occurrence of `part`, or -1. An empty part is found at the very start or end. */
ptrdiff_t sw_str_find(struct sw_str text, struct sw_str part);
ptrdiff_t sw_str_find_last(struct sw_str text, struct sw_str part);
struct sw_str sw_str_trim_space(struct sw_str text); /* Unicode white space */
void sw_buf_add_str(struct sw_buf *buf, struct sw_str text);

/* A list of `len` zeroed elements with room for `cap`. */
struct sw_list *sw_list_new(struct sw_arena *arena, size_t len, size_t cap);
/* Appends in place, growing as Go's append does. */
void sw_list_push(struct sw_arena *arena, struct sw_list *list, struct sw_datum value);
/* The capacity that Go's append chooses when elements of `element` bytes no longer fit; it shows in the bounds of `slice`. */
enum { SW_INTERFACE_SIZE = 16 };
size_t sw_list_grown(size_t cap, size_t need, size_t element);
/* Length of a list value; nil has none. */
size_t sw_list_len(struct sw_datum list);
/* An element as its place has it: boxed in a []interface {}. */
struct sw_datum sw_list_at(struct sw_datum list, size_t index);
/* The same, as a function gets it that takes interface {}. */
struct sw_datum sw_list_item(struct sw_datum list, size_t index);

/* A list type other than []interface {} for one of its own elements, e.g. []string of string. */
bool sw_is_list(struct sw_datum value);
bool sw_is_map(struct sw_datum value);

/* false for none, false, 0, "", an empty list or map, nil. */
bool sw_truth(struct sw_datum value);

/* Go's reflect.DeepEqual. Values that contain themselves compare equal at depth 1,000. */
bool sw_deep_equal(struct sw_datum a, struct sw_datum b);

/* Go's == on two interfaces of one type. Must not be called with lists or maps. */
bool sw_same(struct sw_datum a, struct sw_datum b);

#endif
