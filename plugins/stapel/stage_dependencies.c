/* stage_dependencies.c - what comes from other images: files (`import`) and their names (`dependencies`). */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/stapel/imageconfig.h"
#include "plugins/stapel/planner.h"

static bool here(const struct sw_stapel_planner *planner, enum sw_stapel_slot slot) {
    return (int)slot == planner->kind->part;
}

/* Name of an import in labels. */
static const char *import_id(struct sw_stapel_planner *planner, const struct sw_stapel_import *import) {
    const struct sw_stapel_export *files = &import->files;
    sw_cleanup_free char *include = sw_strings_join(files->include, "///");
    sw_cleanup_free char *exclude = sw_strings_join(files->exclude, "///");
    const char *items[] = {"ImageName",    import->image, "ArtifactName", import->artifact, "Stage", import->stage,
                           "After",        import->after, "Before",       import->before,   "Add",   files->add,
                           "To",           files->to,     "Group",        files->group,     "Owner", files->owner,
                           "IncludePaths", include,       "ExcludePaths", exclude};
    return sw_stapel_hash(planner->arena, (struct sw_strings){items, sizeof items / sizeof *items});
}

static const char *value_of(const struct sw_built_image *built, const char *type) {
    if (!strcmp(type, "ImageName"))
        return built->name;
    if (!strcmp(type, "ImageRepo"))
        return built->repo;
    if (!strcmp(type, "ImageTag"))
        return built->tag;
    if (!strcmp(type, "ImageID"))
        return built->id;
    return built->digest;
}

/* --- the digest -------------------------------------------------------------------------------------------------------------------- */

static void ask_dependencies(struct sw_stapel_planner *planner);
static void ask_imports(struct sw_stapel_planner *planner);

/* Whether an import changes with the image that it takes from, instead of with the files. */
static bool by_source(void) {
    const char *setting = sw_stapel_host->setting ? sw_stapel_host->setting("stapel", "import-by-source-image-tag") : NULL;
    return setting && !strcmp(setting, "true");
}

static void add_import(struct sw_stapel_planner *planner, const struct sw_stapel_import *import,
                       const struct sw_stapel_import_state *state) {
    struct sw_stapel_inputs *inputs = &planner->inputs;
    const char *what = sw_arena_format(planner->arena, "import %s from %s", import->files.add, import->source);
    const char *id = import_id(planner, import);
    sw_stapel_input(inputs, state->checksum, "%s", what);
    if (by_source())
        sw_stapel_input(inputs, import->files.add, "%s: add", what);
    sw_stapel_input(inputs, import->files.to, "%s: to", what);
    sw_stapel_input(inputs, import->files.group, "%s: group", what);
    sw_stapel_input(inputs, import->files.owner, "%s: owner", what);
    if (by_source()) {
        sw_cleanup_free char *include = sw_strings_join(import->files.include, "///");
        sw_cleanup_free char *exclude = sw_strings_join(import->files.exclude, "///");
        sw_stapel_input(inputs, sw_arena_str(planner->arena, include), "%s: includePaths", what);
        sw_stapel_input(inputs, sw_arena_str(planner->arena, exclude), "%s: excludePaths", what);
    } else {
        sw_stapel_label(planner, sw_arena_format(planner->arena, "werf-import-checksum-%s", id), state->checksum);
    }
    sw_stapel_label(planner, sw_arena_format(planner->arena, "werf-import-source-stage-id-%s", id), state->origin);
}

static void add_dependency(struct sw_stapel_planner *planner, const struct sw_stapel_dependency *dependency,
                           const struct sw_built_image *built) {
    struct sw_stapel_inputs *inputs = &planner->inputs;
    sw_stapel_input(inputs, "Dependency", "dependency %s", dependency->image);
    sw_stapel_input(inputs, sw_arena_str(planner->arena, built->name), "image %s", dependency->image);
    for (size_t i = 0; i < dependency->target_count; i++) {
        const struct sw_stapel_target *target = &dependency->targets[i];
        const char *items[] = {"Type", target->type, "TargetEnv", target->variable};
        sw_stapel_input(inputs, "DependencyImport", "dependency %s:%zu", dependency->image, i + 1);
        sw_stapel_input(inputs, sw_stapel_hash(planner->arena, (struct sw_strings){items, 4}), "%s into %s", target->type,
                        target->variable);
    }
    const char *id = sw_stapel_hash(planner->arena, (struct sw_strings){&built->tag, 1});
    sw_stapel_label(planner, sw_arena_format(planner->arena, "werf-dependency-stage-id-%s", id), built->tag);
}

static void finish(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    for (size_t i = 0; i < image->import_count; i++)
        if (here(planner, image->imports[i].slot))
            add_import(planner, &image->imports[i], &planner->imports[i]);
    for (size_t i = 0; i < image->dependency_count; i++)
        if (here(planner, image->dependencies[i].slot))
            add_dependency(planner, &image->dependencies[i], &planner->dependencies[i]);
    sw_stapel_answer(planner);
}

static void on_dependency(void *context, const struct sw_built_image *built, struct sw_error *error) {
    struct sw_stapel_planner *planner = context;
    if (error) {
        sw_stapel_fail(planner, error);
        return;
    }
    planner->dependencies[planner->cursor++] = *built;
    ask_dependencies(planner);
}

static void ask_dependencies(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    while (planner->cursor < image->dependency_count && !here(planner, image->dependencies[planner->cursor].slot))
        planner->cursor++;
    if (planner->cursor == image->dependency_count)
        finish(planner);
    else
        sw_stapel_host->plan->project_image(planner->request->plan, image->dependencies[planner->cursor].image, NULL, on_dependency,
                                            planner);
}

static void on_checksum(void *context, const char *checksum, const char *source, struct sw_error *error) {
    struct sw_stapel_planner *planner = context;
    if (error) {
        sw_stapel_fail(planner, sw_error_at(error, planner->image->imports[planner->cursor].files.place));
        return;
    }
    planner->imports[planner->cursor++] =
        (struct sw_stapel_import_state){sw_arena_str(planner->arena, checksum), sw_arena_str(planner->arena, source)};
    ask_imports(planner);
}

static void on_source_image(void *context, const struct sw_built_image *built, struct sw_error *error) {
    on_checksum(context, built ? built->content_digest : NULL, built ? built->tag : NULL, error);
}

/* What an import changes with, without its files. */
static void ask_source(struct sw_stapel_planner *planner, const struct sw_stapel_import *import) {
    if (import->external) {
        const char *name = sw_arena_format(planner->arena, "external-image:%s", import->source);
        on_checksum(planner, name, name, NULL);
    } else {
        sw_stapel_host->plan->project_image(planner->request->plan, import->source, *import->stage ? import->stage : NULL,
                                            on_source_image, planner);
    }
}

static void ask_imports(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    while (planner->cursor < image->import_count && !here(planner, image->imports[planner->cursor].slot))
        planner->cursor++;
    if (planner->cursor == image->import_count) {
        planner->cursor = 0;
        ask_dependencies(planner);
        return;
    }
    const struct sw_stapel_import *import = &image->imports[planner->cursor];
    struct sw_import request = {.size = sizeof request,
                                .external = import->external,
                                .image = import->source,
                                .stage = *import->stage ? import->stage : NULL,
                                .add = import->files.add,
                                .include = import->files.include,
                                .exclude = import->files.exclude};
    if (by_source())
        ask_source(planner, import);
    else
        sw_stapel_host->plan->import_checksum(planner->request->plan, &request, on_checksum, planner);
}

void sw_stapel_dependencies_begin(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    bool any = false;
    for (size_t i = 0; i < image->import_count; i++)
        any = any || here(planner, image->imports[i].slot);
    for (size_t i = 0; i < image->dependency_count; i++)
        any = any || here(planner, image->dependencies[i].slot);
    if (any)
        ask_imports(planner);
    else
        sw_stapel_skip(planner);
}

/* --- nodes ------------------------------------------------------------------------------------------------------------------------- */

static void open_sources(struct sw_stapel_planner *planner);

static const char *owner_of(struct sw_stapel_planner *planner, const struct sw_stapel_export *files) {
    if (!*files->owner && !*files->group)
        return NULL;
    return *files->group ? sw_arena_format(planner->arena, "%s:%s", files->owner, files->group) : files->owner;
}

static bool add_source(struct sw_stapel_planner *planner, size_t index, struct sw_copy_source *source, struct sw_error **error) {
    const struct sw_stapel_import *import = &planner->image->imports[index];
    struct sw_op_image op = {.size = sizeof op, .image = planner->import_sources[index].handle};
    struct sw_op_note note = {.size = sizeof note, .title = sw_arena_format(planner->arena, "import from %s", import->source)};
    bool filtered = import->files.include.count || import->files.exclude.count;
    *source = (struct sw_copy_source){
        .size = sizeof *source,
        .flags = SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE | SW_COPY_KEEP_DIRLINKS | (filtered ? SW_COPY_FILTER_DIRS : 0),
        .from = sw_stapel_host->graph->add_image(planner->graph, &op, &note, error),
        .include_style = 1,
        .path = import->files.add,
        .dest = import->files.to,
        .include = import->files.include,
        .exclude = import->files.exclude,
        .owner = owner_of(planner, &import->files),
        .mtime = INT64_MIN,
    };
    return source->from != SW_NODE_NONE;
}

static bool copy_imports(struct sw_stapel_planner *planner, size_t *copied, struct sw_error **error) {
    const struct sw_stapel_image *image = planner->image;
    struct sw_copy_source *sources = sw_arena_new(planner->arena, (image->import_count + 1) * sizeof *sources);
    *copied = 0;
    for (size_t i = 0; i < image->import_count; i++)
        if (here(planner, image->imports[i].slot) && !add_source(planner, i, &sources[(*copied)++], error))
            return false;
    if (!*copied)
        return true;
    struct sw_op_copy op = {.size = sizeof op, .input = planner->node, .sources = sources, .source_count = *copied};
    struct sw_op_note note = {.size = sizeof note, .title = planner->kind->name};
    planner->node = sw_stapel_host->graph->add_copy(planner->graph, &op, &note, error);
    return planner->node != SW_NODE_NONE;
}

static void set_variables(struct sw_stapel_planner *planner) {
    for (size_t i = 0; i < planner->image->dependency_count; i++) {
        const struct sw_stapel_dependency *dependency = &planner->image->dependencies[i];
        for (size_t j = 0; here(planner, dependency->slot) && j < dependency->target_count; j++)
            sw_stapel_config_set_env(planner->config, dependency->targets[j].variable,
                                     value_of(&planner->dependencies[i], dependency->targets[j].type));
    }
}

static void build(struct sw_stapel_planner *planner) {
    struct sw_error *error = NULL;
    size_t copied = 0;
    if (!copy_imports(planner, &copied, &error)) {
        sw_stapel_realize_failed(planner, error);
        return;
    }
    sw_stapel_config_history(planner->config, sw_stapel_history_line(planner, ""), copied ? 1 : 0);
    set_variables(planner);
    sw_stapel_realized(planner);
}

static void take_source(struct sw_stapel_planner *planner, const struct sw_image *handle, struct sw_error *error) {
    if (error) {
        sw_stapel_realize_failed(planner, sw_error_at(error, planner->image->imports[planner->cursor].files.place));
        return;
    }
    planner->import_sources[planner->cursor++].handle = handle;
    open_sources(planner);
}

static void on_external(void *context, const struct sw_image *image, struct sw_error *error) {
    take_source(context, image, error);
}

static void on_source(void *context, const struct sw_built_image *built, struct sw_error *error) {
    take_source(context, built ? built->handle : NULL, error);
}

static void open_sources(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    while (planner->cursor < image->import_count && !here(planner, image->imports[planner->cursor].slot))
        planner->cursor++;
    if (planner->cursor == image->import_count) {
        build(planner);
        return;
    }
    const struct sw_stapel_import *import = &image->imports[planner->cursor];
    if (import->external)
        sw_stapel_host->plan->resolve_image(planner->request->plan, import->source, NULL, on_external, planner);
    else
        sw_stapel_host->plan->project_image(planner->request->plan, import->source, *import->stage ? import->stage : NULL,
                                            on_source, planner);
}

void sw_stapel_dependencies_realize(struct sw_stapel_planner *planner) {
    open_sources(planner);
}
