/* imageconfig.h - changes of an image's config (JSON): history, environment, and what the `docker` section says. */
#ifndef PLUGINS_STAPEL_IMAGECONFIG_H
#define PLUGINS_STAPEL_IMAGECONFIG_H

#include <jansson.h>

#include "plugins/stapel/host.h"

/* The config of a node as a JSON object, to be released; an empty one when it is malformed. */
json_t *sw_stapel_config_of(const struct sw_graph *graph, sw_node node);

/* Adds a history entry for each of `layers` layers; for none, one that says that there is none. */
void sw_stapel_config_history(json_t *config, const char *what, size_t layers);

void sw_stapel_config_set_env(json_t *config, const char *name, const char *value);

/* Value of a variable; NULL when it is not set. Borrowed. */
const char *sw_stapel_config_env(const json_t *config, const char *name);

/* Names of volumes, absolute. */
struct sw_strings sw_stapel_config_volumes(struct sw_arena *arena, const json_t *config);

/* What the deprecated `docker` section sets. */
bool sw_stapel_config_apply_docker(json_t *config, const struct sw_value *docker, struct sw_error **error);

/* The strings that the section adds to its stage's digest, with names for the record. */
size_t sw_stapel_docker_inputs(struct sw_arena *arena, const struct sw_value *docker, struct sw_input **inputs);

#endif
