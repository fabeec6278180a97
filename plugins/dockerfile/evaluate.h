/* evaluate.h - from the text of a Dockerfile to steps and an image config.
 *
 * A pure function of the text, the options, and the configs of base images: the same for explaining and for building. Configs are
 * asked for through `images`; one that is not there yet is remembered, and the evaluation ends without a result: the caller gets
 * what was asked for, and evaluates again. */
#ifndef PLUGINS_DOCKERFILE_EVALUATE_H
#define PLUGINS_DOCKERFILE_EVALUATE_H

#include "plugins/dockerfile/image.h"
#include "plugins/dockerfile/step.h"

enum sw_df_found {
    SW_DF_MISSING, /* there is no such image */
    SW_DF_FOUND,
    SW_DF_PENDING, /* not known yet */
};

struct sw_df_base {
    const char *config; /* JSON */
    const char *digest; /* of the manifest, or NULL */
    const void *handle; /* goes to the step */
    size_t layer_count; /* 0: as many as the config says */
    bool unresolved; /* nothing is known of it, as when a graph is printed without a network: it counts as an image with layers */
};

struct sw_df_images {
    /* An image that `name` means to this build alone, such as another image of the project; its written form need not be a valid
     * reference. NULL function: there are none. */
    bool (*known)(void *context, const char *name, struct sw_df_base *base);
    enum sw_df_found (*find)(void *context, const char *reference, const char *platform, struct sw_df_base *base);
    void *context;
};

/* Whether an evaluation keeps what it came to after each instruction of the target. */
enum sw_df_recording { SW_DF_RESULT_ONLY, SW_DF_RECORD };

/* What the target has come to after one of its instructions. */
struct sw_df_mark {
    uint32_t first; /* line of the instruction; 0: the target's start */
    bool on_build;  /* it is a trigger of the base */
    const struct sw_df_step *tip;
    const char *config; /* image config as JSON */
};

/* What a stage of the file begins with. */
struct sw_df_stage_record {
    const char *base;             /* reference, expanded */
    size_t base_stage;            /* index of the stage that it continues, SIZE_MAX: an image */
    struct sw_strings env;        /* "K=V" of its config; none when the stage is not needed */
    const struct sw_df_step *tip; /* what it ends with; NULL when the stage is not needed */
};

struct sw_df_options {
    const char *target;         /* "" for the last stage */
    const char *platform;       /* NULL: none was asked for */
    const char *build_platform; /* NULL: that of this machine */
    bool many_platforms;        /* one of several */
    bool check;                 /* lint: all stages */
    bool silent;                /* no warnings */
    struct sw_pairs build_args;
    struct sw_pairs labels;
    struct sw_pairs contexts;
    const char *ignore; /* text of the ignore file, NULL for none */
    const char *ignore_name;
    const struct sw_df_check *check_options; /* instead of the directive; NULL: the directive holds */
    const char *cache_namespace;             /* "" for none */
    enum sw_df_recording recording;
    bool no_cache; /* for all stages */
    struct sw_strings no_cache_stages;
    struct sw_df_images images;
};

struct sw_df_need {
    const char *reference;
    const char *platform;
    uint32_t first; /* lines of the instruction that names it */
    uint32_t last;
};

struct sw_df_evaluation {
    struct sw_arena arena; /* of everything below */
    struct sw_df_failure failure;
    struct sw_df_lint lint;
    struct sw_vec needs; /* struct sw_df_need: when not empty there is no result */
    struct sw_vec steps; /* struct sw_df_step *, of all stages that were evaluated */
    bool parsed;
    struct sw_df_file file;
    bool understood; /* `program` is whole */
    struct sw_df_program program;
    const struct sw_df_step *result;
    struct sw_vec marks;                /* struct sw_df_mark, if recorded */
    struct sw_df_stage_record *records; /* of each stage of the file, if recorded */
    struct sw_df_image image;
    const char *platform;
};

/* Evaluates `file`; what came of it is in `evaluation`, ended with sw_df_evaluation_fini: a failure, needs, or a result. */
void sw_df_evaluate(struct sw_bytes file, const struct sw_df_options *options, struct sw_df_evaluation *evaluation);
void sw_df_evaluation_fini(struct sw_df_evaluation *evaluation);

#endif
