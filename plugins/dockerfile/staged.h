/* staged.h - planning a Dockerfile image whose instructions are stages of their own (`staged: true`).
 *
 * The instructions of the target are the image's stages. Other stages of the file that it takes from are images of their own, parts of
 * this one; in digests each stands by its name in the registry. */
#ifndef PLUGINS_DOCKERFILE_STAGED_H
#define PLUGINS_DOCKERFILE_STAGED_H

#include "plugins/dockerfile/planner.h"

/* As the functions of the planner, which call these once values of other images are there. */
void sw_df_staged_next(struct sw_df_planner *planner, const struct sw_stage_view *previous);
void sw_df_staged_realize(struct sw_df_planner *planner, struct sw_graph *graph, sw_node previous, sw_realize_done done,
                          void *context);
/* The target that a part of an image stands for. In the arena. */
const char *sw_df_staged_target(struct sw_arena *arena, const char *part);
void sw_df_staged_free(struct sw_df_staged *staged); /* takes NULL */

#endif
