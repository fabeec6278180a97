#include "plugins/stapel/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

static void add(struct sw_stapel_inputs *inputs, struct sw_bytes value, uint32_t flags, const char *name, va_list args) {
    if (inputs->count == inputs->cap) {
        inputs->cap = inputs->cap ? inputs->cap * 2 : 8;
        struct sw_input *grown = sw_arena_new(inputs->arena, inputs->cap * sizeof *grown);
        if (inputs->count)
            memcpy(grown, inputs->items, inputs->count * sizeof *grown);
        inputs->items = grown;
    }
    sw_cleanup_free char *text = sw_vformat(name, args);
    inputs->items[inputs->count++] =
        (struct sw_input){.size = sizeof *inputs->items, .flags = flags, .name = sw_arena_str(inputs->arena, text), .value = value};
}

void sw_stapel_input(struct sw_stapel_inputs *inputs, const char *value, const char *name, ...) {
    va_list args;
    va_start(args, name);
    add(inputs, (struct sw_bytes){value, strlen(value)}, SW_INPUT_SECRET_FREE, name, args);
    va_end(args);
}

void sw_stapel_input_bytes(struct sw_stapel_inputs *inputs, struct sw_bytes value, const char *name, ...) {
    va_list args;
    va_start(args, name);
    add(inputs, value, 0, name, args);
    va_end(args);
}

void sw_stapel_input_detail(struct sw_stapel_inputs *inputs, const char *value, const char *name, ...) {
    va_list args;
    va_start(args, name);
    add(inputs, (struct sw_bytes){value, strlen(value)}, SW_INPUT_DETAIL, name, args);
    va_end(args);
}

void sw_stapel_input_shown_detail(struct sw_stapel_inputs *inputs, const char *value, const char *name, ...) {
    va_list args;
    va_start(args, name);
    add(inputs, (struct sw_bytes){value, strlen(value)}, SW_INPUT_DETAIL | SW_INPUT_SECRET_FREE, name, args);
    va_end(args);
}

void sw_stapel_input_files(struct sw_stapel_inputs *inputs, const struct sw_commit *commit, const char *scope,
                           const struct sw_filter *filters, uint32_t filter_count, const char *since) {
    struct sw_input_files *files = sw_arena_new(inputs->arena, sizeof *files);
    *files = (struct sw_input_files){.size = sizeof *files,
                                     .filter_count = filter_count,
                                     .commit = commit,
                                     .scope = scope,
                                     .filters = sw_arena_copy(inputs->arena, filters, filter_count * sizeof *filters),
                                     .since = since};
    inputs->items[inputs->count - 1].files = files;
}
