/* project.h - a project and its images: what werf.yaml describes, checked and with all defaults applied.
 *
 * sw_project_parse turns rendered documents into a project and is pure; core/config/load.h reads and renders the files before it.
 * Builders' knowledge comes in as data (claimed keys and schemas), so nobody here knows a syntax. Everything in a project lives as
 * long as the project and is read-only. */
#ifndef CORE_CONFIG_PROJECT_H
#define CORE_CONFIG_PROJECT_H

#include "core/config/diagnostics.h"
#include "core/config/document.h"
#include "core/config/giterminism.h"
#include "core/config/yaml.h"
#include "slipway/types.h"

/* What a builder plugin says of itself; borrowed for as long as the project. */
struct sw_config_builder {
    const char *name;          /* of the plugin: "dockerfile" */
    const char *const *claims; /* NULL-terminated keys of a document that make it this builder's */
    const char *schema;        /* JSON Schema of its documents, without the keys common to all */
};

struct sw_project_options {
    const struct sw_config_builder *builders;
    size_t builder_count;
    struct sw_strings platforms;              /* --platform; not empty: replaces every other choice */
    const char *default_platform;             /* of the backend or the host; NULL: "linux/amd64" */
    const char *project_name;                 /* WERF_PROJECT_NAME, replaces the name in the file; NULL or "" for none */
    const char *suggested_name;               /* for the example shown when the meta document is missing; may be NULL */
    const char *home;                         /* for `~` in paths of secrets; NULL: left as it is */
    const char *cwd;                          /* relative host paths start here; NULL: left as they are */
    bool force_staged;                        /* WERF_FORCE_STAGED_DOCKERFILE */
    const struct sw_giterminism *giterminism; /* NULL: everything is allowed, as in loose mode */
};

/* A secret of an image. */
enum sw_secret_source { SW_SECRET_ENV = 0, SW_SECRET_FILE = 1, SW_SECRET_VALUE = 2 };
struct sw_project_secret {
    const char *id;
    enum sw_secret_source source;
    const char *text; /* name of the variable; path, absolute; or the value itself */
    struct sw_place place;
};

/* An entry of `dependencies`. */
enum sw_dependency_stage {
    SW_DEPENDENCY_WHOLE = 0, /* Dockerfile images have no before/after */
    SW_DEPENDENCY_BEFORE_INSTALL,
    SW_DEPENDENCY_AFTER_INSTALL,
    SW_DEPENDENCY_BEFORE_SETUP,
    SW_DEPENDENCY_AFTER_SETUP,
};
struct sw_dependency_import {
    const char *type;   /* "ImageName", "ImageTag", "ImageRepo", "ImageID", "ImageDigest" */
    const char *target; /* name of the build argument or variable */
    struct sw_place place;
};
struct sw_dependency {
    const char *image;
    enum sw_dependency_stage stage;
    const struct sw_dependency_import *imports;
    size_t import_count;
    struct sw_place place;
};

struct sw_healthcheck {
    struct sw_strings test;
    int64_t interval; /* seconds, like the next three */
    int64_t timeout;
    int64_t start_period;
    int64_t retries;
};

/* imageSpec of an image, the global one merged in. Text that is not set is "". */
struct sw_image_spec {
    const char *author;
    bool clear_history;
    bool keep_essential_werf_labels;
    bool clear_werf_labels;
    struct sw_strings remove_labels; /* the image's, then global ones not in it */
    struct sw_strings remove_env;
    struct sw_strings remove_volumes;
    struct sw_pairs labels; /* sorted by key */
    struct sw_pairs env;    /* sorted by key */
    struct sw_strings volumes;
    struct sw_strings expose;
    struct sw_strings cmd;
    struct sw_strings entrypoint;
    bool has_expose; /* given, even if empty; the same for the next three */
    bool has_cmd;
    bool has_entrypoint;
    bool clear_cmd;
    bool clear_entrypoint;
    bool clear_user;
    bool clear_working_dir;
    const char *user;
    const char *working_dir;
    const char *stop_signal;
    const struct sw_healthcheck *healthcheck; /* NULL when not given */
};

/* Why an image needs another one. */
enum sw_need_kind {
    SW_NEED_BASE = 0,       /* from, fromImage, fromArtifact */
    SW_NEED_IMPORT = 1,     /* import */
    SW_NEED_DEPENDENCY = 2, /* dependencies */
};
struct sw_image_need {
    size_t image; /* index into sw_project.images */
    enum sw_need_kind kind;
    struct sw_place place;
    uint32_t rendered_line; /* of `place`, for excerpts */
    uint32_t rendered_column;
};

struct sw_project_image {
    const char *name; /* "" for the nameless one */
    bool final;       /* published and tagged as a result */
    bool artifact;
    const struct sw_config_builder *builder;
    const struct sw_value *document; /* the whole document; images of one name list share it */
    struct sw_place place;           /* of the name */
    struct sw_strings platforms;     /* effective, in the usual form, at least one */
    const char *platform_problem;    /* what is wrong with one of them, for when the image is to be built; else NULL */
    const char *cache_version;       /* effective, "" for none */
    const char *network;             /* "" for none */
    const struct sw_project_secret *secrets;
    size_t secret_count;
    const struct sw_dependency *dependencies;
    size_t dependency_count;
    const struct sw_image_spec *spec; /* NULL: no imageSpec stage */
    const struct sw_image_need *needs;
    size_t need_count;
    bool staged; /* Dockerfile images: every instruction a stage of its own */
    size_t set;  /* images of set n need only images of sets below n */
};

struct sw_project {
    const char *name;
    const struct sw_value *meta; /* the meta document */
    const char *cache_version;   /* build.cacheVersion */
    bool staged;                 /* build.staged */
    bool force_shallow_clone;    /* gitWorktree, as the next two */
    bool allow_unshallow;
    bool allow_fetch_origin;
    bool no_cleanup;                       /* cleanup.disable */
    bool no_history_cleanup;               /* cleanup.disableGitHistoryBasedPolicy */
    const struct sw_project_image *images; /* in werf's order: Dockerfile images, then the others, each as written */
    size_t image_count;
    const size_t *document_order; /* indexes of images in the order of the file */
    size_t set_count;
    struct sw_arena *arena;
};

/* Parses and checks documents. `list` gets all errors and warnings, sorted; NULL when there is an error. The texts are copied. */
struct sw_project *sw_project_parse(const struct sw_yaml_text *documents, size_t count, const struct sw_project_options *options,
                                    struct sw_diagnostics *list);
void sw_project_free(struct sw_project *project); /* takes NULL */
void sw_project_free_p(struct sw_project **project);
#define sw_cleanup_project __attribute__((cleanup(sw_project_free_p)))

/* The image called `name`; NULL when there is none. */
const struct sw_project_image *sw_project_find(const struct sw_project *project, const char *name);

/* Whether an import's `from` names an image outside the project: a valid reference with a tag or digest. */
bool sw_reference_is_external(const char *reference);

#endif
