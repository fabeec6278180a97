#include "core/base/arena.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

enum { BLOCK_SIZE = 16 * 1024, ALIGNMENT = _Alignof(max_align_t) };

struct sw_arena_block {
    struct sw_arena_block *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) char data[];
};

void sw_arena_fini(struct sw_arena *arena) {
    while (arena->blocks) {
        struct sw_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}

void *sw_arena_new(struct sw_arena *arena, size_t size) {
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct sw_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = sw_new(sizeof *block + room);
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += size;
    return memory;
}

void *sw_arena_copy(struct sw_arena *arena, const void *data, size_t len) {
    void *copy = sw_arena_new(arena, len);
    if (len)
        memcpy(copy, data, len);
    return copy;
}

char *sw_arena_str(struct sw_arena *arena, const char *text) {
    return text ? sw_arena_strn(arena, text, strlen(text)) : NULL;
}

char *sw_arena_strn(struct sw_arena *arena, const char *text, size_t len) {
    char *copy = sw_arena_new(arena, len + 1);
    if (len)
        memcpy(copy, text, len);
    return copy;
}

char *sw_arena_format(struct sw_arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    return sw_arena_str(arena, text);
}

struct sw_strings sw_arena_strings(struct sw_arena *arena, struct sw_strings strings) {
    const char **items = sw_arena_new(arena, strings.count * sizeof *items);
    for (size_t i = 0; i < strings.count; i++)
        items[i] = sw_arena_str(arena, strings.items[i]);
    return (struct sw_strings){items, strings.count};
}

struct sw_pairs sw_arena_pairs(struct sw_arena *arena, struct sw_pairs pairs) {
    struct sw_pair *items = sw_arena_new(arena, pairs.count * sizeof *items);
    for (size_t i = 0; i < pairs.count; i++)
        items[i] = (struct sw_pair){sw_arena_str(arena, pairs.items[i].key), sw_arena_str(arena, pairs.items[i].value)};
    return (struct sw_pairs){items, pairs.count};
}

struct sw_bytes sw_arena_bytes(struct sw_arena *arena, struct sw_bytes bytes) {
    return (struct sw_bytes){sw_arena_copy(arena, bytes.data, bytes.len), bytes.len};
}
