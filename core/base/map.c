#include "core/base/map.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

static uint64_t hash_of(const char *key) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 0x100000001b3u;
    return hash ^ (hash >> 32);
}

/* The slot that holds `key`, or the free one where it belongs. Removed entries keep their slot, so that chains stay whole. */
static uint32_t *find_slot(const struct sw_map *map, const char *key) {
    size_t mask = map->slot_count - 1;
    for (size_t i = hash_of(key) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &map->slots[i];
        if (*slot == 0)
            return slot;
        const struct sw_map_entry *entry = &map->entries[*slot - 1];
        if (entry->key && strcmp(entry->key, key) == 0)
            return slot;
    }
}

static struct sw_map_entry *find(const struct sw_map *map, const char *key) {
    if (map->slot_count == 0)
        return NULL;
    uint32_t *slot = find_slot(map, key);
    return *slot ? &map->entries[*slot - 1] : NULL;
}

/* Rebuilds both tables without the removed entries, with room for twice as many. */
static void grow(struct sw_map *map) {
    size_t kept = 0;
    for (size_t i = 0; i < map->len; i++)
        if (map->entries[i].key)
            map->entries[kept++] = map->entries[i];
    map->len = kept;
    map->cap = kept < 8 ? 16 : kept * 2;
    map->entries = sw_resize(map->entries, map->cap, sizeof *map->entries);
    free(map->slots);
    map->slot_count = 32;
    while (map->slot_count < map->cap * 2)
        map->slot_count *= 2;
    map->slots = sw_new_array(map->slot_count, sizeof *map->slots);
    for (size_t i = 0; i < map->len; i++)
        *find_slot(map, map->entries[i].key) = (uint32_t)i + 1;
}

void sw_map_fini(struct sw_map *map, void (*free_value)(void *value)) {
    for (size_t i = 0; i < map->len; i++) {
        if (free_value && map->entries[i].key)
            free_value(map->entries[i].value);
        free(map->entries[i].key);
    }
    free(map->entries);
    free(map->slots);
    *map = (struct sw_map){0};
}

void *sw_map_get(const struct sw_map *map, const char *key) {
    const struct sw_map_entry *entry = find(map, key);
    return entry ? entry->value : NULL;
}

bool sw_map_has(const struct sw_map *map, const char *key) {
    return find(map, key) != NULL;
}

void *sw_map_set(struct sw_map *map, const char *key, void *value) {
    struct sw_map_entry *entry = find(map, key);
    if (entry) {
        void *old = entry->value;
        entry->value = value;
        return old;
    }
    if (map->len == map->cap)
        grow(map);
    uint32_t *slot = find_slot(map, key);
    map->entries[map->len] = (struct sw_map_entry){sw_strdup(key), value};
    *slot = (uint32_t)++map->len;
    map->count++;
    return NULL;
}

void *sw_map_remove(struct sw_map *map, const char *key) {
    struct sw_map_entry *entry = find(map, key);
    if (!entry)
        return NULL;
    void *old = entry->value;
    free(entry->key);
    *entry = (struct sw_map_entry){0};
    map->count--;
    return old;
}
