/* explain.h - what the plugin understands of a Dockerfile, as JSON: for people, for tests, for editors. */
#ifndef PLUGINS_DOCKERFILE_EXPLAIN_H
#define PLUGINS_DOCKERFILE_EXPLAIN_H

#include <stdbool.h>

#include "slipway/types.h"

/* Explains `file` under `options` (JSON text or NULL): an object with the members `parse`, `warnings`, `error` and `outputs`.
 * Nothing is built, and no network is used: configs of base images come from the options. `json` is to be freed. False only when
 * the options are malformed. */
bool sw_df_explain(const char *name, struct sw_bytes file, const char *options, char **json, struct sw_error **error);

#endif
