/* planner.h - plans one Stapel image: werf's stages, one after another, each by the functions of its kind.
 *
 * `begin` finds out whether the stage exists and what its digest is made of, and answers by sw_stapel_answer, sw_stapel_skip or
 * sw_stapel_fail, at once or later. `realize` adds its nodes and answers by sw_stapel_realized or sw_stapel_realize_failed. */
#ifndef PLUGINS_STAPEL_PLANNER_H
#define PLUGINS_STAPEL_PLANNER_H

#include <jansson.h>

#include "core/base/vec.h"
#include "plugins/stapel/image.h"
#include "plugins/stapel/inputs.h"

struct sw_stapel_planner;

struct sw_stapel_kind {
    const char *name;
    const char *digest_name; /* werf's older name, which digests keep; NULL: the same */
    int part;                /* which of several like it: a step or a slot */
    void (*begin)(struct sw_stapel_planner *planner);
    void (*realize)(struct sw_stapel_planner *planner);
};

/* Another image that is read: finished, or of a registry. */
struct sw_stapel_source {
    const struct sw_image *handle;
    struct sw_built_image built; /* of the project's images */
};

/* What `next` finds out about one import, for `realize`. */
struct sw_stapel_import_state {
    const char *checksum;
    const char *origin; /* stage id of the source */
};

struct sw_stapel_planner {
    const struct sw_plan_request *request;
    struct sw_stapel_image *image;
    struct sw_arena *arena; /* the image's */
    size_t next_kind;
    const struct sw_stapel_kind *kind; /* answered last */

    bool has_previous;
    struct sw_pairs previous_labels;

    /* The answer that is being made. */
    struct sw_stapel_inputs inputs;
    struct sw_vec labels; /* struct sw_pair */
    uint32_t flags;
    uint32_t selection;
    const struct sw_stage_commit *commits;
    size_t commit_count;
    sw_stage_done done;
    void *context;

    /* The realization that is being made. */
    struct sw_graph *graph;
    sw_node node;
    json_t *config;
    sw_realize_done realized;
    void *realized_context;

    size_t cursor; /* over what is asked for one after another */
    struct sw_stapel_source base;
    struct sw_stapel_import_state *imports;
    struct sw_stapel_source *import_sources;
    struct sw_built_image *dependencies;
    bool remotes_open;
    const char **git_bases; /* by mapping: its commit in the previous stage; NULL: none */
    struct sw_patch_info *patches;
    struct sw_error *work_error;
    uint64_t work_size;
};

void *sw_stapel_planner_new(const struct sw_plan_request *request, struct sw_error **error);
void sw_stapel_planner_next(void *planner, const struct sw_stage_view *previous, sw_stage_done done, void *context);
void sw_stapel_planner_realize(void *planner, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *context);
void sw_stapel_planner_close(void *planner);

/* --- for the kinds --- */

void sw_stapel_answer(struct sw_stapel_planner *planner);
void sw_stapel_skip(struct sw_stapel_planner *planner);
void sw_stapel_fail(struct sw_stapel_planner *planner, struct sw_error *error);

/* Sets a label of the stage; both are copied. */
void sw_stapel_label(struct sw_stapel_planner *planner, const char *name, const char *value);

/* A label of the previous stage; NULL when it has none. */
const char *sw_stapel_previous_label(const struct sw_stapel_planner *planner, const char *name);

/* Says that a layer was put on top: `node` is what stands now, and `what` its line of history. False after a failure. */
bool sw_stapel_layer(struct sw_stapel_planner *planner, sw_node node, struct sw_error *error, const char *what);

/* Sets the config and ends the realization. */
void sw_stapel_realized(struct sw_stapel_planner *planner);
void sw_stapel_realize_failed(struct sw_stapel_planner *planner, struct sw_error *error);

/* Puts the commit that the image is built from into the environment. */
void sw_stapel_planner_set_commit(struct sw_stapel_planner *planner);

/* Line of history of the stage: "slipway stage install". In the arena. */
const char *sw_stapel_history_line(struct sw_stapel_planner *planner, const char *detail);

/* --- the kinds --- */

void sw_stapel_from_begin(struct sw_stapel_planner *planner);
void sw_stapel_from_realize(struct sw_stapel_planner *planner);
void sw_stapel_shell_begin(struct sw_stapel_planner *planner);
void sw_stapel_shell_realize(struct sw_stapel_planner *planner);
void sw_stapel_dependencies_begin(struct sw_stapel_planner *planner);
void sw_stapel_dependencies_realize(struct sw_stapel_planner *planner);
void sw_stapel_archive_begin(struct sw_stapel_planner *planner);
void sw_stapel_archive_realize(struct sw_stapel_planner *planner);
void sw_stapel_cache_begin(struct sw_stapel_planner *planner);
void sw_stapel_latest_begin(struct sw_stapel_planner *planner);
void sw_stapel_patch_realize(struct sw_stapel_planner *planner);
void sw_stapel_docker_begin(struct sw_stapel_planner *planner);
void sw_stapel_docker_realize(struct sw_stapel_planner *planner);

#endif
