/* result.h - from what a daemon exported to results as the host wants them. [pool], but for sw_result_make. */
#ifndef PLUGINS_BUILDKIT_RESULT_H
#define PLUGINS_BUILDKIT_RESULT_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "plugins/buildkit/archive.h"
#include "plugins/buildkit/layer_import.h"
#include "plugins/buildkit/stack.h"
#include "slipway/backend.h"

/* The image config that is given to the exporter: its history has one entry for each part, so that one can tell from the exported
 * image which parts have no layer. To be freed. */
char *sw_result_probe_config(const struct sw_vec *parts, const char *platform);

/* Imports the layers of `parts` that the build made, from the image in `fd`: adds to `made` (part key -> struct sw_layer_made). */
bool sw_result_import(const struct sw_host *host, const struct sw_solve *solve, const struct sw_vec *parts, int fd,
                      struct sw_map *made, struct sw_error **error);

/* Adds the layers of `parts` that the build made and the daemon pushed as `image`: to `made`, as above. */
bool sw_result_take(const struct sw_host *host, const struct sw_solve *solve, const struct sw_vec *parts,
                    const struct sw_image *image, struct sw_map *made, struct sw_error **error);

/* Whether all parts of `parts` are images' or in `made`. */
bool sw_result_is_complete(const struct sw_host *host, const struct sw_graph *graph, const struct sw_vec *parts,
                           const struct sw_map *made);

/* Puts a node's result together; all memory is `arena`'s. */
bool sw_result_make(const struct sw_host *host, const struct sw_solve *solve, sw_node node, const struct sw_vec *parts,
                    const struct sw_map *made, struct sw_arena *arena, struct sw_result *result, struct sw_error **error);

#endif
