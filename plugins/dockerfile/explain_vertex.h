/* explain_vertex.h - the parts that printing a graph is made of (explain_graph.c, explain_mounts.c). */
#ifndef PLUGINS_DOCKERFILE_EXPLAIN_VERTEX_H
#define PLUGINS_DOCKERFILE_EXPLAIN_VERTEX_H

#include "plugins/dockerfile/explain_graph.h"

struct sw_df_printer {
    const struct sw_df_evaluation *evaluation;
    const struct sw_df_explain_options *options;
    json_t *vertices;
    json_t *ids; /* from what a vertex stands for to its id */
};

/* Inputs of the vertex being made: names in order, each once. */
struct sw_df_inputs {
    json_t *list;
};

/* Index of vertex `id` among the inputs, where it is added if need be; -1 for NULL. */
int sw_df_input_add(struct sw_df_inputs *inputs, const char *id);

/* Id of the vertex that stands for a step, which is made if need be; NULL for nothing. Borrowed. */
const char *sw_df_vertex_of(struct sw_df_printer *p, const struct sw_df_step *step);

/* Adds a vertex under `key`, which stands for the same thing always. Takes `inputs` and `detail`. */
const char *sw_df_vertex_add(struct sw_df_printer *p, const char *key, const struct sw_df_step *step, const char *op,
                             json_t *inputs, json_t *detail);

/* One action of a `file` vertex; indices of -1 say that there is no such input. Takes `action`. */
json_t *sw_df_action_json(const char *kind, json_t *action, int input, int second, int output);

/* Detail of a `file` vertex. Takes `action`, which may be NULL. */
json_t *sw_df_actions_json(json_t *action);

/* Mounts of a RUN, its root first: of files in order of their targets, then secrets, then ssh. Secrets that become variables are added
 * to `secret_env`. */
json_t *sw_df_mounts_json(struct sw_df_printer *p, const struct sw_df_step *step, struct sw_df_inputs *inputs, json_t *secret_env);

#endif
