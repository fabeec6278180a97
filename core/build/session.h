/* session.h - what the modules of this room share while a build runs. Nobody else includes it. */
#ifndef CORE_BUILD_SESSION_H
#define CORE_BUILD_SESSION_H

#include "core/base/arena.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/build/build.h"
#include "core/build/stage_id.h"
#include "core/build/stage_repo.h"
#include "core/graph/graph.h"
#include "core/graph/image.h"

/* A stage of an image while it is planned, looked up, built and published. Lives in its job's arena. */
struct sw_stage_state {
    const char *name;
    const char *digest_name;
    uint32_t flags;
    uint32_t selection;
    const struct sw_input *inputs;
    size_t input_count;
    const char *digest_base;
    const struct sw_stage_commit *commits;
    size_t commit_count;
    struct sw_pairs labels; /* the builder's */
    bool is_spec;           /* the imageSpec stage, which is the room's own */

    char digest[SW_SHA3_224_HEX];
    char content_digest[SW_SHA3_224_HEX];
    char id[SW_STAGE_ID_SIZE];
    int64_t timestamp;
    char next[SW_SHA256_HEX]; /* what it adds to the digest of the stage above; "" */

    bool found;   /* in the store, when it was looked up */
    bool copied;  /* found in a secondary repository, and copied into the primary one */
    bool rebuilt; /* solved and published by this run */
    bool wanted;  /* must be solved */
    sw_node node; /* SW_NODE_NONE until it is needed */
    struct sw_image *image;

    /* The backend's result, until it is published. */
    struct sw_layer *layers;
    size_t layer_count;
    char *config;
    uint64_t started;
    double seconds;
};

enum sw_job_state {
    SW_JOB_WAITING = 0, /* for a free place */
    SW_JOB_PLANNING,
    SW_JOB_SOLVING,
    SW_JOB_PUBLISHING,
    SW_JOB_DONE,
    SW_JOB_FAILED,
};

struct sw_job;

/* Somebody who waits for an image of the project. */
struct sw_job_waiter {
    void (*ready)(void *context, struct sw_job *job);
    void *context;
};

/* One image for one platform. It is what builders know as `struct sw_plan`. */
struct sw_job {
    struct sw_build *build;
    const struct sw_project_image *image;
    const char *part; /* of the image, which is built as an image of its own; NULL: the image itself */
    char *name;       /* the image's, with the part's behind it */
    const char *platform;
    char *plan_id; /* "image@platform" */
    const struct sw_builder *builder;
    struct sw_plan_request request;
    void *planner;
    struct sw_graph *graph;
    struct sw_arena arena;
    struct sw_vec stages; /* of struct sw_stage_state * */
    enum sw_job_state state;
    struct sw_error *error;
    bool not_begun; /* another image's failure ended the build before this one's turn */
    struct sw_built_image built;
    struct sw_vec waiters; /* of struct sw_job_waiter */
    struct sw_vertex *vertex;
    uint64_t started;
    double seconds;
    size_t published;   /* stages that are done, from the bottom */
    bool spec_later;    /* imageSpec is planned once a front end has said what the config is */
    bool solved;        /* the backend has ended */
    bool publishing;    /* a stage is on its way */
    uint32_t in_flight; /* answers of backend and store that are due */
};

/* The index of an image with several platforms. */
struct sw_index_image {
    const struct sw_project_image *image;
    const char *part; /* name of the part of the image; NULL: the image itself */
    const char *tag;
    const char *digest;
    const char *body;
};

struct sw_build {
    struct sw_build_options options;
    struct sw_arena arena;
    struct sw_vec jobs; /* of struct sw_job * */
    struct sw_map jobs_by_id;
    struct sw_vec indexes; /* of struct sw_index_image * */
    struct sw_vec reports;
    struct sw_stage_repo primary;
    struct sw_stage_repo *secondaries; /* options.secondary_count of them */
    struct sw_stage_repo final;        /* unused without options.final_repo */
    struct sw_map repos;               /* address -> struct sw_repo *, to fetch blobs from */
    struct sw_map resolved;            /* reference@platform -> struct resolution * */
    struct sw_map by_name;             /* REPO:TAG -> struct sw_image *, of this project's stages */
    struct sw_map layers;              /* digest -> struct sw_layer_origin * */
    struct sw_vec images;              /* of struct sw_image *, all that were made */
    struct sw_map stand_ins;           /* checksums of imports that are not known before their sources are built */
    bool *cache_failed;                /* by cache: it is not asked any more */
    struct sw_map fetched;             /* digests of the layers that were downloaded from the primary repository */
    uint32_t active;
    bool stopping;
    struct sw_cancel *cancel;
    struct sw_error *first_error;
    sw_done done;
    void *context;
    bool concluding;   /* all images have ended */
    size_t conclusion; /* what is to be done next */
    bool finished;
};

/* An image that has a layer, to fetch it from. */
struct sw_layer_origin {
    const struct sw_image *image;
    size_t index;
};

/* Whether the build only plans: nothing is resolved, solved or published. */
bool sw_build_only_plans(const struct sw_build *build);

/* job.c */
struct sw_job *sw_job_new(struct sw_build *build, const struct sw_project_image *image, const char *part, const char *platform);
void sw_job_free(struct sw_job *job);
void sw_job_start(struct sw_job *job);
void sw_job_fail(struct sw_job *job, struct sw_error *error);
void sw_job_wait(struct sw_job *job, void (*ready)(void *context, struct sw_job *job), void *context);
struct sw_stage_state *sw_job_stage(const struct sw_job *job, size_t index);
struct sw_stage_state *sw_job_last_stage(const struct sw_job *job);
struct sw_stage_state *sw_job_find_stage(const struct sw_job *job, const char *name);
void sw_job_finish(struct sw_job *job); /* all stages are published */

/* build.c */
struct sw_job *sw_build_job(const struct sw_build *build, const char *name, const char *platform);
struct sw_job *sw_build_start_part(struct sw_build *build, const struct sw_job *whole, const char *part); /* once for a part */
void sw_build_job_ended(struct sw_build *build, struct sw_job *job);
void sw_build_job_failing(struct sw_build *build, const struct sw_job *job); /* it will end when nothing of it is in flight */
struct sw_image *sw_build_keep_image(struct sw_build *build, struct sw_image *image); /* owns it, remembers its layers */
struct sw_repo *sw_build_repo(struct sw_build *build, const char *address, struct sw_error **error);
const struct sw_store *sw_build_store(const struct sw_build *build, const char *address); /* that serves an address */
char *sw_build_image_name(const struct sw_build *build, const char *tag);                 /* of a stage */
/* Name of the repository that users pull an image from: the final one, if the image goes there. */
const char *sw_build_public_repo(const struct sw_build *build, const struct sw_project_image *image);

/* lookup.c: finds a stored stage for `stage`, or leaves `stage->found` false. `done` gets errors of the store only. */
void sw_lookup_stage(struct sw_job *job, struct sw_stage_state *stage, int64_t not_before, sw_done done, void *context);
/* A stage of an ancestor's files can be brought up to date by a patch; any other one cannot. */
bool sw_stage_fits(const struct sw_build *build, const struct sw_stage_state *stage, const struct sw_image *image);

/* publish.c: makes the stage's image and puts it into the store; `stage->image` is set. */
void sw_publish_stage(struct sw_job *job, struct sw_stage_state *stage, const struct sw_stage_state *below, sw_done done,
                      void *context);

/* image_spec.c */
bool sw_spec_stage(struct sw_job *job, struct sw_stage_state *stage); /* fills name and inputs; false: the image has none */
char *sw_spec_apply(const struct sw_job *job, const char *config, struct sw_error **error); /* the changed config; to be freed */

/* trees.c: what core/graph and backends ask of git and host files. */
struct sw_graph_files sw_trees_for(struct sw_job *job);

#endif
