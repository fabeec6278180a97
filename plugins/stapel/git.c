#include "plugins/stapel/git.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/stapel/imageconfig.h"

/* --- opening ----------------------------------------------------------------------------------------------------------------------- */

struct opening {
    struct sw_stapel_planner *planner;
    size_t index;
    void (*then)(struct sw_stapel_planner *planner);
};

static void open_next(struct opening *opening);

static void on_remote(void *context, const struct sw_commit *commit, struct sw_error *error) {
    struct opening *opening = context;
    struct sw_stapel_mapping *mapping = &opening->planner->image->mappings[opening->index];
    if (error) {
        sw_stapel_fail(opening->planner, sw_error_at(error, mapping->files.place));
        return;
    }
    mapping->handle = commit;
    opening->index++;
    open_next(opening);
}

static const char *given(const char *text) {
    return *text ? text : NULL;
}

static void open_next(struct opening *opening) {
    struct sw_stapel_planner *planner = opening->planner;
    for (; opening->index < planner->image->mapping_count; opening->index++) {
        struct sw_stapel_mapping *mapping = &planner->image->mappings[opening->index];
        if (!*mapping->url)
            mapping->handle = planner->request->commit;
        if (!mapping->handle && planner->request->offline != SW_OFFLINE_GRAPH) {
            sw_stapel_host->files->open_remote(planner->request->plan, mapping->url, given(mapping->branch), given(mapping->tag),
                                               given(mapping->commit), on_remote, opening);
            return;
        }
    }
    planner->remotes_open = true;
    opening->then(planner);
}

void sw_stapel_git_open(struct sw_stapel_planner *planner, void (*then)(struct sw_stapel_planner *planner)) {
    if (planner->remotes_open) {
        then(planner);
        return;
    }
    struct opening *opening = sw_arena_new(planner->arena, sizeof *opening);
    *opening = (struct opening){.planner = planner, .then = then};
    open_next(opening);
}

/* --- commits ----------------------------------------------------------------------------------------------------------------------- */

const char *sw_stapel_git_commit(const struct sw_stapel_mapping *mapping) {
    return mapping->handle ? sw_stapel_host->files->id(mapping->handle) : mapping->commit;
}

static const char *label_name(struct sw_stapel_planner *planner, const struct sw_stapel_mapping *mapping, const char *what) {
    return sw_arena_format(planner->arena, "werf-git-%s-%s", mapping->hash, what);
}

void sw_stapel_git_read_bases(struct sw_stapel_planner *planner) {
    for (size_t i = 0; i < planner->image->mapping_count; i++)
        planner->git_bases[i] = sw_stapel_previous_label(planner, label_name(planner, &planner->image->mappings[i], "commit"));
}

/* What was merged at an earlier time, or in another clone, may be gone. */
static bool remake_base(struct sw_stapel_planner *planner, size_t index) {
    const struct sw_host_files *files = sw_stapel_host->files;
    const struct sw_stapel_mapping *mapping = &planner->image->mappings[index];
    const char *merged = sw_stapel_previous_label(planner, label_name(planner, mapping, "virtual-merge"));
    const char *from = sw_stapel_previous_label(planner, label_name(planner, mapping, "virtual-merge-from-commit"));
    const char *into = sw_stapel_previous_label(planner, label_name(planner, mapping, "virtual-merge-into-commit"));
    const struct sw_commit *commit;
    if (!merged || strcmp(merged, "true") != 0 || !from || !into || !sw_stapel_git_is_behind(planner, index) ||
        files->sibling(mapping->handle, planner->git_bases[index], &commit, NULL))
        return true;
    if (!files->merge(mapping->handle, from, into, &commit, &planner->work_error))
        return false;
    planner->git_bases[index] = files->id(commit);
    return true;
}

bool sw_stapel_git_remake_bases(struct sw_stapel_planner *planner) {
    for (size_t i = 0; i < planner->image->mapping_count; i++)
        if (planner->image->mappings[i].handle && !remake_base(planner, i))
            return false;
    return true;
}

bool sw_stapel_git_is_behind(const struct sw_stapel_planner *planner, size_t index) {
    const char *base = planner->git_bases[index];
    return base && strcmp(base, sw_stapel_git_commit(&planner->image->mappings[index])) != 0;
}

/* A merge that only tests is in nobody's history: the ancestors of what it merges count. */
static void label_merge(struct sw_stapel_planner *planner, const struct sw_stapel_mapping *mapping,
                        struct sw_stage_commit *commit) {
    const struct sw_plan_request *request = planner->request;
    bool merges = request->merge_from && !*mapping->url;
    sw_stapel_label(planner, label_name(planner, mapping, "virtual-merge"), merges ? "true" : "false");
    if (!merges)
        return;
    sw_stapel_label(planner, label_name(planner, mapping, "virtual-merge-from-commit"), request->merge_from);
    sw_stapel_label(planner, label_name(planner, mapping, "virtual-merge-into-commit"), request->merge_into);
    const struct sw_commit *from;
    if (sw_stapel_host->files->sibling(mapping->handle, request->merge_from, &from, NULL))
        commit->handle = from;
}

void sw_stapel_git_answer(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    struct sw_stage_commit *commits = sw_arena_new(planner->arena, (image->mapping_count + 1) * sizeof *commits);
    for (size_t i = 0; i < image->mapping_count; i++) {
        const struct sw_stapel_mapping *mapping = &image->mappings[i];
        const char *label = label_name(planner, mapping, "commit");
        commits[i] = (struct sw_stage_commit){
            .size = sizeof *commits, .label = label, .commit = sw_stapel_git_commit(mapping), .handle = mapping->handle};
        sw_stapel_label(planner, label, commits[i].commit);
        label_merge(planner, mapping, &commits[i]);
    }
    planner->commits = commits;
    planner->commit_count = image->mapping_count;
    planner->flags |= SW_STAGE_FEEDS_COMMITS;
    planner->selection = image->mapping_count ? SW_SELECT_ANCESTOR : SW_SELECT_OLDEST;
    sw_stapel_answer(planner);
}

struct sw_filter sw_stapel_git_filter(const struct sw_stapel_mapping *mapping) {
    return (struct sw_filter){.size = sizeof(struct sw_filter),
                              .base = mapping->scope,
                              .include = mapping->files.include,
                              .exclude = mapping->files.exclude};
}

/* --- patches ----------------------------------------------------------------------------------------------------------------------- */

bool sw_stapel_git_add_patch(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    struct sw_patch_part *parts = sw_arena_new(planner->arena, (image->mapping_count + 1) * sizeof *parts);
    struct sw_error *error = NULL;
    size_t count = 0;
    for (size_t i = 0; i < image->mapping_count; i++) {
        const struct sw_stapel_mapping *mapping = &image->mappings[i];
        if (!sw_stapel_git_is_behind(planner, i) || !mapping->handle)
            continue;
        parts[count++] = (struct sw_patch_part){.size = sizeof *parts,
                                                .mapping = {.size = sizeof parts->mapping,
                                                            .commit = mapping->handle,
                                                            .add = mapping->scope,
                                                            .to = mapping->files.to,
                                                            .include = mapping->files.include,
                                                            .exclude = mapping->files.exclude,
                                                            .owner = given(mapping->files.owner),
                                                            .group = given(mapping->files.group)},
                                                .base = planner->git_bases[i]};
    }
    if (!count)
        return true;
    struct sw_op_patch op = {.size = sizeof op, .input = planner->node, .parts = parts, .part_count = count};
    struct sw_op_note note = {.size = sizeof note, .title = sw_arena_format(planner->arena, "%s: git patch", planner->kind->name)};
    sw_node node = sw_stapel_host->graph->add_patch(planner->graph, &op, &note, &error);
    return sw_stapel_layer(planner, node, error, sw_stapel_history_line(planner, "git patch"));
}
