/* map.h - from strings to pointers, remembering the order of insertion. A zeroed map is empty and ready. Keys are copied; values
 * are the caller's. */
#ifndef CORE_BASE_MAP_H
#define CORE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sw_map_entry {
    char *key; /* NULL: removed */
    void *value;
};

struct sw_map {
    struct sw_map_entry *entries; /* in order of insertion; skip those whose key is NULL */
    size_t len;                   /* used slots of `entries`, removed ones included */
    size_t cap;
    size_t count;    /* living entries */
    uint32_t *slots; /* open addressing: index + 1, 0 free */
    size_t slot_count;
};

/* Frees keys and tables; with `free_value` also each value. */
void sw_map_fini(struct sw_map *map, void (*free_value)(void *value));

void *sw_map_get(const struct sw_map *map, const char *key); /* NULL: not there */
bool sw_map_has(const struct sw_map *map, const char *key);

/* Sets `key` to `value`; returns what it replaced, or NULL. */
void *sw_map_set(struct sw_map *map, const char *key, void *value);

/* Removes `key`; returns its value, or NULL. */
void *sw_map_remove(struct sw_map *map, const char *key);

#endif
