/* context.h - the part of the build context that an instruction uses.
 *
 * A step must not change when a file changes that it does not look at, so each gets a tree of its own: only the paths it names. */
#ifndef PLUGINS_DOCKERFILE_CONTEXT_H
#define PLUGINS_DOCKERFILE_CONTEXT_H

#include "plugins/dockerfile/planner.h"

/* Adds a tree of the context's files under `paths`, which may hold wildcards and are relative to the context, whatever slashes they
 * begin with. */
sw_node sw_df_context_node(struct sw_df_planner *planner, struct sw_graph *graph, struct sw_strings paths,
                           const struct sw_op_note *note, struct sw_error **error);

#endif
