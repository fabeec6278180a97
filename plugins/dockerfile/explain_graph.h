/* explain_graph.h - steps as a readable list of vertices. */
#ifndef PLUGINS_DOCKERFILE_EXPLAIN_GRAPH_H
#define PLUGINS_DOCKERFILE_EXPLAIN_GRAPH_H

#include <jansson.h>

#include "plugins/dockerfile/explain_options.h"

/* The vertices that `evaluation`'s result is made of, inputs first, as a new array; `result` gets the last one's name ("v3:0"), to
 * be freed, NULL when the result is empty. */
json_t *sw_df_graph_json(const struct sw_df_evaluation *evaluation, const struct sw_df_explain_options *options, char **result);

#endif
