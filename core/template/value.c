#include "core/template/value.h"

#include <string.h>

#include "core/template/dict.h"
#include "core/template/semver.h"
#include "core/template/time.h"
#include "core/template/unicode.h"

enum { MAX_COMPARE_DEPTH = 1000 };

static const struct {
    const char *name;
    const char *kind_name;
    enum sw_kind kind;
    enum sw_type element;
} types[] = {
    [SW_T_NONE] = {"<nil>", "invalid", SW_K_INVALID, SW_T_NONE},
    [SW_T_BOOL] = {"bool", "bool", SW_K_BOOL, SW_T_NONE},
    [SW_T_INT] = {"int", "int", SW_K_INT, SW_T_NONE},
    [SW_T_INT64] = {"int64", "int64", SW_K_INT, SW_T_NONE},
    [SW_T_UINT8] = {"uint8", "uint8", SW_K_UINT, SW_T_NONE},
    [SW_T_UINT32] = {"uint32", "uint32", SW_K_UINT, SW_T_NONE},
    [SW_T_UINT64] = {"uint64", "uint64", SW_K_UINT, SW_T_NONE},
    [SW_T_FLOAT] = {"float64", "float64", SW_K_FLOAT, SW_T_NONE},
    [SW_T_COMPLEX] = {"complex128", "complex128", SW_K_COMPLEX, SW_T_NONE},
    [SW_T_STRING] = {"string", "string", SW_K_STRING, SW_T_NONE},
    [SW_T_LIST] = {"[]interface {}", "slice", SW_K_SLICE, SW_T_ANY},
    [SW_T_STRINGS] = {"[]string", "slice", SW_K_SLICE, SW_T_STRING},
    [SW_T_INTS] = {"[]int", "slice", SW_K_SLICE, SW_T_INT},
    [SW_T_LISTS] = {"[][]interface {}", "slice", SW_K_SLICE, SW_T_LIST},
    [SW_T_BYTES] = {"[]uint8", "slice", SW_K_SLICE, SW_T_UINT8},
    [SW_T_DICT] = {"map[string]interface {}", "map", SW_K_MAP, SW_T_ANY},
    [SW_T_TEXTS] = {"map[string]string", "map", SW_K_MAP, SW_T_STRING},
    [SW_T_ANYDICT] = {"map[interface {}]interface {}", "map", SW_K_MAP, SW_T_ANY},
    [SW_T_TIME] = {"time.Time", "struct", SW_K_STRUCT, SW_T_NONE},
    [SW_T_MONTH] = {"time.Month", "int", SW_K_INT, SW_T_NONE},
    [SW_T_WEEKDAY] = {"time.Weekday", "int", SW_K_INT, SW_T_NONE},
    [SW_T_DURATION] = {"time.Duration", "int64", SW_K_INT, SW_T_NONE},
    [SW_T_ZONE] = {"*time.Location", "ptr", SW_K_POINTER, SW_T_NONE},
    [SW_T_VERSION] = {"*semver.Version", "ptr", SW_K_POINTER, SW_T_NONE},
    [SW_T_VERSION_STRUCT] = {"semver.Version", "struct", SW_K_STRUCT, SW_T_NONE},
    [SW_T_CERTIFICATE] = {"sprig.certificate", "struct", SW_K_STRUCT, SW_T_NONE},
    [SW_T_FILES] = {"config.files", "struct", SW_K_STRUCT, SW_T_NONE},
    [SW_T_ANY] = {"interface {}", "interface", SW_K_INTERFACE, SW_T_NONE},
    [SW_T_REFLECT] = {"reflect.Value", "struct", SW_K_STRUCT, SW_T_NONE},
};

const char *sw_type_name(enum sw_type type) {
    return types[type].name;
}

const char *sw_datum_type_name(struct sw_datum value) {
    return value.boxed ? types[SW_T_ANY].name : types[value.type].name;
}

enum sw_kind sw_type_kind(enum sw_type type) {
    return types[type].kind;
}

const char *sw_kind_name(enum sw_type type) {
    return types[type].kind_name;
}

enum sw_kind sw_datum_kind(struct sw_datum value) {
    return value.boxed ? SW_K_INTERFACE : types[value.type].kind;
}

enum sw_type sw_type_element(enum sw_type type) {
    return types[type].element;
}

struct sw_datum sw_none(void) {
    return (struct sw_datum){.type = SW_T_NONE};
}

struct sw_datum sw_bool(bool truth) {
    return (struct sw_datum){.type = SW_T_BOOL, .truth = truth};
}

struct sw_datum sw_int(int64_t number) {
    return (struct sw_datum){.type = SW_T_INT, .number = number};
}

struct sw_datum sw_int64(int64_t number) {
    return (struct sw_datum){.type = SW_T_INT64, .number = number};
}

struct sw_datum sw_uint64(uint64_t number) {
    return (struct sw_datum){.type = SW_T_UINT64, .natural = number};
}

struct sw_datum sw_float(double real) {
    return (struct sw_datum){.type = SW_T_FLOAT, .real = real};
}

struct sw_datum sw_text(struct sw_str text) {
    return (struct sw_datum){.type = SW_T_STRING, .text = text};
}

struct sw_datum sw_of_list(enum sw_type type, struct sw_list *list) {
    return (struct sw_datum){.type = type, .list = list};
}

struct sw_datum sw_of_dict(enum sw_type type, struct sw_dict *dict) {
    return (struct sw_datum){.type = type, .dict = dict};
}

struct sw_datum sw_boxed(struct sw_datum value) {
    value.boxed = true;
    return value;
}

struct sw_datum sw_unboxed(struct sw_datum value) {
    value.boxed = false;
    return value;
}

struct sw_str sw_str_of(const char *text) {
    return (struct sw_str){text, strlen(text)};
}

struct sw_str sw_str_copy(struct sw_arena *arena, struct sw_str text) {
    return (struct sw_str){sw_arena_strn(arena, text.data, text.len), text.len};
}

struct sw_str sw_str_take(struct sw_arena *arena, struct sw_buf *buf) {
    struct sw_str text = {sw_arena_strn(arena, buf->data, buf->len), buf->len};
    sw_buf_fini(buf);
    return text;
}

char *sw_str_z(struct sw_arena *arena, struct sw_str text) {
    return sw_arena_strn(arena, text.data, text.len);
}

bool sw_str_equal(struct sw_str a, struct sw_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool sw_str_is(struct sw_str a, const char *b) {
    return sw_str_equal(a, sw_str_of(b));
}

int sw_str_compare(struct sw_str a, struct sw_str b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order)
        return order < 0 ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

struct sw_str sw_str_slice(struct sw_str text, size_t from, size_t to) {
    return (struct sw_str){text.data ? text.data + from : NULL, to - from};
}

bool sw_str_has_prefix(struct sw_str text, struct sw_str prefix) {
    return text.len >= prefix.len && sw_str_equal(sw_str_slice(text, 0, prefix.len), prefix);
}

bool sw_str_has_suffix(struct sw_str text, struct sw_str suffix) {
    return text.len >= suffix.len && sw_str_equal(sw_str_slice(text, text.len - suffix.len, text.len), suffix);
}

ptrdiff_t sw_str_find(struct sw_str text, struct sw_str part) {
    if (part.len == 0)
        return 0;
    if (part.len > text.len)
        return -1;
    const char *found = memmem(text.data, text.len, part.data, part.len);
    return found ? found - text.data : -1;
}

ptrdiff_t sw_str_find_last(struct sw_str text, struct sw_str part) {
    for (size_t start = text.len + 1; start-- > 0;)
        if (text.len - start >= part.len && sw_str_equal(sw_str_slice(text, start, start + part.len), part))
            return (ptrdiff_t)start;
    return -1;
}

struct sw_str sw_str_trim_space(struct sw_str text) {
    size_t width;
    while (text.len && sw_rune_is_space(sw_rune_decode(text.data, text.len, &width)))
        text = sw_str_slice(text, width, text.len);
    while (text.len && sw_rune_is_space(sw_rune_decode_last(text.data, text.len, &width)))
        text.len -= width;
    return text;
}

void sw_buf_add_str(struct sw_buf *buf, struct sw_str text) {
    if (text.len)
        sw_buf_add(buf, text.data, text.len);
}

struct sw_list *sw_list_new(struct sw_arena *arena, size_t len, size_t cap) {
    struct sw_list *list = sw_arena_new(arena, sizeof *list);
    list->items = cap ? sw_arena_new(arena, cap * sizeof *list->items) : NULL;
    list->len = len;
    list->cap = cap;
    return list;
}

/* What Go's allocator rounds `size` bytes up to; small sizes only. */
static size_t size_class(size_t size) {
    static const uint16_t classes[] = {
        8,    16,   24,    32,    48,    64,    80,    96,    112,   128,   144,   160,   176,   192,   208,   224,   240,
        256,  288,  320,   352,   384,   416,   448,   480,   512,   576,   640,   704,   768,   896,   1024,  1152,  1280,
        1408, 1536, 1792,  2048,  2304,  2688,  3072,  3200,  3456,  4096,  4864,  5376,  6144,  6528,  6784,  6912,  8192,
        9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (size <= classes[i])
            return classes[i];
    return (size + 8191) / 8192 * 8192;
}

size_t sw_list_grown(size_t cap, size_t need, size_t element) {
    enum { THRESHOLD = 256 };
    size_t next = cap;
    if (need > cap * 2)
        next = need;
    else if (cap < THRESHOLD)
        next = cap * 2;
    else
        do
            next += (next + 3 * THRESHOLD) / 4;
        while (next < need);
    return size_class(next * element) / element;
}

void sw_list_push(struct sw_arena *arena, struct sw_list *list, struct sw_datum value) {
    if (list->len == list->cap) {
        size_t cap = sw_list_grown(list->cap, list->len + 1, SW_INTERFACE_SIZE);
        struct sw_datum *items = sw_arena_new(arena, cap * sizeof *items);
        if (list->len)
            memcpy(items, list->items, list->len * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->len++] = sw_unboxed(value);
}

size_t sw_list_len(struct sw_datum list) {
    return list.list ? list.list->len : 0;
}

struct sw_datum sw_list_item(struct sw_datum list, size_t index) {
    return list.list->items[index];
}

struct sw_datum sw_list_at(struct sw_datum list, size_t index) {
    struct sw_datum item = sw_list_item(list, index);
    item.boxed = types[list.type].element == SW_T_ANY;
    return item;
}

bool sw_is_list(struct sw_datum value) {
    return types[value.type].kind == SW_K_SLICE;
}

bool sw_is_map(struct sw_datum value) {
    return types[value.type].kind == SW_K_MAP;
}

bool sw_truth(struct sw_datum value) {
    switch (types[value.type].kind) {
    case SW_K_BOOL:
        return value.truth;
    case SW_K_INT:
        return value.number != 0;
    case SW_K_UINT:
        return value.natural != 0;
    case SW_K_FLOAT:
        return value.real != 0;
    case SW_K_COMPLEX:
        return value.complex128 != 0;
    case SW_K_STRING:
        return value.text.len > 0;
    case SW_K_SLICE:
        return sw_list_len(value) > 0;
    case SW_K_MAP:
        return sw_dict_len(value.dict) > 0;
    case SW_K_POINTER:
        return value.version != NULL;
    case SW_K_STRUCT:
        return true;
    case SW_K_INVALID:
    case SW_K_INTERFACE:
        break;
    }
    return false;
}

bool sw_same(struct sw_datum a, struct sw_datum b) {
    if (a.type != b.type)
        return false;
    switch (a.type) {
    case SW_T_VERSION_STRUCT:
        return sw_semver_identical(a.version, b.version);
    case SW_T_TIME:
        return sw_time_identical(a.time, b.time);
    case SW_T_CERTIFICATE:
        return sw_str_equal(a.certificate->cert, b.certificate->cert) && sw_str_equal(a.certificate->key, b.certificate->key);
    default:
        break;
    }
    switch (types[a.type].kind) {
    case SW_K_BOOL:
        return a.truth == b.truth;
    case SW_K_INT:
        return a.number == b.number;
    case SW_K_UINT:
        return a.natural == b.natural;
    case SW_K_FLOAT:
        return a.real == b.real;
    case SW_K_COMPLEX:
        return a.complex128 == b.complex128;
    case SW_K_STRING:
        return sw_str_equal(a.text, b.text);
    case SW_K_POINTER:
        return a.version == b.version;
    default:
        return true;
    }
}

static bool equal_at(struct sw_datum a, struct sw_datum b, int depth);

static bool lists_equal(struct sw_datum a, struct sw_datum b, int depth) {
    if (!a.list || !b.list)
        return a.list == b.list;
    if (a.list->len != b.list->len)
        return false;
    if (a.list->len > 0 && a.list->items == b.list->items)
        return true;
    for (size_t i = 0; i < a.list->len; i++)
        if (!equal_at(a.list->items[i], b.list->items[i], depth + 1))
            return false;
    return true;
}

static bool dicts_equal(const struct sw_dict *a, const struct sw_dict *b, int depth) {
    if (!a || !b || a == b)
        return a == b;
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->used; i++) {
        if (a->entries[i].removed)
            continue;
        struct sw_datum *other = sw_dict_find(b, a->entries[i].key);
        if (!other || !equal_at(a->entries[i].value, *other, depth + 1))
            return false;
    }
    return true;
}

static bool equal_at(struct sw_datum a, struct sw_datum b, int depth) {
    if (a.type != b.type)
        return false;
    if (depth > MAX_COMPARE_DEPTH)
        return true;
    if (a.type == SW_T_VERSION && a.version && b.version)
        return sw_semver_identical(a.version, b.version);
    switch (types[a.type].kind) {
    case SW_K_SLICE:
        return lists_equal(a, b, depth);
    case SW_K_MAP:
        return dicts_equal(a.dict, b.dict, depth);
    default:
        return sw_same(a, b);
    }
}

bool sw_deep_equal(struct sw_datum a, struct sw_datum b) {
    return equal_at(a, b, 0);
}
