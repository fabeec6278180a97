/* check.h - what the checks of a project share while it is being made: the documents, the images so far, and where findings go.
 *
 * Inner header of this room. A check reads values of any shape: what the schemas refused is skipped in silence. */
#ifndef CORE_CONFIG_CHECK_H
#define CORE_CONFIG_CHECK_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/config/project.h"
#include "core/config/schema.h"

/* An image document. */
struct sw_image_document {
    struct sw_value *value;
    const struct sw_config_builder *builder; /* NULL: none claims it */
    const struct sw_schema *schema;          /* of the builder */
    bool artifact;
    const char *subject; /* `image "web"`: begins its messages */
    const struct sw_project_secret *secrets;
    size_t secret_count;
    const struct sw_dependency *dependencies;
    size_t dependency_count;
    const struct sw_image_spec *own_spec;  /* imageSpec of the document alone; NULL when it has none */
    const struct sw_image_spec *full_spec; /* with the global one */
};

/* An image under construction. */
struct sw_image_draft {
    struct sw_project_image image;
    const struct sw_image_document *document;
    const struct sw_value *name; /* the value that names it */
    size_t index;                /* among the drafts */
    struct sw_vec needs;         /* of struct sw_image_need */
};

struct sw_check {
    struct sw_arena *arena;
    const struct sw_project_options *options;
    struct sw_diagnostics *list;
    struct sw_project *project;
    struct sw_schema *meta_schema;
    struct sw_schema *image_schema;
    struct sw_schema **builder_schemas;
    struct sw_vec documents;                 /* of struct sw_image_document *, in the order of the file */
    struct sw_vec drafts;                    /* of struct sw_image_draft *, in the order of the file */
    struct sw_map by_name;                   /* to struct sw_image_draft */
    const struct sw_image_spec *global_spec; /* build.imageSpec; NULL when it is not there */
    struct sw_strings platforms;             /* build.platform as written */
    bool deprecation_told;                   /* about artifacts, once a run */
    bool incomplete;                         /* some document could not be read: names may be in it that seem to be missing */
    bool builders_missed;                    /* that there are none was said */
    size_t *finished;                        /* drafts, each behind those that it needs */
    size_t finished_count;
};

/* ---- reading values ---- */

/* Elements of a list as text; of a single text (where one may stand for a list) that one. Others are skipped. */
struct sw_strings sw_check_texts(struct sw_check *check, const struct sw_value *value);
/* Pairs of a map of texts, sorted by key. */
struct sw_pairs sw_check_pairs(struct sw_check *check, const struct sw_value *map);
/* Value under `key` as text; "" when it is absent, null, or no scalar. */
const char *sw_check_text(const struct sw_value *map, const char *key);
bool sw_check_switch(const struct sw_value *map, const char *key, bool otherwise);
/* Value under `key` unless it is null. */
const struct sw_value *sw_check_given(const struct sw_value *map, const char *key);
bool sw_check_is_list(const struct sw_value *value);
bool sw_check_is_map(const struct sw_value *value);

/* Whether some key of `map` may be a slip for `key`, which is not there: one like it, or an unknown one that was reported without
 * saying what else it might be. The slip is reported, the absence need not be. */
bool sw_check_misspelled(const struct sw_check *check, const struct sw_value *map, const char *key);

/* Whether it is to be said that nothing stands under any of `keys` (up to NULL). It is not when something is there in a wrong shape
 * or misspelled. */
bool sw_check_none_given(const struct sw_check *check, const struct sw_value *map, const char *const *keys);

/* A path that is relative and does not climb out of where it starts. */
bool sw_check_path_stays(const char *path);
/* Each glob under `key` of `map` must be relative, stay inside, and be well-formed. `way` is the place as it begins messages. */
void sw_check_globs(struct sw_check *check, const struct sw_value *map, const char *key, const char *way);

/* Refuses `value` unless giterminism opens `gate` for `subject`; `way` is the place as it begins the message. */
bool sw_check_gate(struct sw_check *check, const struct sw_value *value, enum sw_gate gate, const char *subject, const char *way);

/* The draft of the image called `name`; NULL when there is none. */
struct sw_image_draft *sw_check_find(const struct sw_check *check, const char *name);
/* Adds "did you mean …?" with the nearest image name to `error`. */
void sw_check_suggest_image(const struct sw_check *check, const char *name, struct sw_error *error);
void sw_check_add_need(struct sw_check *check, struct sw_image_draft *draft, const char *name, enum sw_need_kind kind,
                       const struct sw_value *at);

/* ---- the checks, in their order ---- */

/* The meta document: its keys, and what the project takes from it. */
void sw_check_meta(struct sw_check *check, const struct sw_value *meta);

/* Makes drafts from the name key of a document. */
void sw_check_names(struct sw_check *check, struct sw_image_document *document);
/* Equal names, and the nameless image beside others. */
void sw_check_name_conflicts(struct sw_check *check);

void sw_check_secrets(struct sw_check *check, struct sw_image_document *document);
void sw_check_dependencies(struct sw_check *check, struct sw_image_document *document);
void sw_check_image_spec(struct sw_check *check, struct sw_image_document *document);

/* imageSpec from a value; `way` begins messages. NULL when `value` is null. */
struct sw_image_spec *sw_image_spec_read(struct sw_check *check, const struct sw_value *value, const char *way);

/* Rules of Dockerfile and Stapel documents that a schema cannot say. They depend on the document alone. */
void sw_dockerfile_rules(struct sw_check *check, struct sw_image_document *document);
void sw_stapel_rules(struct sw_check *check, struct sw_image_document *document);
/* Of `ansible` in a Stapel document. */
void sw_ansible_rules(struct sw_check *check, struct sw_image_document *document);
void sw_stapel_targets(struct sw_check *check, struct sw_image_document *document);
/* Names of other images in a Stapel document: its base and imports become needs of the image. */
void sw_stapel_needs(struct sw_check *check, struct sw_image_draft *draft);

/* Needs between images: unknown names, cycles, platforms; then order and sets. */
void sw_check_graph(struct sw_check *check);

#endif
