#include "plugins/stapel/planner.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/stapel/imageconfig.h"

static const struct sw_stapel_kind kinds[] = {
    {"from", NULL, 0, sw_stapel_from_begin, sw_stapel_from_realize},
    {"beforeInstall", NULL, SW_STAPEL_BEFORE_INSTALL, sw_stapel_shell_begin, sw_stapel_shell_realize},
    {"dependenciesBeforeInstall", "importsBeforeInstall", SW_STAPEL_AT_BEFORE_INSTALL, sw_stapel_dependencies_begin,
     sw_stapel_dependencies_realize},
    {"gitArchive", NULL, 0, sw_stapel_archive_begin, sw_stapel_archive_realize},
    {"install", NULL, SW_STAPEL_INSTALL, sw_stapel_shell_begin, sw_stapel_shell_realize},
    {"dependenciesAfterInstall", "importsAfterInstall", SW_STAPEL_AT_AFTER_INSTALL, sw_stapel_dependencies_begin,
     sw_stapel_dependencies_realize},
    {"beforeSetup", NULL, SW_STAPEL_BEFORE_SETUP, sw_stapel_shell_begin, sw_stapel_shell_realize},
    {"dependenciesBeforeSetup", "importsBeforeSetup", SW_STAPEL_AT_BEFORE_SETUP, sw_stapel_dependencies_begin,
     sw_stapel_dependencies_realize},
    {"setup", NULL, SW_STAPEL_SETUP, sw_stapel_shell_begin, sw_stapel_shell_realize},
    {"dependenciesAfterSetup", "importsAfterSetup", SW_STAPEL_AT_AFTER_SETUP, sw_stapel_dependencies_begin,
     sw_stapel_dependencies_realize},
    {"gitCache", NULL, 0, sw_stapel_cache_begin, sw_stapel_patch_realize},
    {"gitLatestPatch", NULL, 0, sw_stapel_latest_begin, sw_stapel_patch_realize},
    {"dockerInstructions", NULL, 0, sw_stapel_docker_begin, sw_stapel_docker_realize},
};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

void *sw_stapel_planner_new(const struct sw_plan_request *request, struct sw_error **error) {
    struct sw_stapel_image *image = sw_stapel_image_new(request, error);
    if (!image)
        return NULL;
    struct sw_stapel_planner *planner = sw_new(sizeof *planner);
    planner->request = request;
    planner->image = image;
    planner->arena = &image->arena;
    planner->labels.width = sizeof(struct sw_pair);
    planner->imports = sw_arena_new(planner->arena, (image->import_count + 1) * sizeof *planner->imports);
    planner->import_sources = sw_arena_new(planner->arena, (image->import_count + 1) * sizeof *planner->import_sources);
    planner->dependencies = sw_arena_new(planner->arena, (image->dependency_count + 1) * sizeof *planner->dependencies);
    planner->git_bases = sw_arena_new(planner->arena, (image->mapping_count + 1) * sizeof *planner->git_bases);
    planner->patches = sw_arena_new(planner->arena, (image->mapping_count + 1) * sizeof *planner->patches);
    return planner;
}

static void drop_patches(struct sw_stapel_planner *planner) {
    for (size_t i = 0; i < planner->image->mapping_count; i++)
        if (planner->patches[i].size)
            sw_stapel_host->files->free_patch(&planner->patches[i]);
    memset(planner->patches, 0, planner->image->mapping_count * sizeof *planner->patches);
}

void sw_stapel_planner_close(void *context) {
    struct sw_stapel_planner *planner = context;
    drop_patches(planner);
    sw_vec_fini(&planner->labels);
    json_decref(planner->config);
    sw_stapel_image_free(planner->image);
    free(planner);
}

/* --- stage by stage ---------------------------------------------------------------------------------------------------------------- */

static void reset_answer(struct sw_stapel_planner *planner) {
    drop_patches(planner);
    planner->inputs = (struct sw_stapel_inputs){.arena = planner->arena};
    planner->labels.len = 0;
    planner->flags = 0;
    planner->selection = SW_SELECT_OLDEST;
    planner->commits = NULL;
    planner->commit_count = 0;
    planner->cursor = 0;
}

static void advance(struct sw_stapel_planner *planner) {
    if (planner->next_kind == KIND_COUNT) {
        planner->done(planner->context, NULL, NULL);
        return;
    }
    reset_answer(planner);
    planner->kind = &kinds[planner->next_kind++];
    planner->kind->begin(planner);
}

void sw_stapel_skip(struct sw_stapel_planner *planner) {
    advance(planner);
}

void sw_stapel_fail(struct sw_stapel_planner *planner, struct sw_error *error) {
    planner->done(planner->context, NULL, error);
}

void sw_stapel_answer(struct sw_stapel_planner *planner) {
    struct sw_stage stage = {
        .size = sizeof stage,
        .flags = planner->flags,
        .selection = planner->selection,
        .name = planner->kind->name,
        .digest_name = planner->kind->digest_name,
        .inputs = planner->inputs.items,
        .input_count = planner->inputs.count,
        .commits = planner->commits,
        .commit_count = planner->commit_count,
        .labels = {planner->labels.data, planner->labels.len},
    };
    planner->done(planner->context, &stage, NULL);
}

void sw_stapel_planner_next(void *context, const struct sw_stage_view *previous, sw_stage_done done, void *done_context) {
    struct sw_stapel_planner *planner = context;
    planner->done = done;
    planner->context = done_context;
    planner->has_previous = previous != NULL;
    planner->previous_labels = previous ? sw_arena_pairs(planner->arena, previous->labels) : (struct sw_pairs){0};
    advance(planner);
}

void sw_stapel_label(struct sw_stapel_planner *planner, const char *name, const char *value) {
    struct sw_pair pair = {sw_arena_str(planner->arena, name), sw_arena_str(planner->arena, value)};
    sw_vec_push(&planner->labels, &pair);
}

const char *sw_stapel_previous_label(const struct sw_stapel_planner *planner, const char *name) {
    for (size_t i = 0; i < planner->previous_labels.count; i++)
        if (!strcmp(planner->previous_labels.items[i].key, name))
            return planner->previous_labels.items[i].value;
    return NULL;
}

/* --- nodes ------------------------------------------------------------------------------------------------------------------------- */

void sw_stapel_planner_realize(void *context, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *done_context) {
    struct sw_stapel_planner *planner = context;
    planner->graph = graph;
    planner->node = previous;
    planner->realized = done;
    planner->realized_context = done_context;
    planner->cursor = 0;
    json_decref(planner->config);
    planner->config = previous == SW_NODE_NONE ? json_object() : sw_stapel_config_of(graph, previous);
    planner->kind->realize(planner);
}

void sw_stapel_realize_failed(struct sw_stapel_planner *planner, struct sw_error *error) {
    planner->realized(planner->realized_context, SW_NODE_NONE, error);
}

bool sw_stapel_layer(struct sw_stapel_planner *planner, sw_node node, struct sw_error *error, const char *what) {
    if (node == SW_NODE_NONE) {
        sw_stapel_realize_failed(planner, error);
        return false;
    }
    planner->node = node;
    sw_stapel_config_history(planner->config, what, 1);
    return true;
}

const char *sw_stapel_history_line(struct sw_stapel_planner *planner, const char *detail) {
    return sw_arena_format(planner->arena, "slipway stage %s%s%s", planner->kind->name, *detail ? ": " : "", detail);
}

void sw_stapel_planner_set_commit(struct sw_stapel_planner *planner) {
    const struct sw_host_files *files = sw_stapel_host->files;
    const struct sw_commit *commit = planner->request->commit;
    char unix_time[24];
    snprintf(unix_time, sizeof unix_time, "%" PRId64, files->author_time(commit));
    sw_stapel_config_set_env(planner->config, "WERF_COMMIT_HASH", files->id(commit));
    sw_stapel_config_set_env(planner->config, "WERF_COMMIT_TIME_HUMAN", files->human_time(commit));
    sw_stapel_config_set_env(planner->config, "WERF_COMMIT_TIME_UNIX", unix_time);
}

void sw_stapel_realized(struct sw_stapel_planner *planner) {
    struct sw_error *error = NULL;
    if (strcmp(planner->image->base, "scratch") != 0 || planner->kind->realize != sw_stapel_from_realize)
        sw_stapel_planner_set_commit(planner);
    sw_cleanup_free char *text = json_dumps(planner->config, JSON_COMPACT);
    struct sw_op_config op = {.size = sizeof op, .input = planner->node, .config = text};
    struct sw_op_note note = {.size = sizeof note, .title = planner->kind->name};
    sw_node node = sw_stapel_host->graph->add_config(planner->graph, &op, &note, &error);
    planner->realized(planner->realized_context, node, error);
}
