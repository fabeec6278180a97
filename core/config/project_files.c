#include "core/config/project_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/config/work_tree.h"
#include "core/source/status.h"

/* ---- paths ---- */

char *sw_project_files_path(const struct sw_project_files *files, const char *path) {
    sw_cleanup_free char *joined = sw_path_join(files->folder, path + strspn(path, "/"));
    if (strcmp(joined, ".") == 0)
        return sw_strdup("");
    if (strcmp(joined, "..") == 0 || strncmp(joined, "../", 3) == 0)
        return NULL;
    return sw_strdup(joined);
}

/* The clean form that gates and includes know. */
static char *clean_path(const char *path) {
    sw_cleanup_free char *clean = sw_path_clean(path + strspn(path, "/"));
    return sw_strdup(strcmp(clean, ".") == 0 ? "" : clean);
}

static bool from_work_tree(const struct sw_project_files *files, const char *path, enum sw_gate gate) {
    if (files->loose)
        return true;
    if (!files->policy || gate == SW_GATE_COUNT)
        return false;
    sw_cleanup_free char *clean = clean_path(path);
    return sw_giterminism_allows(files->policy, gate, clean);
}

static bool not_found(const struct sw_project_files *files, const char *path, struct sw_error **error) {
    if (files->loose)
        return sw_fail(error, SW_ERROR_NOT_FOUND, "the file \"%s\" not found in the project directory", path);
    return sw_fail(error, SW_ERROR_NOT_FOUND,
                   "the file \"%s\" not found in the project git repository. If the file exists locally, configure "
                   "werf-giterminism.yaml to allow uncommitted files",
                   path);
}

/* Adds to a refusal's hint the lines that would let the file come from the work tree. */
static struct sw_error *hint_permission(struct sw_error *error, enum sw_gate gate, const char *path) {
    if (error->code != SW_ERROR_DENIED || gate == SW_GATE_COUNT)
        return error;
    sw_cleanup_free char *before = sw_strdup(error->hint), *clean = clean_path(path);
    sw_cleanup_free char *snippet = sw_giterminism_snippet(gate, clean);
    return sw_error_hint(error, "%s%sto read it from the work tree, add to werf-giterminism.yaml:\n%s", before ? before : "",
                         before ? "; or, " : "", snippet);
}

/* ---- the commit ---- */

/* Path in the commit behind all symlinks; each must be clean in the work tree. */
static bool resolve_in_commit(const struct sw_project_files *files, const char *path, const char *full, char **resolved,
                              struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist links = {0};
    struct sw_error *cause = NULL;
    if (!sw_status_require_path(files->repository, full, error))
        return false;
    if (!sw_commit_resolve(files->commit, full, resolved, &links, &cause)) {
        if (!links.len && cause->code == SW_ERROR_NOT_FOUND && !strstr(cause->message, "symlink")) {
            sw_error_free(cause);
            return not_found(files, path, error);
        }
        return sw_pass(error, sw_error_wrap(cause, "symlink \"%s\" check failed", path));
    }
    for (size_t i = 0; i < links.len; i++) {
        if (sw_status_require_path(files->repository, links.items[i], &cause))
            continue;
        free(*resolved);
        *resolved = NULL;
        return sw_pass(error, sw_error_wrap(cause, "symlink \"%s\" check failed", path));
    }
    return true;
}

static bool read_from_commit(const struct sw_project_files *files, const char *path, const char *full, struct sw_buf *bytes,
                             struct sw_error **error) {
    sw_cleanup_free char *resolved = NULL;
    struct sw_file file;
    if (!resolve_in_commit(files, path, full, &resolved, error) || !sw_commit_stat(files->commit, resolved, &file, error))
        return false;
    if (file.type == SW_FILE_DIRECTORY || file.type == SW_FILE_SUBMODULE)
        return sw_fail(error, SW_ERROR_CONFIG, "\"%s\" is a folder, not a file", path);
    return sw_commit_read(files->commit, resolved, bytes, error);
}

/* ---- reading ---- */

static bool read_own(const struct sw_project_files *files, const char *path, enum sw_gate gate, struct sw_buf *bytes,
                     struct sw_error **error) {
    sw_cleanup_free char *full = sw_project_files_path(files, path);
    if (!full)
        return not_found(files, path, error);
    if (!from_work_tree(files, path, gate))
        return read_from_commit(files, path, full, bytes, error);
    struct sw_error *cause = NULL;
    if (sw_work_tree_read(files, full, gate, bytes, &cause))
        return true;
    if (cause->code != SW_ERROR_NOT_FOUND)
        return sw_pass(error, cause);
    sw_error_free(cause);
    return not_found(files, path, error);
}

bool sw_project_files_read(const struct sw_project_files *files, const char *path, enum sw_gate gate, struct sw_buf *bytes,
                           struct sw_error **error) {
    struct sw_error *cause = NULL;
    if (read_own(files, path, gate, bytes, &cause))
        return true;
    hint_permission(cause, gate, path);
    sw_cleanup_free char *clean = clean_path(path);
    const struct sw_included_file *included = gate == SW_GATE_COUNT ? NULL : sw_includes_find(files->includes, clean);
    if (!included || cause->code != SW_ERROR_NOT_FOUND)
        return sw_pass(error, cause);
    sw_error_free(cause);
    return sw_commit_read(included->commit, included->source, bytes, error);
}

/* ---- questions ---- */

static enum sw_file_type type_of(const struct sw_project_files *files, const char *path, enum sw_gate gate) {
    sw_cleanup_free char *full = sw_project_files_path(files, path), *resolved = NULL;
    struct sw_file file = {0};
    if (!full)
        return SW_FILE_NONE;
    if (from_work_tree(files, path, gate))
        return sw_work_tree_type(files, full, gate);
    if (!*full)
        return SW_FILE_DIRECTORY;
    if (!resolve_in_commit(files, path, full, &resolved, NULL) || !sw_commit_stat(files->commit, resolved, &file, NULL))
        return SW_FILE_NONE;
    return file.type == SW_FILE_SUBMODULE ? SW_FILE_DIRECTORY : (enum sw_file_type)file.type;
}

bool sw_project_files_exists(const struct sw_project_files *files, const char *path, enum sw_gate gate) {
    sw_cleanup_free char *clean = clean_path(path);
    return type_of(files, path, gate) != SW_FILE_NONE || sw_includes_find(files->includes, clean) ||
           sw_includes_has_below(files->includes, clean);
}

bool sw_project_files_is_folder(const struct sw_project_files *files, const char *path, enum sw_gate gate) {
    sw_cleanup_free char *clean = clean_path(path);
    enum sw_file_type type = type_of(files, path, gate);
    return type == SW_FILE_DIRECTORY || (type == SW_FILE_NONE && sw_includes_has_below(files->includes, clean));
}

/* ---- lists ---- */

void sw_project_file_list_fini(struct sw_project_file_list *list) {
    for (size_t i = 0; i < list->len; i++) {
        free(list->items[i].path);
        sw_buf_fini(&list->items[i].bytes);
    }
    free(list->items);
    *list = (struct sw_project_file_list){0};
}

void sw_project_file_list_add(struct sw_project_file_list *list, char *path, struct sw_buf bytes) {
    if (list->len == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 16;
        list->items = sw_resize(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->len++] = (struct sw_project_file){path, bytes};
}

/* A list in the making. Paths are counted from the repository's root until they are added. */
struct listing {
    const struct sw_project_files *files;
    const struct sw_matcher *matcher;
    enum sw_gate gate;
    const char *base; /* clean, in the repository */
    struct sw_strlist paths;
    struct sw_map seen;
    unsigned depth;
    unsigned links;            /* to folders that were followed */
    struct sw_strlist folders; /* symlinks to folders found on the way: shown path, then target */
};

enum { MOST_DEPTH = 32, MOST_LINKS = 1000 };

static char *project_path(const struct sw_project_files *files, const char *full) {
    size_t len = strlen(files->folder);
    return sw_strdup(len && sw_path_within(full, files->folder) ? full + len + (full[len] == '/') : full);
}

static void add_path(struct listing *listing, const char *full) {
    if (sw_map_has(&listing->seen, full) || !sw_matcher_matched(listing->matcher, full))
        return;
    sw_map_set(&listing->seen, full, listing);
    sw_strlist_add(&listing->paths, full);
}

/* Where a listing of the commit stands: files below `real` are shown below `shown`. */
struct level {
    struct listing *listing;
    const char *shown;
    const char *real;
};

static bool on_committed(void *context, const struct sw_file *file) {
    struct level *level = context;
    size_t skip = strlen(level->real);
    const char *rest = file->path + skip + (skip && file->path[skip] == '/');
    sw_cleanup_free char *shown = *rest ? sw_path_join(level->shown, rest) : sw_strdup(level->shown);
    if (file->type != SW_FILE_SYMLINK) {
        add_path(level->listing, shown);
        return true;
    }
    sw_cleanup_free char *resolved = NULL;
    struct sw_file target = {0};
    const struct sw_commit *commit = level->listing->files->commit;
    if (!sw_commit_resolve(commit, file->path, &resolved, NULL, NULL) || !sw_commit_stat(commit, resolved, &target, NULL))
        add_path(level->listing, shown); /* reading it tells what is wrong */
    else if (target.type == SW_FILE_REGULAR)
        add_path(level->listing, shown);
    else if (target.type == SW_FILE_DIRECTORY) {
        sw_strlist_add(&level->listing->folders, shown);
        sw_strlist_add(&level->listing->folders, resolved);
    }
    return true;
}

/* Adds the files of the commit below `real`, then those behind symlinks to folders found there. */
static bool list_commit(struct listing *listing, const char *shown, const char *real, struct sw_error **error) {
    if (listing->depth == MOST_DEPTH || listing->links++ == MOST_LINKS)
        return sw_fail(error, SW_ERROR_CONFIG, "too many levels of symbolic links at \"%s\"", shown);
    sw_cleanup_matcher struct sw_matcher *all = sw_matcher_new(real, NULL, 0, error);
    struct level level = {listing, shown, real};
    size_t first = listing->folders.len;
    if (!all || !sw_commit_list(listing->files->commit, real, all, on_committed, &level, error))
        return false;
    listing->depth++;
    bool good = true;
    for (size_t i = first; good && i + 1 < listing->folders.len; i += 2) {
        if (sw_path_within(real, listing->folders.items[i + 1])) /* it holds itself */
            continue;
        sw_cleanup_free char *inner = sw_strdup(listing->folders.items[i]), *target = sw_strdup(listing->folders.items[i + 1]);
        good = list_commit(listing, inner, target, error);
    }
    listing->depth--;
    return good;
}

static bool refuse_files(const struct listing *listing, const struct sw_strlist *paths, const char *what, struct sw_error **error) {
    struct sw_buf text = {0}, words = {0};
    sw_cleanup_free char *first = project_path(listing->files, paths->items[0]);
    for (size_t i = 0; i < paths->len; i++) {
        sw_cleanup_free char *path = project_path(listing->files, paths->items[i]);
        sw_buf_printf(&text, "\n - %s", path);
        sw_buf_printf(&words, " %s", path);
    }
    struct sw_error *refusal =
        sw_error_new(SW_ERROR_DENIED, "the following %sfiles must be committed:%s", what, sw_buf_text(&text));
    sw_error_hint(refusal, "run `git add%s && git commit`; or try them out with --dev", sw_buf_text(&words));
    sw_buf_fini(&text);
    sw_buf_fini(&words);
    return sw_pass(error, hint_permission(refusal, listing->gate, first));
}

static void keep_refused(const struct listing *listing, const struct sw_strlist *changed, struct sw_strlist *refused) {
    for (size_t i = 0; i < changed->len; i++) {
        sw_cleanup_free char *path = project_path(listing->files, changed->items[i]);
        if (!from_work_tree(listing->files, path, listing->gate))
            sw_strlist_add(refused, changed->items[i]);
    }
}

static bool require_committed(struct listing *listing, struct sw_error **error) {
    sw_cleanup_status struct sw_status status = {0};
    sw_cleanup_strlist struct sw_strlist untracked = {0}, changed = {0};
    if (sw_repository_strictness(listing->files->repository) == SW_LOOSE)
        return true;
    if (!sw_status_read(listing->files->repository, listing->base, listing->matcher, &status, error))
        return false;
    keep_refused(listing, &status.untracked, &untracked);
    keep_refused(listing, &status.changed, &changed);
    if (untracked.len)
        return refuse_files(listing, &untracked, "untracked ", error);
    return changed.len ? refuse_files(listing, &changed, "", error) : true;
}

static void on_host_file(void *context, const char *full) {
    struct listing *listing = context;
    sw_cleanup_free char *path = project_path(listing->files, full);
    if (from_work_tree(listing->files, path, listing->gate))
        add_path(listing, full);
}

static bool find_paths(struct listing *listing, struct sw_error **error) {
    const struct sw_project_files *files = listing->files;
    bool permitted = files->loose || (files->policy && listing->gate != SW_GATE_COUNT &&
                                      sw_giterminism_entries(files->policy, listing->gate).count > 0);
    if (permitted)
        sw_work_tree_walk(files, listing->base, on_host_file, listing);
    if (files->loose)
        return true;
    if (!require_committed(listing, error))
        return false;
    sw_cleanup_free char *real = NULL;
    struct sw_error *cause = NULL;
    if (!*listing->base)
        return list_commit(listing, "", "", error);
    if (sw_commit_resolve(files->commit, listing->base, &real, NULL, &cause))
        return list_commit(listing, listing->base, real, error);
    if (cause->code != SW_ERROR_NOT_FOUND)
        return sw_pass(error, cause);
    sw_error_free(cause);
    return true;
}

bool sw_project_files_list(const struct sw_project_files *files, const char *base, const char *glob, enum sw_gate gate,
                           struct sw_project_file_list *list, struct sw_error **error) {
    sw_cleanup_free char *full = sw_project_files_path(files, base);
    if (!full)
        return true;
    struct sw_filter filter = {.size = sizeof filter, .base = full, .include = {&glob, glob != NULL}};
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(full, &filter, 1, error);
    if (!matcher)
        return false;
    struct listing listing = {.files = files, .matcher = matcher, .gate = gate, .base = full};
    bool good = find_paths(&listing, error);
    for (size_t i = 0; good && i < listing.paths.len; i++) {
        struct sw_buf bytes = {0};
        char *path = project_path(files, listing.paths.items[i]);
        good = read_own(files, path, gate, &bytes, error);
        if (good)
            sw_project_file_list_add(list, path, bytes);
        else
            free(path);
        if (!good)
            sw_buf_fini(&bytes);
    }
    sw_strlist_fini(&listing.paths);
    sw_strlist_fini(&listing.folders);
    sw_map_fini(&listing.seen, NULL);
    return good;
}
