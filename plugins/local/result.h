/* result.h - a wanted node's result: its layers, and the image config that goes with them. */
#ifndef PLUGINS_LOCAL_RESULT_H
#define PLUGINS_LOCAL_RESULT_H

#include "core/base/arena.h"
#include "plugins/local/stack.h"
#include "slipway/backend.h"

/* Puts `result` together from the store, whose blobs must be there; all memory is `arena`'s. Not on the loop. */
bool sw_result_make(struct sw_stacks *stacks, const struct sw_solve *solve, sw_node node, struct sw_arena *arena,
                    struct sw_result *result, struct sw_error **error);

#endif
