/* explain_options.h - the options of `explain`, read from JSON. */
#ifndef PLUGINS_DOCKERFILE_EXPLAIN_OPTIONS_H
#define PLUGINS_DOCKERFILE_EXPLAIN_OPTIONS_H

#include <jansson.h>

#include "plugins/dockerfile/evaluate.h"

/* Attributes of a build that change how RUN is run. */
struct sw_df_run_attributes {
    struct sw_pairs hosts;
    const char *hostname;
    const char *network; /* "", "none", "host", "sandbox" */
    const char *cgroup_parent;
    int64_t shm_bytes;
    struct sw_strings ulimits; /* "nofile=10:20" */
};

struct sw_df_explain_options {
    struct sw_arena arena;
    json_t *root;
    struct sw_df_options options; /* without a platform */
    struct sw_strings platforms;
    struct sw_df_check check;
    struct sw_df_run_attributes run;
};

/* Reads `text`, which may be NULL. A malformed one is an error; attributes that a build would refuse are a failure. */
bool sw_df_explain_options_read(struct sw_df_explain_options *options, const char *text, struct sw_df_failure *failure,
                                struct sw_error **error);
void sw_df_explain_options_fini(struct sw_df_explain_options *options);

#endif
