/* realize.h - from an evaluated Dockerfile to nodes of the host's build graph. */
#ifndef PLUGINS_DOCKERFILE_REALIZE_H
#define PLUGINS_DOCKERFILE_REALIZE_H

#include <jansson.h>

#include "plugins/dockerfile/evaluate.h"
#include "plugins/dockerfile/fetch.h"
#include "plugins/dockerfile/planner.h"

struct sw_df_known_step {
    const struct sw_df_step *step;
    const struct sw_image *image;
    const char *title;
};

struct sw_df_nodes_request {
    const struct sw_df_evaluation *evaluation;
    const struct sw_df_step *result;
    json_t *config;                      /* of the result; `rootfs` and `created` are taken out */
    const struct sw_df_fetched *fetched; /* by step number */
    const struct sw_df_step *below;      /* a step that has its node already, NULL: there is none */
    sw_node below_node;
    const struct sw_df_known_step *known; /* steps whose result is an image already */
    size_t known_count;
};

/* Adds the nodes that a result is made of, and its config on top; SW_NODE_NONE and `error` when one is refused. */
sw_node sw_df_nodes_add(struct sw_df_planner *planner, struct sw_graph *graph, const struct sw_df_nodes_request *request,
                        struct sw_error **error);

#endif
