/* arena.h - memory that dies together: no hundred small frees. A zeroed arena is empty and ready. */
#ifndef CORE_BASE_ARENA_H
#define CORE_BASE_ARENA_H

#include <stddef.h>

#include "slipway/types.h"

struct sw_arena_block;
struct sw_arena {
    struct sw_arena_block *blocks;
};

void sw_arena_fini(struct sw_arena *arena);
#define sw_cleanup_arena __attribute__((cleanup(sw_arena_fini)))

/* Zeroed, aligned for any type. */
void *sw_arena_new(struct sw_arena *arena, size_t size);
void *sw_arena_copy(struct sw_arena *arena, const void *data, size_t len);
char *sw_arena_str(struct sw_arena *arena, const char *text); /* NULL stays NULL */
char *sw_arena_strn(struct sw_arena *arena, const char *text, size_t len);
char *sw_arena_format(struct sw_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Deep copies. */
struct sw_strings sw_arena_strings(struct sw_arena *arena, struct sw_strings strings);
struct sw_pairs sw_arena_pairs(struct sw_arena *arena, struct sw_pairs pairs);
struct sw_bytes sw_arena_bytes(struct sw_arena *arena, struct sw_bytes bytes);

#endif
