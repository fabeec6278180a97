#include "core/source/patch_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fsroot.h"
#include "core/source/folders.h"
#include "core/source/git.h"
#include "core/source/submodule.h"
#include "core/source/walk.h"

static bool write_file(const char *path, const char *text, size_t len, struct sw_error **error) {
    sw_cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, text, len) == (ssize_t)len)
        return true;
    return sw_fail_errno(error, errno, "cannot write '%s'", path);
}

static bool init_place(struct sw_patch_place *place, struct sw_repository *repository, struct sw_error **error) {
    const char *temporary = getenv("TMPDIR");
    place->folder = sw_format("%s/slipway-diff-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(place->folder)) {
        sw_fail_errno(error, errno, "cannot make a folder in '%s'", temporary && *temporary ? temporary : "/tmp");
        free(place->folder);
        place->folder = NULL;
        return false;
    }
    const char *args[] = {"init", "--quiet", "--template="};
    struct sw_git_call call = {.folder = place->folder, .config = SW_GIT_NEUTRAL, .args = {args, 3}};
    if (!sw_git_run(&call, NULL, error))
        return false;
    sw_cleanup_buf struct sw_buf objects = {0};
    sw_buf_printf(&objects, "%s/objects\n", repository->common_folder);
    sw_cleanup_free char *more = sw_handle_alternates(repository);
    char *rest = NULL;
    for (char *at = more ? strtok_r(more, ":", &rest) : NULL; at; at = strtok_r(NULL, ":", &rest))
        sw_buf_printf(&objects, "%s\n", at);
    sw_cleanup_free char *info = sw_format("%s/.git/objects/info", place->folder);
    sw_cleanup_free char *alternates = sw_format("%s/alternates", info);
    return sw_make_folders(info, error) && write_file(alternates, objects.data, objects.len, error);
}

/* Attributes of files count as they are in the later commit. */
static bool write_attributes(const struct sw_patch_place *place, const struct sw_commit *after, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0};
    struct sw_file file;
    if (!sw_commit_stat(after, ".gitattributes", &file, error))
        return false;
    if (file.type != SW_FILE_REGULAR)
        return true;
    sw_cleanup_free char *path = sw_format("%s/.gitattributes", place->folder);
    return sw_commit_read(after, ".gitattributes", &text, error) && write_file(path, sw_buf_text(&text), text.len, error);
}

static bool list_paths(const struct sw_commit *commit, struct sw_strlist *paths, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (!sw_commit_has_submodules(commit))
        return true;
    if (!sw_commit_read(commit, ".gitmodules", &text, error))
        return false;
    sw_submodule_paths(sw_buf_text(&text), paths);
    return true;
}

static bool is_safe(const char *path) {
    sw_cleanup_free char *copy = sw_strdup(path);
    char *rest = NULL;
    for (char *name = strtok_r(copy, "/", &rest); name; name = strtok_r(NULL, "/", &rest))
        if (sw_walk_bad_name(name))
            return false;
    return *path && *path != '/';
}

/* The submodule's commit that `commit` records at `path`; NULL without an error when there is none. */
static const struct sw_commit *recorded(const struct sw_commit *commit, const char *path, bool *ok, struct sw_error **error) {
    struct sw_walk_entry entry;
    *ok = sw_walk_find(commit, path, &entry, error);
    if (!*ok || entry.type != SW_FILE_SUBMODULE || entry.inside)
        return NULL;
    const struct sw_commit *inner = sw_submodule_commit(entry.repository, &entry.root, path, &entry.id, error);
    *ok = inner != NULL;
    return inner;
}

/* The repository that has both commits. */
static struct sw_repository *common_repository(const struct sw_commit *old, const struct sw_commit *new) {
    if (!old || !new)
        return (new ? new : old)->repository;
    if (sw_repository_commit(new->repository, old->id, NULL))
        return new->repository;
    return sw_repository_commit(old->repository, new->id, NULL) ? old->repository : NULL;
}

static bool link_submodule(const struct sw_patch_place *place, const struct sw_commit *before, const struct sw_commit *after,
                           const char *path, struct sw_error **error) {
    bool ok_old, ok_new;
    const struct sw_commit *old = recorded(before, path, &ok_old, error);
    const struct sw_commit *new = ok_old ? recorded(after, path, &ok_new, error) : NULL;
    if (!ok_old || !ok_new)
        return false;
    if (!old && !new)
        return true;
    const struct sw_repository *repository = common_repository(old, new);
    if (!repository)
        return sw_fail(error, SW_ERROR_NOT_FOUND, "submodule '%s': its commits %.8s and %.8s are in different repositories", path,
                       old->id, new->id);
    sw_cleanup_free char *folder = sw_format("%s/%s", place->folder, path);
    sw_cleanup_free char *file = sw_format("%s/.git", folder);
    sw_cleanup_free char *text = sw_format("gitdir: %s\n", repository->git_folder);
    return sw_make_folders(folder, error) && write_file(file, text, strlen(text), error);
}

bool sw_patch_place_open(const struct sw_commit *before, const struct sw_commit *after, struct sw_patch_place *place,
                         struct sw_error **error) {
    *place = (struct sw_patch_place){0};
    sw_cleanup_strlist struct sw_strlist paths = {0};
    if (!list_paths(before, &paths, error) || !list_paths(after, &paths, error) || !init_place(place, after->repository, error) ||
        !write_attributes(place, after, error))
        return false;
    sw_strlist_sort(&paths);
    for (size_t i = 0; i < paths.len; i++) {
        bool again = i && !strcmp(paths.items[i], paths.items[i - 1]);
        if (!again && is_safe(paths.items[i]) && !link_submodule(place, before, after, paths.items[i], error))
            return false;
    }
    return true;
}

void sw_patch_place_close(struct sw_patch_place *place) {
    if (!place->folder)
        return;
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_open_folder(place->folder, SW_FSROOT_BENEATH, NULL);
    if (root && sw_fsroot_empty(root, "") == 0)
        rmdir(place->folder);
    free(place->folder);
    place->folder = NULL;
}
