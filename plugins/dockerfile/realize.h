/* realize.h - from an evaluated Dockerfile to nodes of the host's build graph. */
#ifndef PLUGINS_DOCKERFILE_REALIZE_H
#define PLUGINS_DOCKERFILE_REALIZE_H

#include "plugins/dockerfile/evaluate.h"
#include "plugins/dockerfile/planner.h"

/* Adds the nodes that `evaluation`'s result is made of; SW_NODE_NONE and `error` when one is refused. */
sw_node sw_df_nodes_add(struct sw_df_planner *planner, struct sw_graph *graph, const struct sw_df_evaluation *evaluation,
                        struct sw_error **error);

#endif
