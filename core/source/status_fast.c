#include "core/source/status_fast.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/source/walk.h"

struct look {
    const struct sw_matcher *matcher;
    struct sw_repository *repository;
    git_repository *handle;
    git_index *index;
    struct stat index_status;
    bool trust_mode; /* core.fileMode */
    struct sw_buf path;
    size_t tracked; /* matched files of the commit */
};

static bool look_at_folder(struct look *look, int parent, const char *name, const git_oid *tree, bool whole);

static bool equal_times(const git_index_time *index, const struct timespec *disk) {
    return index->seconds == (int32_t)disk->tv_sec && (!index->nanoseconds || index->nanoseconds == (uint32_t)disk->tv_nsec);
}

/* A file that was changed as late as the index was written may have been changed again in that very moment. */
static bool is_racy(const struct look *look, const struct timespec *time) {
    const struct timespec *index = &look->index_status.st_mtim;
    return time->tv_sec > index->tv_sec || (time->tv_sec == index->tv_sec && time->tv_nsec >= index->tv_nsec);
}

static bool equal_modes(const struct look *look, const git_index_entry *entry, const struct stat *status) {
    if (S_ISLNK(entry->mode) != S_ISLNK(status->st_mode) || S_ISREG(entry->mode) != S_ISREG(status->st_mode))
        return false;
    return !look->trust_mode || !S_ISREG(entry->mode) || !(entry->mode & 0100) == !(status->st_mode & 0100);
}

static bool file_is_clean(struct look *look, int folder, const char *name, const git_tree_entry *raw) {
    const git_index_entry *entry = git_index_get_bypath(look->index, sw_buf_text(&look->path), 0);
    struct stat status;
    if (!entry || !git_oid_equal(&entry->id, git_tree_entry_id(raw)) || entry->mode != git_tree_entry_filemode(raw))
        return false;
    if (entry->flags & GIT_INDEX_ENTRY_VALID || entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE)
        return true;
    if (entry->flags_extended & GIT_INDEX_ENTRY_INTENT_TO_ADD || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return equal_modes(look, entry, &status) && entry->file_size == (uint32_t)status.st_size &&
           entry->ino == (uint32_t)status.st_ino && equal_times(&entry->mtime, &status.st_mtim) &&
           equal_times(&entry->ctime, &status.st_ctim) && !is_racy(look, &status.st_mtim);
}

static bool entry_is_clean(struct look *look, int folder, const git_tree_entry *raw, bool whole) {
    const char *path = sw_buf_text(&look->path), *name = git_tree_entry_name(raw);
    git_filemode_t mode = git_tree_entry_filemode(raw);
    if (mode == GIT_FILEMODE_TREE || mode == GIT_FILEMODE_COMMIT) {
        bool through = !whole && sw_matcher_through(look->matcher, path);
        if (!whole && !through && !sw_matcher_matched(look->matcher, path))
            return true;
        return mode == GIT_FILEMODE_TREE && look_at_folder(look, folder, name, git_tree_entry_id(raw), !through);
    }
    if (!whole && !sw_matcher_matched(look->matcher, path))
        return true;
    look->tracked++;
    return file_is_clean(look, folder, name, raw);
}

static void push(struct look *look, const char *name) {
    if (look->path.len)
        sw_buf_putc(&look->path, '/');
    sw_buf_puts(&look->path, name);
}

static bool entries_are_clean(struct look *look, int folder, const git_tree *tree, bool whole) {
    size_t len = look->path.len;
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *raw = git_tree_entry_byindex(tree, i);
        push(look, git_tree_entry_name(raw));
        bool clean = entry_is_clean(look, folder, raw, whole);
        sw_buf_truncate(&look->path, len);
        if (!clean)
            return false;
    }
    return true;
}

/* Something on the disk that the commit does not have: fine when it is ignored or of no interest. */
static bool stranger_is_harmless(struct look *look, const struct dirent *entry) {
    size_t len = look->path.len;
    push(look, entry->d_name);
    const char *path = sw_buf_text(&look->path);
    bool wanted = sw_matcher_matched(look->matcher, path) || sw_matcher_through(look->matcher, path);
    int ignored = 0;
    bool harmless = !wanted;
    if (wanted) {
        sw_cleanup_free char *asked = sw_format("%s%s", path, entry->d_type == DT_DIR ? "/" : "");
        harmless = git_ignore_path_is_ignored(&ignored, look->handle, asked) == 0 && ignored;
    }
    sw_buf_truncate(&look->path, len);
    return harmless;
}

static bool has_no_strangers(struct look *look, int folder, const git_tree *tree) {
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sw_cleanup_dir DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    if (!dir)
        return false;
    while ((entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || !strcmp(entry->d_name, ".git"))
            continue;
        if (!git_tree_entry_byname(tree, entry->d_name) && !stranger_is_harmless(look, entry))
            return false;
    }
    return true;
}

static bool look_at_folder(struct look *look, int parent, const char *name, const git_oid *id, bool whole) {
    sw_cleanup_close int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    git_tree *tree = NULL;
    bool clean = folder >= 0 && git_tree_lookup(&tree, look->handle, id) == 0 && entries_are_clean(look, folder, tree, whole) &&
                 has_no_strangers(look, folder, tree);
    git_tree_free(tree);
    return clean;
}

/* The index must not have more matched files than the commit: such were added. */
static bool index_adds_nothing(struct look *look, const char *scope) {
    size_t at = 0, count = git_index_entrycount(look->index), tracked = 0, len = strlen(scope);
    if (*scope && git_index_find_prefix(&at, look->index, scope) != 0)
        return look->tracked == 0;
    for (; at < count; at++) {
        const git_index_entry *entry = git_index_get_byindex(look->index, at);
        if (strncmp(entry->path, scope, len) != 0)
            break;
        tracked += sw_matcher_matched(look->matcher, entry->path);
    }
    return tracked == look->tracked;
}

/* Opens the folder of the work tree that holds `scope`, following no link; `*name` is the last component. */
static int open_parent(const char *work_tree, const char *scope, const char **name) {
    int fd = open(work_tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *p = scope, *slash;
    while (fd >= 0 && (slash = strchr(p, '/'))) {
        sw_cleanup_free char *component = sw_strndup(p, (size_t)(slash - p));
        int next = openat(fd, component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(fd);
        fd = next;
        p = slash + 1;
    }
    *name = p;
    return fd;
}

static bool scope_is_clean(struct look *look, const struct sw_commit *head, const char *scope) {
    const char *name;
    git_tree *root = NULL;
    git_tree_entry *raw = NULL;
    sw_cleanup_close int parent = open_parent(look->repository->work_tree, scope, &name);
    if (parent < 0 || git_tree_lookup(&root, look->handle, &head->tree) != 0)
        return false;
    bool clean = false;
    if (!*scope) {
        clean = look_at_folder(look, parent, ".", &head->tree,
                               !sw_matcher_through(look->matcher, "") && sw_matcher_matched(look->matcher, ""));
    } else if (git_tree_entry_bypath(&raw, root, scope) == 0) {
        sw_buf_puts(&look->path, scope);
        clean = entry_is_clean(look, parent, raw, false);
    } else {
        struct stat status;
        clean = fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
    }
    git_tree_entry_free(raw);
    git_tree_free(root);
    return clean;
}

static bool open_index(struct look *look) {
    git_config *config = NULL;
    int trust = 1;
    if (git_repository_index(&look->index, look->handle) != 0 || git_index_read(look->index, false) != 0)
        return false;
    if (git_repository_config_snapshot(&config, look->handle) == 0 && git_config_get_bool(&trust, config, "core.filemode") != 0)
        trust = 1;
    git_config_free(config);
    look->trust_mode = trust != 0;
    const char *path = git_index_path(look->index);
    return path && stat(path, &look->index_status) == 0 && !git_index_has_conflicts(look->index);
}

bool sw_status_surely_clean(struct sw_repository *repository, const char *scope, const struct sw_matcher *matcher) {
    const struct sw_commit *head = sw_repository_head(repository, NULL);
    struct look look = {.matcher = matcher, .repository = repository, .handle = sw_handle_borrow(repository, NULL)};
    bool clean = head && look.handle && open_index(&look) && scope_is_clean(&look, head, scope) && index_adds_nothing(&look, scope);
    git_index_free(look.index);
    sw_handle_return(repository, look.handle);
    sw_buf_fini(&look.path);
    return clean;
}
