#include "plugins/stapel/host.h"

#include <stdlib.h>
#include <string.h>

const struct sw_host *sw_stapel_host;

const struct sw_value *sw_stapel_given(const struct sw_value *map, const char *key) {
    const struct sw_value *value = sw_stapel_host->document->get(map, key);
    return sw_stapel_host->document->kind(value) == SW_VALUE_NULL ? NULL : value;
}

const char *sw_stapel_text(const struct sw_value *map, const char *key) {
    const struct sw_value *value = sw_stapel_given(map, key);
    const char *text = value ? sw_stapel_host->document->source(value) : NULL;
    return text ? text : "";
}

struct sw_strings sw_stapel_texts(struct sw_arena *arena, const struct sw_value *map, const char *key) {
    const struct sw_host_document *document = sw_stapel_host->document;
    const struct sw_value *value = sw_stapel_given(map, key);
    if (!value)
        return (struct sw_strings){0};
    bool is_list = document->kind(value) == SW_VALUE_LIST;
    size_t count = is_list ? document->count(value) : 1;
    const char **items = sw_arena_new(arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        const char *text = document->source(is_list ? document->at(value, i) : value);
        items[i] = text ? text : "";
    }
    return (struct sw_strings){items, count};
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const struct sw_pair *)a)->key, ((const struct sw_pair *)b)->key);
}

struct sw_pairs sw_stapel_pairs(struct sw_arena *arena, const struct sw_value *map, const char *key) {
    const struct sw_host_document *document = sw_stapel_host->document;
    const struct sw_value *value = sw_stapel_given(map, key);
    size_t count = document->kind(value) == SW_VALUE_MAP ? document->count(value) : 0;
    struct sw_pair *pairs = sw_arena_new(arena, (count + 1) * sizeof *pairs);
    for (size_t i = 0; i < count; i++) {
        const char *text = document->source(document->at(value, i));
        pairs[i] = (struct sw_pair){document->source(document->key_at(value, i)), text ? text : ""};
    }
    qsort(pairs, count, sizeof *pairs, by_key);
    return (struct sw_pairs){pairs, count};
}

const char *sw_stapel_hash(struct sw_arena *arena, struct sw_strings items) {
    char out[65];
    sw_stapel_host->hash->join256(items, out);
    return sw_arena_str(arena, out);
}
