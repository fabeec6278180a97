/* digest.h - what the digest of a Dockerfile image's one stage is made of, string by string, as werf has it.
 *
 * This is not what the image depends on: base images, network, unused arguments and heredoc bodies do not enter, and variables are
 * expanded by rules of their own (an ARG beats an ENV, the base image's environment is unknown, the text of a RUN is a word, the
 * escape is always a backslash). What cannot be expanded so stands as it is written: the build says whether it is right. It is a contract with images that
 * werf has built. */
#ifndef PLUGINS_DOCKERFILE_DIGEST_H
#define PLUGINS_DOCKERFILE_DIGEST_H

#include "plugins/dockerfile/instruction.h"
#include "plugins/dockerfile/platform.h"
#include "slipway/builder.h"

struct sw_df_digest_request {
    const char *file_name; /* for the names of inputs */
    char escape;           /* of the file */
    const struct sw_df_program *program;
    const char *target;
    const char *platform; /* of the result, NULL: build_platform */
    const char *build_platform;
    struct sw_pairs dependency_args; /* values of `dependencies` */
    struct sw_pairs args;            /* `args` */
    struct sw_strings hosts;         /* `addHost` */
    const char *cache_version;       /* "" for none */
    /* Checksum of files of the context that `sources` name: 64 hex digits. */
    bool (*files_checksum)(void *context, struct sw_strings sources, char out[65], struct sw_error **error);
    /* What such a checksum is of, to explain it; may be NULL. Lives as long as the inputs. */
    const struct sw_input_files *(*files_of)(void *context, struct sw_strings sources);
    void *context;
};

/* Makes the inputs of the stage, in order; strings and the array live in the failure's arena. On false, either `failure` or `error`
 * is set. */
bool sw_df_digest_inputs(const struct sw_df_digest_request *request, const struct sw_input **inputs, size_t *count,
                         struct sw_df_failure *failure, struct sw_error **error);

/* The target's index; false and a failure when there is no such stage. */
bool sw_df_digest_target(const struct sw_df_program *program, const char *target, size_t *index, struct sw_df_failure *failure);

#endif
