/* stage_git.c - the stages that hold files of git: the archive, and patches that bring it up to date. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "plugins/stapel/git.h"
#include "plugins/stapel/imageconfig.h"

enum { MIB = 1024 * 1024 };

/* --- gitArchive -------------------------------------------------------------------------------------------------------------------- */

static bool stop_at_first(void *context, const struct sw_file *file) {
    (void)file;
    *(bool *)context = true;
    return false;
}

static bool refuse(const struct sw_stapel_mapping *mapping, struct sw_error **error, const char *text, const char *hint) {
    sw_fail(error, SW_ERROR_CONFIG, "git mapping %s into %s: %s", mapping->files.add, mapping->files.to, text);
    if (error) {
        *error = sw_error_at(*error, mapping->files.place);
        *error = sw_error_hint(*error, "%s", hint);
    }
    return false;
}

/* What a mapping takes must be there, and committed. */
static bool check_mapping(struct sw_stapel_mapping *mapping, struct sw_error **error) {
    const struct sw_host_files *files = sw_stapel_host->files;
    struct sw_filter filter = sw_stapel_git_filter(mapping);
    struct sw_file file;
    bool any = false;
    if (!files->stat(mapping->handle, mapping->scope, &file, error))
        return false;
    mapping->is_folder = file.type == SW_FILE_DIRECTORY || file.type == SW_FILE_SUBMODULE;
    if (!*mapping->url && !files->require_committed(mapping->handle, mapping->scope, &filter, 1, error))
        return false;
    if (file.type == SW_FILE_NONE)
        return refuse(mapping, error, "there is nothing of that name in the commit",
                      "`add` counts from the root of the repository");
    if (!mapping->is_folder && !strcmp(mapping->files.to, "/"))
        return refuse(mapping, error, "a single file needs a name in the image", "change `to: /` to `to: /NAME`");
    if (!files->list(mapping->handle, mapping->scope, &filter, 1, stop_at_first, &any, error))
        return false;
    return any || refuse(mapping, error, "no file of the commit matches", "check `includePaths` and `excludePaths`");
}

static void check_all(void *context) {
    struct sw_stapel_planner *planner = context;
    for (size_t i = 0; i < planner->image->mapping_count && !planner->work_error; i++) {
        struct sw_stapel_mapping *mapping = &planner->image->mappings[i];
        if (mapping->handle)
            check_mapping(mapping, &planner->work_error);
        else
            mapping->is_folder = true; /* not known while a graph is only printed */
    }
}

static struct sw_error *take_error(struct sw_stapel_planner *planner) {
    struct sw_error *error = planner->work_error;
    planner->work_error = NULL;
    return error;
}

static int by_hash(const void *a, const void *b) {
    const struct sw_stapel_mapping *const *left = a, *const *right = b;
    return strcmp((*left)->hash, (*right)->hash);
}

static void explain_list(struct sw_stapel_planner *planner, struct sw_strings list, const char *key, const char *name) {
    for (size_t i = 0; i < list.count; i++)
        sw_stapel_input_shown_detail(&planner->inputs, list.items[i], "%s of %s", key, name);
}

/* What a mapping's hash is made of, as far as its name does not say it. */
static void explain_mapping(struct sw_stapel_planner *planner, const struct sw_stapel_mapping *mapping) {
    const struct sw_stapel_export *files = &mapping->files;
    const char *name = sw_arena_format(planner->arena, "git %s%s into %s", mapping->url, files->add, files->to);
    const struct {
        const char *key, *value;
    } keys[] = {{"branch", mapping->branch},
                {"tag", mapping->tag},
                {"commit", mapping->commit},
                {"owner", files->owner},
                {"group", files->group}};
    sw_stapel_input(&planner->inputs, mapping->hash, "%s", name);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (*keys[i].value)
            sw_stapel_input_shown_detail(&planner->inputs, keys[i].value, "%s of %s", keys[i].key, name);
    explain_list(planner, files->include, "includePaths", name);
    explain_list(planner, files->exclude, "excludePaths", name);
}

static void on_checked(void *context) {
    struct sw_stapel_planner *planner = context;
    const struct sw_stapel_image *image = planner->image;
    if (planner->work_error) {
        sw_stapel_fail(planner, take_error(planner));
        return;
    }
    const struct sw_stapel_mapping **sorted = sw_arena_new(planner->arena, (image->mapping_count + 1) * sizeof *sorted);
    for (size_t i = 0; i < image->mapping_count; i++) {
        const struct sw_stapel_mapping *mapping = sorted[i] = &image->mappings[i];
        sw_stapel_label(planner, sw_arena_format(planner->arena, "werf-git-%s-type", mapping->hash),
                        mapping->is_folder ? "directory" : "file");
    }
    qsort(sorted, image->mapping_count, sizeof *sorted, by_hash);
    for (size_t i = 0; i < image->mapping_count; i++)
        explain_mapping(planner, sorted[i]);
    sw_stapel_git_answer(planner);
}

static void check_in_pool(struct sw_stapel_planner *planner) {
    sw_stapel_host->pool->run(check_all, on_checked, planner);
}

void sw_stapel_archive_begin(struct sw_stapel_planner *planner) {
    if (planner->image->mapping_count)
        sw_stapel_git_open(planner, check_in_pool);
    else
        sw_stapel_skip(planner);
}

/* Everything that the archive stage holds is new: there is nothing to bring up to date. */
static bool add_tree(struct sw_stapel_planner *planner, const struct sw_stapel_mapping *mapping, struct sw_copy_source *source,
                     struct sw_error **error) {
    const struct sw_stapel_export *files = &mapping->files;
    struct sw_filter filter = sw_stapel_git_filter(mapping);
    struct sw_op_tree op = {.size = sizeof op};
    if (mapping->handle) {
        op.commit = mapping->handle;
        op.scope = mapping->scope;
        op.filters = &filter;
        op.filter_count = 1;
    } else {
        op.url = mapping->url;
        op.url_is_git = 1;
        op.url_ref = *mapping->commit ? mapping->commit : *mapping->tag ? mapping->tag : mapping->branch;
        op.url_subdir = mapping->scope;
    }
    struct sw_op_note note = {
        .size = sizeof note, .title = sw_arena_format(planner->arena, "git %s%s", mapping->url, files->add), .place = files->place};
    const char *slash = strrchr(mapping->scope, '/');
    const char *name = slash ? slash + 1 : mapping->scope;
    const char *owner = !*files->owner && !*files->group ? NULL
                        : *files->group ? sw_arena_format(planner->arena, "%s:%s", *files->owner ? files->owner : "0", files->group)
                                        : files->owner;
    *source = (struct sw_copy_source){
        .size = sizeof *source,
        .flags = SW_COPY_REPLACE | (mapping->is_folder ? SW_COPY_CONTENTS | SW_COPY_DEST_DIR : 0),
        .from = sw_stapel_host->graph->add_tree(planner->graph, &op, &note, error),
        .path = mapping->is_folder ? "/" : sw_arena_format(planner->arena, "/%s", name),
        .dest = files->to,
        .owner = owner,
        .mtime = INT64_MIN,
    };
    return source->from != SW_NODE_NONE;
}

void sw_stapel_archive_realize(struct sw_stapel_planner *planner) {
    const struct sw_stapel_image *image = planner->image;
    struct sw_copy_source *sources = sw_arena_new(planner->arena, (image->mapping_count + 1) * sizeof *sources);
    struct sw_error *error = NULL;
    for (size_t i = 0; i < image->mapping_count; i++) {
        if (!add_tree(planner, &image->mappings[i], &sources[i], &error)) {
            sw_stapel_realize_failed(planner, error);
            return;
        }
    }
    struct sw_op_copy op = {.size = sizeof op, .input = planner->node, .sources = sources, .source_count = image->mapping_count};
    struct sw_op_note note = {.size = sizeof note, .title = planner->kind->name};
    sw_node node = sw_stapel_host->graph->add_copy(planner->graph, &op, &note, &error);
    if (sw_stapel_layer(planner, node, error, sw_stapel_history_line(planner, "")))
        sw_stapel_realized(planner);
}

/* --- gitCache and gitLatestPatch ---------------------------------------------------------------------------------------------------- */

static bool any_behind(const struct sw_stapel_planner *planner) {
    for (size_t i = 0; i < planner->image->mapping_count; i++)
        if (sw_stapel_git_is_behind(planner, i))
            return true;
    return false;
}

static void read_patches(void *context) {
    struct sw_stapel_planner *planner = context;
    const struct sw_host_files *files = sw_stapel_host->files;
    sw_stapel_git_remake_bases(planner);
    for (size_t i = 0; i < planner->image->mapping_count && !planner->work_error; i++) {
        const struct sw_stapel_mapping *mapping = &planner->image->mappings[i];
        struct sw_mapping request = {.size = sizeof request,
                                     .commit = mapping->handle,
                                     .add = mapping->scope,
                                     .to = mapping->files.to,
                                     .include = mapping->files.include,
                                     .exclude = mapping->files.exclude};
        if (sw_stapel_git_is_behind(planner, i) && mapping->handle)
            files->patch(&request, planner->git_bases[i], &planner->patches[i], &planner->work_error);
    }
}

/* One detail a mapping that is behind: its commit, and which files are meant. */
static void explain_patches(struct sw_stapel_planner *planner) {
    for (size_t i = 0; i < planner->image->mapping_count; i++) {
        const struct sw_stapel_mapping *mapping = &planner->image->mappings[i];
        if (!sw_stapel_git_is_behind(planner, i) || !mapping->handle)
            continue;
        struct sw_filter filter = sw_stapel_git_filter(mapping);
        sw_stapel_input_shown_detail(&planner->inputs, sw_stapel_git_commit(mapping), "changed files of git %s%s into %s",
                                     mapping->url, mapping->files.add, mapping->files.to);
        sw_stapel_input_files(&planner->inputs, mapping->handle, mapping->scope, &filter, 1, planner->git_bases[i]);
    }
}

/* The stage exists as soon as patches have grown to a MiB; then each further MiB makes a new one. */
static void on_sizes(void *context) {
    struct sw_stapel_planner *planner = context;
    uint64_t size = 0;
    if (planner->work_error && planner->work_error->code != SW_ERROR_NOT_FOUND) {
        sw_stapel_fail(planner, take_error(planner));
        return;
    }
    if (planner->work_error) /* an unknown commit: nothing can be measured */
        sw_error_free(take_error(planner));
    else
        for (size_t i = 0; i < planner->image->mapping_count; i++)
            size += planner->patches[i].full_bytes;
    if (size < MIB) {
        sw_stapel_skip(planner);
        return;
    }
    sw_stapel_input(&planner->inputs, sw_arena_format(planner->arena, "%" PRIu64, size / MIB), "MiB of git patches");
    explain_patches(planner);
    sw_stapel_git_answer(planner);
}

static void on_texts(void *context) {
    struct sw_stapel_planner *planner = context;
    struct sw_stapel_inputs *inputs = &planner->inputs;
    bool empty = true;
    if (planner->work_error) {
        sw_stapel_fail(planner, take_error(planner));
        return;
    }
    sw_cleanup_buf struct sw_buf joined = {0};
    for (size_t i = 0; i < planner->image->mapping_count; i++) {
        const struct sw_patch_info *patch = &planner->patches[i];
        empty = empty && !patch->paths.count;
        sw_buf_puts(&joined, i ? ":::" : "");
        if (patch->text.len)
            sw_buf_add(&joined, patch->text.data, patch->text.len);
    }
    if (empty) {
        sw_stapel_skip(planner);
        return;
    }
    /* The texts may hold any byte, so they are hashed here, as a whole. */
    char digest[65];
    sw_stapel_host->hash->sha256((struct sw_bytes){joined.data, joined.len}, digest);
    sw_stapel_input(inputs, sw_arena_str(planner->arena, digest), "git patches");
    explain_patches(planner);
    planner->flags |= SW_STAGE_INPUTS_VERBATIM;
    sw_stapel_git_answer(planner);
}

static void begin_patch(struct sw_stapel_planner *planner, void (*after)(void *context)) {
    sw_stapel_git_read_bases(planner);
    if (planner->image->no_git_after || !any_behind(planner))
        sw_stapel_skip(planner);
    else
        sw_stapel_host->pool->run(read_patches, after, planner);
}

void sw_stapel_cache_begin(struct sw_stapel_planner *planner) {
    begin_patch(planner, on_sizes);
}

void sw_stapel_latest_begin(struct sw_stapel_planner *planner) {
    begin_patch(planner, on_texts);
}

void sw_stapel_patch_realize(struct sw_stapel_planner *planner) {
    if (sw_stapel_git_add_patch(planner))
        sw_stapel_realized(planner);
}
