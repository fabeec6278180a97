#include "core/config/document.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"

enum { LONGEST_PRINTED = 1 << 20 };

enum sw_value_kind sw_value_kind_of(const struct sw_value *value) {
    return value ? value->kind : SW_VALUE_NULL;
}

bool sw_value_is_scalar(const struct sw_value *value) {
    enum sw_value_kind kind = sw_value_kind_of(value);
    return kind != SW_VALUE_NULL && kind != SW_VALUE_LIST && kind != SW_VALUE_MAP;
}

static bool find_pair(const struct sw_value *map, const char *key, size_t *index) {
    if (sw_value_kind_of(map) != SW_VALUE_MAP || !key)
        return false;
    for (size_t i = 0; i < map->count; i++) {
        if (map->keys[i]->source && strcmp(map->keys[i]->source, key) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

const struct sw_value *sw_value_get(const struct sw_value *map, const char *key) {
    size_t index;
    return find_pair(map, key, &index) ? map->values[index] : NULL;
}

const struct sw_value *sw_value_key(const struct sw_value *map, const char *key) {
    size_t index;
    return find_pair(map, key, &index) ? map->keys[index] : NULL;
}

const char *sw_value_source(const struct sw_value *value) {
    return value && value->source && value->kind != SW_VALUE_NULL ? value->source : "";
}

static uint32_t value_kind(const struct sw_value *value) {
    return (uint32_t)sw_value_kind_of(value);
}

static size_t value_count(const struct sw_value *value) {
    return value ? value->count : 0;
}

static const struct sw_value *value_at(const struct sw_value *value, size_t index) {
    return value && index < value->count ? value->values[index] : NULL;
}

static const struct sw_value *value_key_at(const struct sw_value *map, size_t index) {
    return map && map->kind == SW_VALUE_MAP && index < map->count ? map->keys[index] : NULL;
}

static const char *value_text(const struct sw_value *value) {
    return value ? value->text : "";
}

static bool value_boolean(const struct sw_value *value, bool otherwise) {
    return sw_value_kind_of(value) == SW_VALUE_BOOL ? value->boolean : otherwise;
}

static int64_t value_integer(const struct sw_value *value, int64_t otherwise) {
    if (sw_value_kind_of(value) == SW_VALUE_INT)
        return value->integer;
    if (sw_value_kind_of(value) == SW_VALUE_FLOAT && fabs(value->real) < 9e15 && trunc(value->real) == value->real)
        return (int64_t)value->real;
    return otherwise;
}

static struct sw_place value_place(const struct sw_value *value) {
    return value ? value->place : (struct sw_place){0};
}

static const char *value_source(const struct sw_value *value) {
    if (sw_value_kind_of(value) == SW_VALUE_LIST || sw_value_kind_of(value) == SW_VALUE_MAP)
        return NULL;
    return sw_value_source(value);
}

static int compare_keys(const void *a, const void *b, void *map) {
    const struct sw_value *left = ((const struct sw_value *)map)->keys[*(const size_t *)a];
    const struct sw_value *right = ((const struct sw_value *)map)->keys[*(const size_t *)b];
    if (left->kind != right->kind)
        return (int)left->kind - (int)right->kind;
    if (left->kind == SW_VALUE_INT)
        return (left->integer > right->integer) - (left->integer < right->integer);
    if (left->kind == SW_VALUE_FLOAT)
        return (left->real > right->real) - (left->real < right->real);
    return strcmp(left->text, right->text);
}

static void print_value(struct sw_buf *out, const struct sw_value *value);

static void print_map(struct sw_buf *out, const struct sw_value *map) {
    size_t *order = sw_new_array(map->count + 1, sizeof *order);
    for (size_t i = 0; i < map->count; i++)
        order[i] = i;
    qsort_r(order, map->count, sizeof *order, compare_keys, (void *)map);
    sw_buf_puts(out, "map[");
    for (size_t i = 0; i < map->count; i++) {
        if (i)
            sw_buf_putc(out, ' ');
        print_value(out, map->keys[order[i]]);
        sw_buf_putc(out, ':');
        print_value(out, map->values[order[i]]);
    }
    sw_buf_putc(out, ']');
    free(order);
}

static void print_value(struct sw_buf *out, const struct sw_value *value) {
    if (out->len > LONGEST_PRINTED) /* what aliases multiply */
        return;
    switch (sw_value_kind_of(value)) {
    case SW_VALUE_NULL:
        sw_buf_puts(out, "<nil>");
        return;
    case SW_VALUE_LIST:
        sw_buf_putc(out, '[');
        for (size_t i = 0; i < value->count; i++) {
            if (i)
                sw_buf_putc(out, ' ');
            print_value(out, value->values[i]);
        }
        sw_buf_putc(out, ']');
        return;
    case SW_VALUE_MAP:
        print_map(out, value);
        return;
    default:
        sw_buf_puts(out, value->text);
    }
}

static const char *value_printed(const struct sw_value *value) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (sw_value_kind_of(value) == SW_VALUE_NULL)
        return "<nil>";
    if (sw_value_is_scalar(value))
        return value->text;
    struct sw_value *cache = (struct sw_value *)value; /* what is kept changes nothing that can be seen */
    if (cache->printed)
        return cache->printed;
    struct sw_buf text = {0};
    print_value(&text, value);
    pthread_mutex_lock(&lock);
    if (!cache->printed)
        cache->printed = sw_arena_strn(cache->arena, sw_buf_text(&text), text.len);
    pthread_mutex_unlock(&lock);
    sw_buf_fini(&text);
    return cache->printed;
}

const struct sw_host_document sw_document_table = {
    .size = sizeof(struct sw_host_document),
    .kind = value_kind,
    .count = value_count,
    .at = value_at,
    .key_at = value_key_at,
    .get = sw_value_get,
    .text = value_text,
    .boolean = value_boolean,
    .place = value_place,
    .source = value_source,
    .printed = value_printed,
    .integer = value_integer,
};

/* Bytes of a text that an error shows: of its first line, not too many, whole characters. */
static size_t shown_len(const char *text) {
    enum { MOST_SHOWN = 40 };
    size_t len = strcspn(text, "\r\n\t");
    if (len <= MOST_SHOWN)
        return len;
    len = MOST_SHOWN;
    while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    return len;
}

void sw_value_describe(const struct sw_value *value, char *out, size_t size) {
    switch (sw_value_kind_of(value)) {
    case SW_VALUE_NULL:
        snprintf(out, size, "nothing");
        return;
    case SW_VALUE_BOOL:
        if (strcmp(value->source, value->text) == 0)
            snprintf(out, size, "the boolean %s", value->text);
        else
            snprintf(out, size, "the boolean %s (YAML reads \"%s\" so)", value->text, value->source);
        return;
    case SW_VALUE_INT:
    case SW_VALUE_FLOAT:
        snprintf(out, size, "the number %.40s", value->source);
        return;
    case SW_VALUE_STRING:
        snprintf(out, size, "the text \"%.*s%s\"", (int)shown_len(value->source), value->source,
                 value->source[shown_len(value->source)] ? "…" : "");
        return;
    case SW_VALUE_LIST:
        snprintf(out, size, "a list");
        return;
    case SW_VALUE_MAP:
        snprintf(out, size, "a map");
        return;
    }
}

struct sw_value *sw_value_new_list(struct sw_arena *arena, struct sw_value *item) {
    struct sw_value *list = sw_arena_new(arena, sizeof *list);
    list->kind = SW_VALUE_LIST;
    list->arena = arena;
    list->place = item->place;
    list->rendered_line = item->rendered_line;
    list->rendered_column = item->rendered_column;
    list->depth = item->depth + 1;
    list->weight = item->weight + 1;
    list->values = sw_arena_new(arena, sizeof(struct sw_value *));
    list->values[0] = item;
    list->count = 1;
    return list;
}
