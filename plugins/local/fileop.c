#include "plugins/local/fileop.h"

#include <errno.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/local/accounts.h"
#include "plugins/local/entry.h"
#include "plugins/local/wildcard.h"

struct action {
    const struct sw_fileop_job *job;
    struct sw_fsroot *root;
    const struct sw_file_action *record;
    char *path; /* absolute, cleaned */
    struct sw_owner owner;
};

static struct sw_fsattr attr_of(const struct action *action, mode_t mode) {
    struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME, .mode = mode};
    attr.uid = action->owner.uid;
    attr.gid = action->owner.gid;
    attr.mtime.tv_sec = action->job->epoch;
    return attr;
}

static bool make_folders(struct action *action, struct sw_error **error) {
    struct sw_fsattr attr = attr_of(action, action->record->mode ? action->record->mode & 07777 : 0755);
    sw_cleanup_free char *real = sw_fsroot_resolve(action->root, action->path);
    if (real && sw_fsroot_mkdirs(action->root, real, &attr, NULL, NULL) == 0)
        return true;
    return sw_fsroot_fail(error, "create folder", action->path);
}

/* Folders above `path` that are missing belong to root. */
static bool make_parents(struct action *action, const char *path, struct sw_error **error) {
    struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME, .mode = 0755};
    attr.mtime.tv_sec = action->job->epoch;
    sw_cleanup_free char *parent = sw_path_dir(path);
    sw_cleanup_free char *real = sw_fsroot_resolve(action->root, parent);
    if (real && sw_fsroot_mkdirs(action->root, real, &attr, NULL, NULL) == 0)
        return true;
    return sw_fsroot_fail(error, "create folder", parent);
}

/* Puts a symlink or file in the place of what is there, unless that is a folder. */
static bool put(struct action *action, const char *path, const struct sw_entry *entry, struct sw_bytes content,
                struct sw_error **error) {
    struct stat status;
    sw_cleanup_close int fd = -1;
    if (sw_fsroot_stat(action->root, path, &status) == 0 && S_ISDIR(status.st_mode))
        return sw_fail(error, SW_ERROR_BUILD, "cannot replace folder %s", path);
    if (sw_entry_create(action->root, path, entry, &fd, NULL) < 0)
        return sw_fsroot_fail(error, "create", path);
    if (fd >= 0) {
        sw_close(&fd);
        if (sw_fsroot_write(action->root, path, content.data, content.len, 0600) < 0)
            return sw_fsroot_fail(error, "write", path);
    }
    return sw_entry_finish(action->root, path, entry, &fd) == 0 || sw_fsroot_fail(error, "set the metadata of", path);
}

static bool make_link(struct action *action, struct sw_error **error) {
    struct sw_entry entry = {.type = S_IFLNK, .target = action->record->target, .attr = attr_of(action, 0777)};
    return make_parents(action, action->path, error) && put(action, action->path, &entry, (struct sw_bytes){0}, error);
}

static bool write_file(struct action *action, struct sw_error **error) {
    struct sw_entry entry = {.type = S_IFREG, .attr = attr_of(action, action->record->mode ? action->record->mode & 07777 : 0644)};
    sw_cleanup_free char *real = sw_fsroot_resolve(action->root, action->path); /* writing to a link writes its target */
    if (!real)
        return sw_fsroot_fail(error, "resolve", action->path);
    return make_parents(action, real, error) && put(action, real, &entry, action->record->content, error);
}

static bool remove_one(struct action *action, const char *path, struct sw_error **error) {
    if (strcmp(path, "/") == 0)
        return sw_fail(error, SW_ERROR_BUILD, "the root folder cannot be removed");
    return sw_fsroot_remove(action->root, path) == 0 || sw_fsroot_fail(error, "remove", path);
}

static bool remove_all(struct action *action, struct sw_error **error) {
    if (!(action->record->flags & SW_COPY_WILDCARD) || !sw_wildcard_is_one(action->path))
        return remove_one(action, action->path, error);
    sw_cleanup_source struct sw_source *source = sw_rootsource_new(action->job->root, error);
    sw_cleanup_strlist struct sw_strlist matches = {0};
    if (!source || !sw_wildcard_find(source, action->path, true, &matches, error))
        return false;
    for (size_t i = 0; i < matches.len; i++)
        if (!remove_one(action, matches.items[i], error))
            return false;
    return true;
}

static bool empty_folder(struct action *action, struct sw_error **error) {
    if (sw_fsroot_empty(action->root, action->path) == 0 || errno == ENOENT)
        return true;
    return sw_fsroot_fail(error, "empty", action->path);
}

static bool run(struct action *action, struct sw_error **error) {
    switch (action->record->kind) {
    case SW_FILE_MKDIR:
        return make_folders(action, error);
    case SW_FILE_REMOVE:
        return remove_all(action, error);
    case SW_FILE_LINK:
        return make_link(action, error);
    case SW_FILE_WRITE:
        return write_file(action, error);
    case SW_FILE_EMPTY:
        return empty_folder(action, error);
    default:
        return sw_fail(error, SW_ERROR_INTERNAL, "a file action of the unknown kind %u", action->record->kind);
    }
}

bool sw_fileop_run(const struct sw_fileop_job *job, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(job->root, SW_FSROOT_IN_ROOT, error);
    if (!root)
        return false;
    for (size_t i = 0; i < job->op->action_count; i++) {
        const struct sw_file_action *record = &job->op->actions[i];
        struct action action = {.job = job, .root = root, .record = record};
        sw_cleanup_free char *absolute = sw_format("/%s", record->path), *clean = sw_path_clean(absolute);
        action.path = clean;
        if (!sw_work_wanted(job->work, error))
            return false;
        if (record->owner && *record->owner && !sw_accounts_owner(root, record->owner, &action.owner, error))
            return false;
        if (!run(&action, error))
            return false;
    }
    return true;
}
