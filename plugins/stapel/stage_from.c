/* stage_from.c - the stage that an image begins with: its base. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/stapel/imageconfig.h"
#include "plugins/stapel/mounts.h"
#include "plugins/stapel/planner.h"

static bool is_scratch(const struct sw_stapel_planner *planner) {
    return !strcmp(planner->image->base, "scratch");
}

static void add_inputs(struct sw_stapel_planner *planner, const char *last) {
    const struct sw_stapel_image *image = planner->image;
    struct sw_stapel_inputs *inputs = &planner->inputs;
    if (*planner->request->cache_version)
        sw_stapel_input(inputs, planner->request->cache_version, "cacheVersion");
    if (*image->from_cache_version)
        sw_stapel_input(inputs, image->from_cache_version, "fromCacheVersion");
    if (image->from_latest && planner->base.handle && !image->base_is_image) {
        const char *index = sw_stapel_host->image->index_digest(planner->base.handle);
        const char *id = index ? index : sw_stapel_host->image->config_digest(planner->base.handle);
        if (id)
            sw_stapel_input(inputs, id, "latest %s", image->base);
    }
    for (size_t i = 0; i < image->mount_count; i++) {
        sw_stapel_input(inputs, image->mounts[i].from, "mount:%zu from", i + 1);
        sw_stapel_input(inputs, image->mounts[i].to, "mount:%zu to", i + 1);
        sw_stapel_input(inputs, image->mounts[i].type, "mount:%zu type", i + 1);
    }
    if (image->base_is_image)
        sw_stapel_input(inputs, last, "base image %s", image->base);
    else
        sw_stapel_input(inputs, last, "base image");
}

static void answer(struct sw_stapel_planner *planner, const char *last) {
    add_inputs(planner, last);
    sw_stapel_mount_labels(planner);
    sw_stapel_answer(planner);
}

static void on_built(void *context, const struct sw_built_image *built, struct sw_error *error) {
    struct sw_stapel_planner *planner = context;
    if (error) {
        sw_stapel_fail(planner, error);
        return;
    }
    planner->base.built = *built;
    planner->base.handle = built->handle;
    sw_stapel_label(planner, "werf.io/parent-stage-id", built->tag);
    answer(planner, sw_arena_str(planner->arena, built->content_digest));
}

static void on_latest(void *context, const struct sw_image *image, struct sw_error *error) {
    struct sw_stapel_planner *planner = context;
    if (error) {
        sw_stapel_fail(planner, error);
        return;
    }
    planner->base.handle = image;
    answer(planner, planner->image->base);
}

void sw_stapel_from_begin(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    if (image->base_is_image)
        sw_stapel_host->plan->project_image(planner->request->plan, image->base, NULL, on_built, planner);
    else if (image->from_latest && !is_scratch(planner))
        sw_stapel_host->plan->resolve_image(planner->request->plan, image->base, NULL, on_latest, planner);
    else
        answer(planner, image->base);
}

/* --- nodes ------------------------------------------------------------------------------------------------------------------------- */

/* Places that will be mounted over are there, and empty. */
static bool empty_mount_points(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    struct sw_error *error = NULL;
    if (!image->mount_count)
        return true;
    struct sw_file_action *actions = sw_arena_new(planner->arena, 2 * image->mount_count * sizeof *actions);
    for (size_t i = 0; i < image->mount_count; i++) {
        const char *path = image->mounts[i].to;
        actions[2 * i] = (struct sw_file_action){.size = sizeof *actions, .kind = SW_FILE_MKDIR, .path = path, .mode = 0755};
        actions[2 * i + 1] = (struct sw_file_action){.size = sizeof *actions, .kind = SW_FILE_EMPTY, .path = path};
    }
    struct sw_op_file op = {.size = sizeof op, .input = planner->node, .actions = actions, .action_count = 2 * image->mount_count};
    struct sw_op_note note = {.size = sizeof note, .title = "from: mount points"};
    sw_node node = sw_stapel_host->graph->add_file(planner->graph, &op, &note, &error);
    return sw_stapel_layer(planner, node, error, sw_stapel_history_line(planner, "mount points"));
}

static void build_on(struct sw_stapel_planner *planner, sw_node node, struct sw_error *error) {
    if (node == SW_NODE_NONE) {
        sw_stapel_realize_failed(planner, error);
        return;
    }
    planner->node = node;
    json_decref(planner->config);
    planner->config = sw_stapel_config_of(planner->graph, node);
    if (!empty_mount_points(planner))
        return;
    if (!planner->image->mount_count)
        sw_stapel_config_history(planner->config, sw_stapel_history_line(planner, planner->image->base), 0);
    sw_stapel_realized(planner);
}

static void build_on_image(struct sw_stapel_planner *planner) {
    struct sw_error *error = NULL;
    struct sw_op_image op = {.size = sizeof op, .image = planner->base.handle};
    struct sw_op_note note = {.size = sizeof note, .title = sw_arena_format(planner->arena, "from %s", planner->image->base)};
    sw_node node = sw_stapel_host->graph->add_image(planner->graph, &op, &note, &error);
    build_on(planner, node, error);
}

static void on_resolved(void *context, const struct sw_image *image, struct sw_error *error) {
    struct sw_stapel_planner *planner = context;
    if (error) {
        const struct sw_value *from = sw_stapel_given(planner->request->document, "from");
        sw_stapel_realize_failed(planner, sw_error_at(error, sw_stapel_host->document->place(from)));
        return;
    }
    planner->base.handle = image;
    build_on_image(planner);
}

void sw_stapel_from_realize(struct sw_stapel_planner *planner) {
    if (is_scratch(planner))
        build_on(planner, sw_stapel_host->graph->add_scratch(planner->graph), NULL);
    else if (planner->base.handle)
        build_on_image(planner);
    else
        sw_stapel_host->plan->resolve_image(planner->request->plan, planner->image->base, NULL, on_resolved, planner);
}
