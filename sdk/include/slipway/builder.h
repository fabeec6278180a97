/* builder.h - a builder plugin: from an image's document to stages of a build graph.
 *
 * The host opens a planner for one image and platform, and asks it again and again: here is the previous stage as it stands, what
 * is the next one? The order matters, because what was found in the store decides what comes next. For each stage that the store
 * does not hold, the host then asks for its nodes. */
#ifndef SLIPWAY_BUILDER_H
#define SLIPWAY_BUILDER_H

#include "slipway/graph.h"
#include "slipway/host.h"
#include "slipway/types.h"

enum sw_offline {
    SW_ONLINE = 0,
    SW_OFFLINE_GRAPH = 1, /* `slipway graph`: base images come back unresolved, nothing is fetched */
    SW_OFFLINE_LOOK = 2,  /* `slipway why`: digests must be those of a build, but nothing is fetched that only its steps need */
};

/* Everything lives as long as the planner. */
struct sw_plan_request {
    uint32_t size;
    uint32_t offline;                /* enum sw_offline: what the command leaves out */
    struct sw_plan *plan;            /* for calls of sw_host_plan */
    const char *project;             /* `project:` of werf.yaml */
    const char *image;               /* name; "" for the nameless one */
    const char *platform;            /* target, "os/arch[/variant]" */
    const char *build_platform;      /* of the backend that will run the steps */
    const struct sw_value *document; /* the image's own document, valid against the builder's schema */
    const struct sw_value *meta;     /* the project's document */
    const struct sw_commit *commit;
    const char *project_folder;      /* of werf.yaml, relative to the repository's root; "" is the root */
    const char *host_project_folder; /* the same on the host, absolute; for sw_op_tree.host_root only */
    const char *cache_version;       /* image's cacheVersion, else build.cacheVersion, else "" */
    const char *network;             /* --backend-network, else the image's network, else "" */
    struct sw_cancel *cancel;
    const char *part; /* name of the part of the image that is to be planned (see image_part); NULL: the image itself */

    /* Under --virtual-merge: `commit` only tests the merge of one commit into another, and is in nobody's history. Ids; else NULL. */
    const char *merge_from;
    const char *merge_into;
};

/* A named input of a stage's digest. The list of them is the stage's record, which is what explains a rebuild. */
enum sw_input_flags {
    SW_INPUT_DETAIL = 1u << 0,      /* explains the input before it (a file's id, a command); not hashed by itself */
    SW_INPUT_SECRET_FREE = 1u << 1, /* `value` may be shown; otherwise records keep its hash only */
};

/* Files of a commit that an input's value stands for, so that a difference can be told file by file. */
struct sw_input_files {
    uint32_t size;
    uint32_t filter_count;
    const struct sw_commit *commit;
    const char *scope; /* as of sw_host_files.checksum */
    const struct sw_filter *filters;
    const char *since; /* id of a commit: the value stands for what has changed since then; NULL: for all of the files */
};

struct sw_input {
    uint32_t size;
    uint32_t flags;
    const char *name;                   /* "instruction Dockerfile:12", "command install:1", "base image alpine:3.18" */
    struct sw_bytes value;              /* what is hashed */
    const struct sw_input_files *files; /* or NULL. Borrowed during `done`, as all of the stage */
};

enum sw_selection {
    SW_SELECT_OLDEST = 0,   /* among stored stages of equal digest: the oldest */
    SW_SELECT_ANCESTOR = 1, /* the oldest whose commits are ancestors of `commits` */
};

enum sw_stage_flags {
    SW_STAGE_INPUTS_VERBATIM = 1u << 0, /* the digest takes the one input's text as it is, not the hash of a list */
    SW_STAGE_FEEDS_COMMITS = 1u << 1,   /* the next stage's digest depends on the commits of this one (`commits` or its labels) */
};

/* Where a git mapping stands: the label `werf-git-<id>-commit` of the stage, and the mapping's current commit. */
struct sw_stage_commit {
    uint32_t size;
    uint32_t reserved;
    const char *label;  /* full label name */
    const char *commit; /* 40 hex */
    const struct sw_commit *handle;
};

/* A stage as a builder answers it. Borrowed during `done`; the host copies it. */
struct sw_stage {
    uint32_t size;
    uint32_t flags;     /* enum sw_stage_flags */
    uint32_t selection; /* enum sw_selection */
    uint32_t reserved;
    const char *name;        /* "from", "install", "dockerfile", "RUN" */
    const char *digest_name; /* as it enters the digest; NULL: `name` */
    const struct sw_input *inputs;
    size_t input_count;
    const char *digest_base; /* base reference as an extra last argument of the digest (staged Dockerfiles), or NULL */
    const struct sw_stage_commit *commits;
    size_t commit_count;
    struct sw_pairs labels; /* to set when it is built, besides the host's own */
};

/* The previous stage as it stands. Borrowed during `next`. */
struct sw_stage_view {
    uint32_t size;
    uint32_t found; /* 1: it came from a store, 0: it will be built */
    const char *name;
    const char *digest;
    const char *content_digest;
    struct sw_pairs labels; /* it has, or will have */
    const char *config;     /* image config JSON it has, or will have */
};

/* Another image of the project, finished for the same platform. Members live as long as the build. */
struct sw_built_image {
    uint32_t size;
    uint32_t reserved;
    const char *image; /* its name in werf.yaml */
    const char *name;  /* REPO:TAG of its last stage */
    const char *repo;
    const char *tag;    /* the stage id, DIGEST-TIMESTAMP */
    const char *digest; /* manifest digest */
    const char *id;     /* config digest */
    const char *content_digest;
    const struct sw_image *handle; /* to build on */
};

struct sw_import {
    uint32_t size;
    uint32_t external; /* 1: `image` is a registry reference */
    const char *image; /* name in werf.yaml, or reference */
    const char *stage; /* NULL: its last stage */
    const char *add;
    struct sw_strings include;
    struct sw_strings exclude;
};

struct sw_host_plan {
    uint32_t size;

    /* Resolves a base image for `platform` (NULL: the request's). A reference without a tag means ":latest". [loop] */
    void (*resolve_image)(struct sw_plan *plan, const char *reference, const char *platform,
                          void (*done)(void *context, const struct sw_image *image, struct sw_error *error), void *context);

    /* Whether `name` is an image of this project. [loop] */
    bool (*is_project_image)(struct sw_plan *plan, const char *name);

    /* Waits until another image of the project is finished; `stage` NULL: its last. It must be one that the config's dependency
     * graph knows as a dependency of this image. [loop] */
    void (*project_image)(struct sw_plan *plan, const char *name, const char *stage,
                          void (*done)(void *context, const struct sw_built_image *image, struct sw_error *error), void *context);

    /* werf's checksum of what an import brings: from its record in the store, else computed from the files. `source` is the
     * stage id of the source, or "external-image:REFERENCE". Strings are valid during `done`. [loop] */
    void (*import_checksum)(struct sw_plan *plan, const struct sw_import *import,
                            void (*done)(void *context, const char *checksum, const char *source, struct sw_error *error),
                            void *context);

    /* Names of this image's secrets, in the order of werf.yaml. [loop] */
    struct sw_strings (*secret_ids)(struct sw_plan *plan);

    /* Reports a warning at a place of a file of the project. [loop] */
    void (*warn)(struct sw_plan *plan, const struct sw_place *place, const char *rule, const char *text);

    /* Waits until a part of this image is finished, which is an image of its own with the name IMAGE/PART: the same builder plans it
     * from the same document, with `part` in its request. A part may need others, but not in a circle. [loop] */
    void (*image_part)(struct sw_plan *plan, const char *part,
                       void (*done)(void *context, const struct sw_built_image *image, struct sw_error *error), void *context);
};

/* Answers `next`: a stage, or NULL for the end. Called once, on the loop's thread, possibly from inside `next`. `error` goes to the
 * host. */
typedef void (*sw_stage_done)(void *context, const struct sw_stage *stage, struct sw_error *error);

/* Answers `realize`: the node that stands for the stage's result. As above. */
typedef void (*sw_realize_done)(void *context, sw_node node, struct sw_error *error);

struct sw_builder {
    uint32_t size;

    /* Keys of a document that make it this builder's, NULL-terminated: {"dockerfile", NULL}. A key has one owner. */
    const char *const *claims;

    /* JSON Schema (draft 2020-12) of an image document of this builder, without the keys common to all. Static text. */
    const char *schema;

    /* Opens a planner. NULL and `error` when the document cannot be built at all. [loop] */
    void *(*plan)(const struct sw_plan_request *request, struct sw_error **error);

    /* The next stage that is not empty. `previous` is NULL for the first one. [loop] */
    void (*next)(void *planner, const struct sw_stage_view *previous, sw_stage_done done, void *context);

    /* Adds the nodes of the stage answered last to `graph`, on top of `previous` (the node of the stage before it, or SW_NODE_NONE
     * for the first one). Asked only when the stage has to be built, or printed; before the following `next`. [loop] */
    void (*realize)(void *planner, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *context);

    /* Ends the planner, at any time at which no answer is due. [loop] */
    void (*close)(void *planner);

    /* Optional tables by id, such as "slipway.explain/1"; may be NULL. */
    const void *(*get_extension)(const char *id);
};

/* Extension "slipway.explain/1": what the builder understands of a build file, without building. */
#define SW_EXT_EXPLAIN "slipway.explain/1"
struct sw_explain {
    uint32_t size;
    const char *command; /* the word of the command line that leads here: "dockerfile" */
    /* Explains `file` (text of a build file) under `options` (JSON or NULL). `json` is allocated by the plugin and ended with
     * `free_text`. A file that is wrong is no failure of the call: its error is in the JSON. [loop] */
    bool (*explain)(const char *name, struct sw_bytes file, const char *options, char **json, struct sw_error **error);
    void (*free_text)(char *text);
};

/* What a lint rule has found. Valid during the call. */
struct sw_finding {
    uint32_t size;
    uint32_t reserved;
    const char *rule; /* its name: "JSONArgsRecommended" */
    const char *text;
    const char *url;       /* where the rule is explained, or NULL */
    struct sw_place place; /* line 0: none */
};

/* Extension "slipway.lint/1": looks through the build file of an image, without building and without a network. */
#define SW_EXT_LINT "slipway.lint/1"
struct sw_lint {
    uint32_t size;
    /* Calls `found` for each finding, in the order of their places. Fails with what would make a build fail, behind the findings. The
     * request is that of `plan`, but its `plan` is NULL: nothing can be asked of sw_host_plan, and base images and other images of the
     * project are not known. [loop] */
    bool (*lint)(const struct sw_plan_request *request, void (*found)(void *context, const struct sw_finding *finding),
                 void *context, struct sw_error **error);
};

#endif
