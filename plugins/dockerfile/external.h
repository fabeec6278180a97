/* external.h - images whose Dockerfile is read by a front end of its own: nothing of the file is understood here. */
#ifndef PLUGINS_DOCKERFILE_EXTERNAL_H
#define PLUGINS_DOCKERFILE_EXTERNAL_H

#include "core/base/vec.h"
#include "plugins/dockerfile/planner.h"

/* Refuses what only makes sense where the instructions are known. */
bool sw_df_external_check(struct sw_df_planner *planner, struct sw_error **error);

/* What the digest is made of: the program's name, the file, the whole context, and everything that the program is told. Appends
 * struct sw_input. */
bool sw_df_external_inputs(struct sw_df_planner *planner, struct sw_vec *inputs, struct sw_error **error);

/* Adds the nodes. SW_NODE_NONE and `error` when one is refused. */
sw_node sw_df_external_node(struct sw_df_planner *planner, struct sw_graph *graph, struct sw_error **error);

#endif
