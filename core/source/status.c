#include "core/source/status.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/source/git.h"
#include "core/source/handle.h"
#include "core/source/status_fast.h"

enum { LISTED_FILES = 50, ASKED_OFTEN = 16 };

void sw_status_fini(struct sw_status *status) {
    sw_strlist_fini(&status->untracked);
    sw_strlist_fini(&status->changed);
    sw_strlist_fini(&status->submodules);
}

/* --- git status ------------------------------------------------------------------------------------------------------------------ */

/* What is wrong with a submodule; `state` is git's field "S<c><m><u>", `xy` the two letters of the entry. */
static char *describe_submodule(const char *path, const char *xy, const char *state) {
    if (strchr(xy, 'A'))
        return sw_format("the added submodule \"%s\" must be committed", path);
    if (strchr(xy, 'D'))
        return sw_format("the deleted submodule \"%s\" must be committed", path);
    if (state[3] == 'U')
        return sw_format(
            "the submodule \"%s\" has untracked changes that must be discarded or committed (do not forget to push new "
            "changes to the submodule remote)",
            path);
    if (state[2] == 'M')
        return sw_format(
            "the submodule \"%s\" has uncommitted changes that must be discarded or committed (do not forget to push new "
            "changes to the submodule remote)",
            path);
    return sw_format("the submodule \"%s\" is not clean and must be committed. Do not forget to push the current commit to the "
                     "submodule remote if this commit exists only locally",
                     path);
}

/* Behind `count` fields that are separated by spaces. */
static const char *skip_fields(const char *p, unsigned count) {
    while (count-- && p)
        if ((p = strchr(p, ' ')))
            p++;
    return p;
}

/* "1 XY SUB …": an entry that changed; `fields` stand before its path. */
static void take_changed(const char *record, unsigned fields, const struct sw_matcher *matcher, struct sw_status *status) {
    const char *path = skip_fields(record, fields);
    if (!path || strlen(record) < 9)
        return;
    char xy[3] = {record[2], record[3], '\0'};
    const char *state = record + 5;
    if (state[0] == 'S') {
        if (sw_matcher_matched(matcher, path) || sw_matcher_through(matcher, path))
            sw_strlist_take(&status->submodules, describe_submodule(path, xy, state));
    } else if (sw_matcher_matched(matcher, path)) {
        sw_strlist_add(&status->changed, path);
    }
}

static void take_record(const char *record, const struct sw_matcher *matcher, struct sw_status *status) {
    switch (record[0]) {
    case '?':
        if (record[1] == ' ' && sw_matcher_matched(matcher, record + 2))
            sw_strlist_add(&status->untracked, record + 2);
        break;
    case '1':
        take_changed(record, 8, matcher, status);
        break;
    case 'u':
        take_changed(record, 10, matcher, status);
        break;
    default:
        break;
    }
}

static bool ask_git(struct sw_repository *repository, const char *scope, const struct sw_matcher *matcher, struct sw_status *status,
                    struct sw_error **error) {
    sw_cleanup_free char *pathspec = sw_format(":(literal,top)%s", scope);
    const char *args[] = {
        "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=none", "--no-renames", "--no-ahead-behind",
        "--",     pathspec};
    struct sw_git_call call = {.folder = sw_repository_work_tree(repository), .args = {args, sizeof args / sizeof *args - !*scope}};
    sw_cleanup_buf struct sw_buf out = {0};
    if (!sw_git_run(&call, &out, error))
        return false;
    for (size_t at = 0; at < out.len; at += strlen(out.data + at) + 1)
        take_record(out.data + at, matcher, status);
    sw_strlist_sort(&status->untracked);
    sw_strlist_sort(&status->changed);
    return true;
}

/* Who asks for one small part after another, as a Dockerfile with hundreds of COPYs does, pays for one look at everything instead. What
 * was clean then counts as clean for as long as the repository is open. */
static bool all_is_clean(struct sw_repository *repository) {
    pthread_mutex_lock(&repository->lock);
    bool due = ++repository->status_asked == ASKED_OFTEN, clean = repository->all_clean;
    pthread_mutex_unlock(&repository->lock);
    if (!due)
        return clean;
    sw_cleanup_matcher struct sw_matcher *everything = sw_matcher_new("", NULL, 0, NULL);
    clean = everything && sw_status_surely_clean(repository, "", everything);
    pthread_mutex_lock(&repository->lock);
    repository->all_clean = clean;
    pthread_mutex_unlock(&repository->lock);
    return clean;
}

bool sw_status_read(struct sw_repository *repository, const char *scope, const struct sw_matcher *matcher, struct sw_status *status,
                    struct sw_error **error) {
    sw_cleanup_free char *clean = sw_matcher_path(scope);
    if (!sw_repository_work_tree(repository) || all_is_clean(repository) || sw_status_surely_clean(repository, clean, matcher))
        return true;
    return ask_git(repository, clean, matcher, status, error);
}

/* --- refusing -------------------------------------------------------------------------------------------------------------------- */

static bool refuse_files(const struct sw_strlist *paths, const char *kind, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (paths->len == 1)
        sw_buf_printf(&text, "the %sfile \"%s\" must be committed", kind, paths->items[0]);
    else
        sw_buf_printf(&text, "the following %sfiles must be committed:\n", kind);
    for (size_t i = 0; paths->len > 1 && i < paths->len && i < LISTED_FILES; i++)
        sw_buf_printf(&text, "\n - %s", paths->items[i]);
    if (paths->len > LISTED_FILES)
        sw_buf_printf(&text, "\n … and %zu more", paths->len - LISTED_FILES);
    sw_fail(error, SW_ERROR_DENIED, "%s", sw_buf_text(&text));
    if (error)
        sw_error_hint(
            *error,
            "images are built from commits only, so that each build can be repeated: run 'git add %s' and 'git commit', or add "
            "it to .gitignore; during development --dev builds the work tree as it is",
            paths->len == 1 ? paths->items[0] : "FILE…");
    return false;
}

static bool refuse(const struct sw_status *status, struct sw_error **error) {
    if (status->untracked.len)
        return refuse_files(&status->untracked, "untracked ", error);
    if (status->changed.len)
        return refuse_files(&status->changed, "", error);
    if (status->submodules.len)
        return sw_fail(error, SW_ERROR_DENIED, "%s", status->submodules.items[0]);
    return true;
}

bool sw_status_require_committed(struct sw_repository *repository, const char *scope, const struct sw_matcher *matcher,
                                 struct sw_error **error) {
    sw_cleanup_status struct sw_status status = {0};
    if (sw_repository_strictness(repository) == SW_LOOSE)
        return true;
    return sw_status_read(repository, scope, matcher, &status, error) && refuse(&status, error);
}

bool sw_status_require_path(struct sw_repository *repository, const char *path, struct sw_error **error) {
    if (sw_repository_strictness(repository) == SW_LOOSE)
        return true;
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(path, NULL, 0, error);
    return matcher && sw_status_require_committed(repository, path, matcher, error);
}
