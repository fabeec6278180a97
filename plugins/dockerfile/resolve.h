/* resolve.h - evaluating a planner's Dockerfile with base images looked up by the host, in as many rounds as it takes. */
#ifndef PLUGINS_DOCKERFILE_RESOLVE_H
#define PLUGINS_DOCKERFILE_RESOLVE_H

#include "plugins/dockerfile/evaluate.h"
#include "plugins/dockerfile/planner.h"

/* `evaluation` has a result and is the callee's, to be ended with sw_df_evaluation_free; or it is NULL, and `error` says why. */
typedef void (*sw_df_evaluated_done)(void *context, struct sw_df_evaluation *evaluation, struct sw_error *error);

/* Answers once, possibly from inside the call. Warnings go to the host. [loop] */
void sw_df_planner_evaluate(struct sw_df_planner *planner, enum sw_df_recording recording, sw_df_evaluated_done done,
                            void *context);

/* The options of an evaluation as the document and the request have them, but for images; `failure` when a build argument that is one
 * of them is malformed. Borrowed from the planner. */
bool sw_df_planner_options(struct sw_df_planner *planner, struct sw_df_options *options, struct sw_df_failure *failure);

void sw_df_evaluation_free(struct sw_df_evaluation *evaluation); /* takes NULL */

#endif
