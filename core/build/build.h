/* build.h - building the images of a project: the conveyor.
 *
 * Takes a checked project and plugins; plans every wanted image stage by stage, asks the store which stages exist, has the missing ones
 * solved by the backend, and publishes them. Images proceed side by side, each as soon as the images it depends on are there.
 * Everything is asynchronous and on the loop's thread. */
#ifndef CORE_BUILD_BUILD_H
#define CORE_BUILD_BUILD_H

#include "core/config/project.h"
#include "slipway/plugin.h"

struct sw_build; /* a run of the conveyor */

enum sw_build_mode {
    SW_BUILD_PUBLISH = 0, /* build what is missing and publish it */
    SW_BUILD_CHECK = 1,   /* only look: a stage that is missing is an error */
    SW_BUILD_PRINT = 2,   /* plan as if every store were empty, resolve and build nothing: `slipway graph` */
    SW_BUILD_WHY = 3,     /* look up what is there and build nothing: `slipway why` */
};

/* A builder plugin, found by the name that the project's images carry. */
struct sw_named_builder {
    const char *name;
    const struct sw_builder *builder;
};

/* A repository beside the one of the stages. */
struct sw_extra_repo {
    const char *address;
    const char *name; /* as it stands in image names */
    const struct sw_store *store;
};

struct sw_build_options {
    enum sw_build_mode mode;
    const struct sw_project *project;
    const struct sw_commit *commit;
    const char *project_folder;      /* of werf.yaml in the repository; "" is the root */
    const char *host_project_folder; /* absolute, on the host */
    const bool *wanted;              /* by image of the project: what is to be built, dependencies included */
    const bool *chosen;              /* by image: what the user named; gets custom tags */

    const struct sw_host *host;
    const struct sw_named_builder *builders;
    size_t builder_count;
    const struct sw_backend *backend;
    const char *backend_name;
    struct sw_capabilities capabilities;     /* of the backend */
    const struct sw_store *store;            /* serves `repo` */
    const struct sw_store *base_images;      /* serves references of base images; NULL: none can be resolved */
    const char *repo;                        /* address of the stages */
    const char *repo_name;                   /* as it stands in image names: HOST/NAME, or the project's name without a registry */
    bool remote;                             /* `repo` is a registry */
    const struct sw_extra_repo *final_repo;  /* gets a copy of each final image; NULL: none */
    const struct sw_extra_repo *secondaries; /* asked for stages after `repo`, which gets a copy of what is found */
    size_t secondary_count;
    const struct sw_extra_repo *caches; /* asked for what `repo` is known to have, and filled */
    size_t cache_count;

    const char *build_platform;
    const char *network;           /* --backend-network, or "" */
    struct sw_strings custom_tags; /* templates */
    int64_t epoch;                 /* seconds, for layers and configs */
    uint32_t parallel;             /* images worked on at once; 0: no limit */
    bool keep_going;               /* after a failure, finish what does not depend on it */
    bool insecure;                 /* the user allows privileged steps */
    bool refuse_leaks;             /* a stage in which the value of a secret can be read is not published */
    bool skip_image_spec;
    const char *merge_from;        /* --virtual-merge: `commit` merges this one … */
    const char *merge_into;        /* … into this one; NULL: it does not */
    bool any_ancestry;             /* stages of any commit that the repository has may be built on */
    bool permissions_in_checksums; /* of imports */
    bool no_commit_records;        /* what a cleanup by git history would want to know is not recorded … */
    bool no_image_records;         /* … nor which images there are */
    struct sw_cancel *cancel;
};

/* A stage as it ended up. */
struct sw_stage_report {
    const char *name;
    const char *digest;
    const char *id;               /* tag */
    const struct sw_image *image; /* NULL when it was not reached */
    bool rebuilt;
    bool copied;  /* from a secondary repository */
    bool skipped; /* not looked at: a stage behind it was found */
    double seconds;
    int64_t created_ns;
    const struct sw_input *inputs; /* the record */
    size_t input_count;
    sw_node node;
};

/* One image for one platform, or the index of several. */
struct sw_image_report {
    const struct sw_project_image *image;
    const char *part;     /* name of a part of the image that was built as an image of its own; NULL: the image itself */
    const char *platform; /* "" for an index */
    bool rebuilt;
    double seconds;
    const char *tag;
    const char *repo;   /* that users pull it from */
    const char *name;   /* REPO:TAG, of that repository */
    const char *digest; /* of the manifest or index */
    const char *id;     /* of the config; of an index: its digest */
    uint64_t bytes;
    const struct sw_stage_report *stages;
    size_t stage_count;
    const struct sw_graph *graph;
    struct sw_strings needs;
    const struct sw_error *error; /* why it failed; NULL */
    bool not_begun;               /* another image's failure ended the build before its turn */
};

/* The options and what they point to must outlive the build. */
struct sw_build *sw_build_new(const struct sw_build_options *options);
void sw_build_free(struct sw_build *build); /* takes NULL; nothing may be in flight */

/* Runs; `done` gets NULL or the first failure. Called once. [loop] */
void sw_build_run(struct sw_build *build, sw_done done, void *context);

/* What became of the images, in the project's order, platforms in their order, then the indexes. Lives as long as the build. */
const struct sw_image_report *sw_build_reports(const struct sw_build *build, size_t *count);

/* Tables of the host that belong to this room: `plan` for builders, `blob` for backends, and `graph` with the files of its trees. */
extern const struct sw_host_plan sw_plan_table;
extern const struct sw_host_blob sw_blob_table;
struct sw_host_graph sw_graph_table(void);

#endif
