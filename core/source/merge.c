#include "core/source/merge.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/source/folders.h"
#include "core/source/git.h"
#include "core/source/handle.h"

/* Runs git so that new objects go into `objects`. */
static bool git(struct sw_repository *repository, const char *objects, struct sw_strings args, struct sw_buf *out,
                struct sw_error **error) {
    sw_cleanup_free char *more = sw_handle_alternates(repository);
    sw_cleanup_free char *alternates = sw_format("%s/objects%s%s", repository->common_folder, more ? ":" : "", more ? more : "");
    const struct sw_pair env[] = {
        {"GIT_OBJECT_DIRECTORY", objects},
        {"GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates},
        {"GIT_AUTHOR_NAME", "slipway"},
        {"GIT_AUTHOR_EMAIL", "slipway@localhost"},
        {"GIT_AUTHOR_DATE", "0 +0000"},
        {"GIT_COMMITTER_NAME", "slipway"},
        {"GIT_COMMITTER_EMAIL", "slipway@localhost"},
        {"GIT_COMMITTER_DATE", "0 +0000"},
    };
    struct sw_git_call call = {
        .folder = repository->git_folder, .config = SW_GIT_NEUTRAL, .args = args, .env = {env, sizeof env / sizeof *env}};
    if (!sw_git_run(&call, out, error))
        return false;
    while (out->len && out->data[out->len - 1] == '\n')
        sw_buf_truncate(out, out->len - 1);
    return true;
}

const struct sw_commit *sw_commit_merge(const struct sw_commit *commit, const char *from, const char *into,
                                        struct sw_error **error) {
    struct sw_repository *repository = commit->repository;
    sw_cleanup_buf struct sw_buf tree = {0}, id = {0};
    struct sw_error *cause = NULL;
    if (!repository->cache) {
        sw_fail(error, SW_ERROR_INTERNAL, "there is no folder to keep the merge of %s into %s in", from, into);
        return NULL;
    }
    sw_cleanup_free char *objects = sw_format("%s/merges/objects", repository->cache);
    if (!sw_make_folders(objects, error))
        return NULL;
    const char *merge[] = {"merge-tree", "--write-tree", into, from};
    if (!git(repository, objects, (struct sw_strings){merge, 4}, &tree, &cause)) {
        sw_pass(error,
                sw_error_wrap(cause, "cannot merge commit %s into %s again, of which an earlier build was made", from, into));
        return NULL;
    }
    const char *write[] = {"commit-tree", "-m", "merge", "-p", into, "-p", from, sw_buf_text(&tree)};
    if (!git(repository, objects, (struct sw_strings){write, 8}, &id, error))
        return NULL;
    sw_repository_add_objects(repository, objects);
    return sw_repository_commit(repository, sw_buf_text(&id), error);
}
