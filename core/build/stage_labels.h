/* stage_labels.h - labels in the configs of stages: those that werf finds its stages by. */
#ifndef CORE_BUILD_STAGE_LABELS_H
#define CORE_BUILD_STAGE_LABELS_H

#include <jansson.h>

#include "core/build/session.h"

/* Sets the labels of a stage that stands on the job's last one, the builder's own among them. */
void sw_stage_set_labels(const struct sw_job *job, const struct sw_stage_state *stage, json_t *config);

/* A config that can be given other labels; all the rest is shared. A new reference. */
json_t *sw_config_copy_to_label(json_t *config);

/* The labels that a config has, copied into `arena`. */
struct sw_pairs sw_config_labels(struct sw_arena *arena, const json_t *config);

#endif
