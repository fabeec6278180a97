/* failure.h - what is wrong with a Dockerfile: a text, and the lines that it is about.
 *
 * A failure is part of what the dialect defines, and has many places at once, so it is a value of its own until the plugin hands
 * it to the host as an ordinary error. Text and lines live in the arena. */
#ifndef PLUGINS_DOCKERFILE_FAILURE_H
#define PLUGINS_DOCKERFILE_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "slipway/types.h"

struct sw_df_failure {
    struct sw_arena *arena;
    const char *text; /* NULL: nothing failed */
    uint32_t *lines;  /* rising, each once */
    size_t count;
};

/* Sets the text and returns false. */
bool sw_df_fail(struct sw_df_failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts text in front, or behind. The others keep what is there; all return false. */
bool sw_df_fail_prefix(struct sw_df_failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool sw_df_fail_suffix(struct sw_df_failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds the lines from `first` to `last`, or forgets the ones so far and takes these. */
bool sw_df_fail_at(struct sw_df_failure *failure, uint32_t first, uint32_t last);
bool sw_df_fail_only_at(struct sw_df_failure *failure, uint32_t first, uint32_t last);

/* The failure as an error of the host: `name` is the file's name, `file` its text, from which the lines are shown. */
struct sw_error *sw_df_failure_error(const struct sw_df_failure *failure, const char *name, struct sw_bytes file);

#endif
