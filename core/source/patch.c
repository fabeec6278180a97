#include "core/source/patch.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/source/diff.h"
#include "core/source/git.h"
#include "core/source/handle.h"
#include "core/source/patch_filter.h"

enum detail {
    DETAIL_CONTENT, /* what the digest is made of */
    DETAIL_WHOLE,   /* all lines of changed files, and binary deltas: what gitCache counts */
};

static const char *const neutral[] = {
    "core.autocrlf=false",        "gc.auto=0",
    "commit.gpgsign=false",       "core.untrackedCache=false",
    "core.splitIndex=false",      "diff.renames=false",
    "core.quotePath=false",       "diff.algorithm=myers",
    "diff.indentHeuristic=true",  "diff.noprefix=false",
    "diff.mnemonicPrefix=false",  "diff.interHunkContext=0",
    "diff.relative=false",        "diff.suppressBlankEmpty=false",
    "diff.ignoreSubmodules=none", "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
};

static void make_arguments(const struct sw_mapping *mapping, const struct sw_mapping_paths *paths, const char *base,
                           enum detail detail, struct sw_strlist *args) {
    bool submodules = sw_commit_has_submodules(mapping->commit);
    const char *place = sw_repository_work_tree(sw_commit_repository(mapping->commit));
    for (size_t i = 0; i < sizeof neutral / sizeof *neutral; i++) {
        sw_strlist_add(args, "-c");
        sw_strlist_add(args, neutral[i]);
    }
    sw_strlist_add(args, "-c");
    sw_strlist_add(args, detail == DETAIL_WHOLE ? "diff.context=999999999" : "diff.context=3");
    sw_strlist_add(args, "-c"); /* who owns it was checked when it was opened */
    sw_strlist_take(args, sw_format("safe.directory=%s", place ? place : "*"));
    sw_strlist_add(args, "diff");
    sw_strlist_add(args, "--no-ext-diff");
    sw_strlist_add(args, "--no-textconv");
    sw_strlist_add(args, "--no-color");
    sw_strlist_add(args, "-O/dev/null");
    sw_strlist_add(args, "--full-index");
    sw_strlist_add(args, submodules ? "--submodule=diff" : "--submodule=log");
    if (detail == DETAIL_WHOLE)
        sw_strlist_add(args, "--binary");
    sw_strlist_add(args, base);
    sw_strlist_add(args, sw_commit_id(mapping->commit));
    if (!submodules && *paths->scope && *paths->scope != ':') {
        sw_strlist_add(args, "--");
        sw_strlist_take(args, sw_format(":(literal)%s", paths->scope));
    }
}

static bool run_diff(const struct sw_mapping *mapping, const struct sw_mapping_paths *paths, const char *base, enum detail detail,
                     struct sw_patch_text *patch, struct sw_error **error) {
    struct sw_repository *repository = sw_commit_repository(mapping->commit);
    const char *place = sw_repository_work_tree(repository);
    sw_cleanup_strlist struct sw_strlist args = {0};
    sw_cleanup_buf struct sw_buf diff = {0};
    sw_cleanup_free char *alternates = sw_handle_alternates(repository);
    struct sw_pair env = {"GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates};
    make_arguments(mapping, paths, base, detail, &args);
    struct sw_git_call call = {.folder = place ? place : sw_repository_git_folder(repository),
                               .config = SW_GIT_NEUTRAL,
                               .args = sw_strlist_view(&args),
                               .env = {&env, alternates != NULL}};
    if (!sw_git_run(&call, &diff, error))
        return false;
    sw_patch_filter((struct sw_bytes){diff.data, diff.len}, paths, patch);
    if (!patch->lacks_submodules)
        return true;
    sw_fail(error, SW_ERROR_NOT_FOUND, "cannot compare commits %.8s and %.8s: a submodule's commits are not on this host", base,
            sw_commit_id(mapping->commit));
    if (error)
        sw_error_hint(*error, "run: git submodule update --init --recursive");
    return false;
}

static bool note_change(void *context, const struct sw_change *change, struct sw_error **error) {
    (void)change;
    (void)error;
    *(bool *)context = true;
    return false;
}

/* Moves the strings of a list into a plain array that sw_patch_free releases. */
static struct sw_strings give(struct sw_strlist *list) {
    struct sw_strings strings = {(const char *const *)list->items, list->len};
    *list = (struct sw_strlist){0};
    return strings;
}

static bool describe(const struct sw_mapping *mapping, const struct sw_mapping_paths *paths, const char *base,
                     struct sw_patch_info *info, struct sw_error **error) {
    sw_cleanup_patch_text struct sw_patch_text content = {0};
    sw_cleanup_patch_text struct sw_patch_text whole = {0};
    if (!run_diff(mapping, paths, base, DETAIL_CONTENT, &content, error) ||
        !run_diff(mapping, paths, base, DETAIL_WHOLE, &whole, error))
        return false;
    info->full_bytes = whole.text.len;
    info->text.len = content.text.len;
    info->text.data = sw_buf_take(&content.text);
    info->paths = give(&content.paths);
    info->binaries = give(&content.binaries);
    info->removed = give(&content.removed);
    return true;
}

bool sw_patch_read(const struct sw_mapping *mapping, const char *base, struct sw_patch_info *patch, struct sw_error **error) {
    *patch = (struct sw_patch_info){.size = sizeof *patch};
    const struct sw_commit *before = sw_repository_commit(sw_commit_repository(mapping->commit), base, error);
    if (!before || before == mapping->commit)
        return before != NULL;
    sw_cleanup_mapping struct sw_mapping_paths paths;
    if (!sw_mapping_open(mapping, before, &paths, error))
        return false;
    bool changed = false;
    if (!sw_diff(before, mapping->commit, paths.matcher, note_change, &changed, error) && !changed)
        return false;
    return !changed || describe(mapping, &paths, sw_commit_id(before), patch, error);
}

static void free_strings(struct sw_strings *strings) {
    for (size_t i = 0; i < strings->count; i++)
        free((char *)strings->items[i]);
    free((void *)strings->items);
    *strings = (struct sw_strings){0};
}

void sw_patch_free(struct sw_patch_info *patch) {
    free((void *)patch->text.data);
    free_strings(&patch->paths);
    free_strings(&patch->binaries);
    free_strings(&patch->removed);
    *patch = (struct sw_patch_info){.size = sizeof *patch};
}
