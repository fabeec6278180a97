/* explain_attributes.h - attributes of a build, as a client hands them to the front end: how RUN is run, and what is refused before
 * the Dockerfile is looked at. */
#ifndef PLUGINS_DOCKERFILE_EXPLAIN_ATTRIBUTES_H
#define PLUGINS_DOCKERFILE_EXPLAIN_ATTRIBUTES_H

#include <jansson.h>

#include "plugins/dockerfile/failure.h"

struct sw_df_ulimit {
    const char *name;
    int64_t soft;
    int64_t hard;
};

struct sw_df_run_attributes {
    struct sw_pairs hosts; /* name -> address in its plain form */
    const char *hostname;
    const char *network; /* "", "none", "host", "sandbox" */
    const char *cgroup_parent;
    const char *resolve_mode; /* "" or "pull" or "local" */
    int64_t shm_bytes;
    struct sw_df_ulimit *ulimits;
    size_t ulimit_count;
};

/* Reads the object `attributes`, which may be NULL. Texts live in the failure's arena, or as long as the object. False: `failure` says
 * which attribute is wrong, in BuildKit's order and words. */
bool sw_df_attributes_read(const json_t *attributes, struct sw_df_run_attributes *out, struct sw_df_failure *failure);

#endif
