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
#include "core/source/patch_place.h"

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

/* What one comparison works with. */
struct comparison {
    const struct sw_mapping *mapping;
    const struct sw_mapping_paths *paths;
    const char *base;
    const char *folder;   /* that git runs in */
    const char *worktree; /* whose owner was checked; NULL: any */
    bool submodules;
};

static void make_arguments(const struct comparison *comparison, enum detail detail, struct sw_strlist *args) {
    for (size_t i = 0; i < sizeof neutral / sizeof *neutral; i++) {
        sw_strlist_add(args, "-c");
        sw_strlist_add(args, neutral[i]);
    }
    sw_strlist_add(args, "-c");
    sw_strlist_add(args, detail == DETAIL_WHOLE ? "diff.context=999999999" : "diff.context=3");
    sw_strlist_add(args, "-c"); /* who owns it was checked when it was opened */
    sw_strlist_take(args, sw_format("safe.directory=%s", comparison->worktree ? comparison->worktree : "*"));
    sw_strlist_add(args, "diff");
    sw_strlist_add(args, "--no-ext-diff");
    sw_strlist_add(args, "--no-textconv");
    sw_strlist_add(args, "--no-color");
    sw_strlist_add(args, "-O/dev/null");
    sw_strlist_add(args, "--full-index");
    sw_strlist_add(args, comparison->submodules ? "--submodule=diff" : "--submodule=log");
    if (detail == DETAIL_WHOLE)
        sw_strlist_add(args, "--binary");
    sw_strlist_add(args, comparison->base);
    sw_strlist_add(args, sw_commit_id(comparison->mapping->commit));
    const char *scope = comparison->paths->scope;
    if (!comparison->submodules && *scope && *scope != ':') {
        sw_strlist_add(args, "--");
        sw_strlist_take(args, sw_format(":(literal)%s", scope));
    }
}

static bool run_diff(const struct comparison *comparison, enum detail detail, struct sw_patch_text *patch,
                     struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist args = {0};
    sw_cleanup_buf struct sw_buf diff = {0};
    sw_cleanup_free char *alternates = sw_handle_alternates(sw_commit_repository(comparison->mapping->commit));
    struct sw_pair env = {"GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates};
    make_arguments(comparison, detail, &args);
    struct sw_git_call call = {
        .folder = comparison->folder, .config = SW_GIT_NEUTRAL, .args = sw_strlist_view(&args), .env = {&env, alternates != NULL}};
    if (!sw_git_run(&call, &diff, error))
        return false;
    sw_patch_filter((struct sw_bytes){diff.data, diff.len}, comparison->paths, patch);
    if (!patch->lacks_submodules)
        return true;
    sw_fail(error, SW_ERROR_NOT_FOUND, "cannot compare commits %.8s and %.8s: a submodule's commits are not on this host",
            comparison->base, sw_commit_id(comparison->mapping->commit));
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

static bool describe(const struct comparison *comparison, struct sw_patch_info *info, struct sw_error **error) {
    sw_cleanup_patch_text struct sw_patch_text content = {0};
    sw_cleanup_patch_text struct sw_patch_text whole = {0};
    if (!run_diff(comparison, DETAIL_CONTENT, &content, error) || !run_diff(comparison, DETAIL_WHOLE, &whole, error))
        return false;
    info->full_bytes = whole.text.len;
    info->text.len = content.text.len;
    info->text.data = sw_buf_take(&content.text);
    info->paths = give(&content.paths);
    info->binaries = give(&content.binaries);
    info->removed = give(&content.removed);
    return true;
}

struct naming {
    const struct sw_mapping_paths *paths;
    struct sw_strlist names;
};

static bool note_name(void *context, const struct sw_change *change, struct sw_error **error) {
    (void)error;
    struct naming *naming = context;
    sw_strlist_take(&naming->names, sw_mapping_name(naming->paths, change->path));
    return true;
}

/* git says of a submodule that is gone only that it is gone: what was in it is named here, or nobody would know that something
 * changed. */
static bool name_changes(const struct sw_commit *before, const struct comparison *comparison, struct sw_patch_info *info,
                         struct sw_error **error) {
    struct naming naming = {.paths = comparison->paths};
    if (info->paths.count)
        return true;
    bool ok = sw_diff(before, comparison->mapping->commit, comparison->paths->matcher, note_name, &naming, error);
    info->paths = give(&naming.names);
    return ok;
}

/* Where git runs: the repository itself, or a place of ours when submodules have to be looked into. */
static bool compare(const struct sw_commit *before, struct comparison *comparison, struct sw_patch_info *info,
                    struct sw_error **error) {
    struct sw_repository *repository = sw_commit_repository(comparison->mapping->commit);
    sw_cleanup_patch_place struct sw_patch_place place = {0};
    comparison->submodules = sw_commit_has_submodules(comparison->mapping->commit);
    if (comparison->submodules) {
        if (!sw_patch_place_open(before, comparison->mapping->commit, &place, error))
            return false;
        comparison->folder = place.folder;
    } else {
        comparison->worktree = sw_repository_work_tree(repository);
        comparison->folder = comparison->worktree ? comparison->worktree : sw_repository_git_folder(repository);
    }
    return describe(comparison, info, error) && name_changes(before, comparison, info, error);
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
    struct comparison comparison = {.mapping = mapping, .paths = &paths, .base = sw_commit_id(before)};
    if (!changed || compare(before, &comparison, patch, error))
        return true;
    sw_patch_free(patch);
    return false;
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
