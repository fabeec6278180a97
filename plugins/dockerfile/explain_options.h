/* explain_options.h - the options of `explain`, read from JSON. */
#ifndef PLUGINS_DOCKERFILE_EXPLAIN_OPTIONS_H
#define PLUGINS_DOCKERFILE_EXPLAIN_OPTIONS_H

#include <jansson.h>

#include "plugins/dockerfile/evaluate.h"
#include "plugins/dockerfile/explain_attributes.h"

struct sw_df_explain_options {
    struct sw_arena arena;
    json_t *root;
    struct sw_df_options options; /* without a platform */
    struct sw_strings platforms;
    const char *ignore; /* .dockerignore at the root of a context, NULL: none */
    struct sw_df_check check;
    struct sw_df_run_attributes run;
};

/* Reads `text`, which may be NULL. A malformed one is an error; attributes that a build would refuse are a failure. */
bool sw_df_explain_options_read(struct sw_df_explain_options *options, const char *text, struct sw_df_failure *failure,
                                struct sw_error **error);
void sw_df_explain_options_fini(struct sw_df_explain_options *options);

#endif
