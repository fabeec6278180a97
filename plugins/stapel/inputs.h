/* inputs.h - lists of named inputs, being made in an arena. */
#ifndef PLUGINS_STAPEL_INPUTS_H
#define PLUGINS_STAPEL_INPUTS_H

#include "plugins/stapel/host.h"

/* A zeroed one with its arena set is empty and ready. */
struct sw_stapel_inputs {
    struct sw_arena *arena;
    struct sw_input *items;
    size_t count;
    size_t cap;
};

/* Adds what is hashed; its value may be shown. The value is borrowed. */
void sw_stapel_input(struct sw_stapel_inputs *inputs, const char *value, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what may hold anything, so that records keep its hash only. */
void sw_stapel_input_bytes(struct sw_stapel_inputs *inputs, struct sw_bytes value, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what explains the input before it. */
void sw_stapel_input_detail(struct sw_stapel_inputs *inputs, const char *value, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, for a value that may be shown. */
void sw_stapel_input_shown_detail(struct sw_stapel_inputs *inputs, const char *value, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* Says which files of a mapping the last input stands for: all that `filters` leave, or what has changed of them since commit `since`. */
void sw_stapel_input_files(struct sw_stapel_inputs *inputs, const struct sw_commit *commit, const char *scope,
                           const struct sw_filter *filters, uint32_t filter_count, const char *since);

#endif
