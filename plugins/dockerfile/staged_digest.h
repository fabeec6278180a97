/* staged_digest.h - under `staged: true` each instruction is a stage: what the digests of these are made of, as werf has it.
 *
 * Here variables are expanded as a build does it, nearly: once with what the stage has set, unknown ones left, and once more with
 * the base image's environment. */
#ifndef PLUGINS_DOCKERFILE_STAGED_DIGEST_H
#define PLUGINS_DOCKERFILE_STAGED_DIGEST_H

#include "plugins/dockerfile/instruction.h"
#include "slipway/builder.h"

struct sw_df_staged_request {
    const char *file_name;
    const struct sw_df_program *program;
    char escape;
    size_t stage; /* index */
    const char *platform;
    const char *build_platform;
    struct sw_pairs dependency_args;
    struct sw_pairs args;
    struct sw_strings base_env; /* "K=V" */
    /* What stands for stage `index` of the file in a digest. */
    const char *(*stage_name)(void *context, size_t index);
    /* Checksum of files of the context: 64 hex digits. */
    bool (*sources_checksum)(void *context, struct sw_strings sources, char out[65], struct sw_error **error);
    /* What such a checksum is of, to explain it; may be NULL. Lives as long as the inputs. */
    const struct sw_input_files *(*files_of)(void *context, struct sw_strings sources);
    void *context;
};

struct sw_df_staged_stage {
    const struct sw_df_instruction *instruction;
    const char *name; /* the instruction's word as it was typed */
    const struct sw_input *inputs;
    size_t input_count;
};

/* The stages of one stage of the file: all its instructions but ARG. Everything lives in the failure's arena. On false, either
 * `failure` or `error` is set. */
bool sw_df_staged_inputs(const struct sw_df_staged_request *request, const struct sw_df_staged_stage **stages, size_t *count,
                         struct sw_df_failure *failure, struct sw_error **error);

#endif
