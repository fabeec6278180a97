/* result.h - a wanted node's result: its layers, and the image config that goes with them. */
#ifndef PLUGINS_LOCAL_RESULT_H
#define PLUGINS_LOCAL_RESULT_H

#include "core/base/arena.h"
#include "plugins/local/stack.h"
#include "slipway/backend.h"

/* Puts `result` together from the store, whose blobs must be there; all memory is `arena`'s. Not on the loop. */
bool sw_result_make(struct sw_stacks *stacks, const struct sw_solve *solve, sw_node node, struct sw_arena *arena,
                    struct sw_result *result, struct sw_error **error);

/* What layer a config's history has an entry for. */
struct sw_result_layer {
    const char *diff_id;
    const char *title; /* created_by of an entry that the history lacks */
};

/* Completes an image config: rootfs, created, and a history that fits the layers. To be freed; NULL and `error` when it is no JSON
 * object. */
char *sw_result_config(const char *config, const struct sw_result_layer *layers, size_t count, int64_t epoch, const char *platform,
                       struct sw_error **error);

#endif
