#include "core/source/status_fast.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/source/index_head.h"

/* One thread looks at some CHUNK files at a time; more threads than this gain nothing, the kernel's locks being what they are. */
enum { CHUNK = 512, MOST_THREADS = 8, LISTING = 32768 };

/* A folder of the index. Those of the work tree are compared with it. */
struct folder {
    const char *path; /* of its first entry, of which `len` bytes are the folder's ("" or "a/b/") */
    size_t len;
    size_t from, to;  /* entries below it */
    size_t file_from; /* in `files`: those directly in it that are wanted */
    size_t file_to;
    size_t children; /* names directly in it */
    bool whole;      /* everything below it is wanted */
    bool listed;     /* what else is in it counts */
};

/* Some files of a folder; the first task of one also lists it. */
struct task {
    size_t folder;
    size_t from, to; /* in `files` */
    bool first;
};

struct look {
    const struct sw_matcher *matcher;
    const struct sw_index_file *index;
    bool trust_mode; /* core.fileMode */
    int work_tree;
    struct sw_vec folders; /* of struct folder */
    struct sw_vec files;   /* of size_t: entries */
    struct sw_vec tasks;   /* of struct task */
    atomic_size_t next;    /* task */
    atomic_bool dirty;
    pthread_mutex_t lock;
    struct sw_strlist strangers; /* guarded by it: wanted paths that the index does not have, folders with a slash */
};

/* --- what to look at --------------------------------------------------------------------------------------------------------------- */

static void add_folder(struct look *look, const char *path, size_t len, size_t from, size_t to, bool whole) {
    sw_vec_push(&look->folders, &(struct folder){.path = path, .len = len, .from = from, .to = to, .whole = whole, .listed = true});
}

static void add_below(struct look *look, const char *path, size_t len, size_t from, size_t to, bool whole) {
    sw_cleanup_free char *name = whole ? NULL : sw_strndup(path, len - 1);
    bool through = !whole && sw_matcher_through(look->matcher, name);
    if (whole || through || sw_matcher_matched(look->matcher, name))
        add_folder(look, path, len, from, to, !through);
}

/* Sorts what is directly in folder number `number` out; folders in it come behind it in the list. */
static bool expand(struct look *look, size_t number) {
    struct folder folder = *(struct folder *)sw_vec_at(&look->folders, number);
    folder.file_from = look->files.len;
    for (size_t at = folder.from; at < folder.to; folder.children++) {
        const char *path = sw_index_file_path(look->index, at), *slash = strchr(path + folder.len, '/');
        if (slash) {
            size_t len = (size_t)(slash - path) + 1, behind = sw_index_file_behind(look->index, at, folder.to, path, len);
            add_below(look, path, len, at, behind, folder.whole);
            at = behind;
            continue;
        }
        bool wanted = folder.whole || sw_matcher_matched(look->matcher, path);
        uint32_t mode = sw_index_file_mode(look->index, at);
        if (S_ISDIR(mode & S_IFMT) || (mode & S_IFMT) == GIT_FILEMODE_COMMIT) {
            if (wanted || sw_matcher_through(look->matcher, path))
                return false; /* a submodule: git has to look into it */
        } else if (wanted) {
            sw_vec_push(&look->files, &at);
        }
        at++;
    }
    folder.file_to = look->files.len;
    *(struct folder *)sw_vec_at(&look->folders, number) = folder;
    return true;
}

static void make_tasks(struct look *look, size_t number) {
    const struct folder *folder = sw_vec_at(&look->folders, number);
    size_t from = folder->file_from;
    do {
        size_t to = folder->file_to - from > CHUNK ? from + CHUNK : folder->file_to;
        sw_vec_push(&look->tasks, &(struct task){.folder = number, .from = from, .to = to, .first = from == folder->file_from});
        from = to;
    } while (from < folder->file_to);
}

static bool plan(struct look *look, const char *scope) {
    size_t from, to;
    sw_index_file_range(look->index, scope, &from, &to);
    const char *first = from < to ? sw_index_file_path(look->index, from) : "";
    if (*scope && from < to && !strcmp(first, scope)) {
        const char *slash = strrchr(first, '/');
        add_folder(look, first, slash ? (size_t)(slash - first) + 1 : 0, from, to, false);
        ((struct folder *)sw_vec_at(&look->folders, 0))->listed = false;
    } else if (*scope) {
        add_below(look, first, strlen(scope) + 1, from, to, false);
    } else {
        add_folder(look, first, 0, from, to, !sw_matcher_through(look->matcher, "") && sw_matcher_matched(look->matcher, ""));
    }
    for (size_t i = 0; i < look->folders.len; i++)
        if (!expand(look, i))
            return false;
    for (size_t i = 0; i < look->folders.len; i++)
        make_tasks(look, i);
    return true;
}

/* --- files ------------------------------------------------------------------------------------------------------------------------- */

static bool equal_times(uint32_t seconds, uint32_t nanoseconds, const struct timespec *disk) {
    return seconds == (uint32_t)disk->tv_sec && (!nanoseconds || nanoseconds == (uint32_t)disk->tv_nsec);
}

/* A file that was changed as late as the index was written may have been changed again in that very moment. */
static bool is_racy(const struct look *look, const struct timespec *time) {
    const struct timespec *index = &look->index->status.st_mtim;
    return time->tv_sec > index->tv_sec || (time->tv_sec == index->tv_sec && time->tv_nsec >= index->tv_nsec);
}

static bool equal_modes(const struct look *look, uint32_t mode, const struct stat *status) {
    if (S_ISLNK(mode) != S_ISLNK(status->st_mode) || S_ISREG(mode) != S_ISREG(status->st_mode))
        return false;
    return !look->trust_mode || !S_ISREG(mode) || !(mode & 0100) == !(status->st_mode & 0100);
}

static bool file_is_clean(const struct look *look, int folder, size_t name_at, const struct sw_index_entry *entry) {
    struct stat status;
    if (entry->to_add || entry->unmerged || fstatat(folder, entry->path + name_at, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return equal_modes(look, entry->mode, &status) && entry->bytes == (uint32_t)status.st_size &&
           entry->inode == (uint32_t)status.st_ino && equal_times(entry->mtime, entry->mtime_ns, &status.st_mtim) &&
           equal_times(entry->ctime, entry->ctime_ns, &status.st_ctim) && !is_racy(look, &status.st_mtim);
}

/* --- what the index does not have -------------------------------------------------------------------------------------------------- */

static bool is_tracked(const struct look *look, const char *path) {
    size_t from, to;
    sw_index_file_range(look->index, path, &from, &to);
    return from < to;
}

/* Notes a name on the disk unless it is of no interest. */
static void meet(struct look *look, const struct folder *folder, const struct dirent64 *entry) {
    sw_cleanup_free char *path = sw_format("%.*s%s", (int)folder->len, folder->path, entry->d_name);
    if (is_tracked(look, path) || (!sw_matcher_matched(look->matcher, path) && !sw_matcher_through(look->matcher, path)))
        return;
    pthread_mutex_lock(&look->lock);
    sw_strlist_take(&look->strangers, sw_format("%s%s", path, entry->d_type == DT_DIR ? "/" : ""));
    pthread_mutex_unlock(&look->lock);
}

static bool is_name(const char *name) {
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, ".git") != 0;
}

/* Counts the names in the folder behind `fd`, and meets them if asked to. Without a DIR, which would cost four system calls more for
 * every folder: a fifth of the time where folders are small. */
static bool list_names(struct look *look, const struct folder *folder, int fd, bool meeting, size_t *count) {
    alignas(struct dirent64) char room[LISTING];
    ssize_t len;
    *count = 0;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return false;
    while ((len = getdents64(fd, room, sizeof room)) > 0) {
        for (ssize_t at = 0; at < len;) {
            const struct dirent64 *entry = (const struct dirent64 *)(room + at);
            at += entry->d_reclen;
            if (!is_name(entry->d_name))
                continue;
            ++*count;
            if (meeting)
                meet(look, folder, entry);
        }
    }
    return len == 0;
}

/* `all_there`: every name that the index has was found. Then there are others only if there are more. */
static bool list(struct look *look, const struct folder *folder, int fd, bool all_there) {
    size_t count;
    if (all_there && !list_names(look, folder, fd, false, &count))
        return false;
    return (all_there && count == folder->children) || list_names(look, folder, fd, true, &count);
}

/* --- working ----------------------------------------------------------------------------------------------------------------------- */

/* Opens a folder of the work tree; one that a symlink leads to is none. */
static int open_folder(const struct look *look, const struct folder *folder) {
    sw_cleanup_free char *path = sw_strndup(folder->path, folder->len);
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
    return (int)syscall(SYS_openat2, look->work_tree, *path ? path : ".", &how, sizeof how);
}

static bool do_task(struct look *look, const struct task *task) {
    const struct folder *folder = sw_vec_at(&look->folders, task->folder);
    sw_cleanup_close int fd = open_folder(look, folder);
    bool all_there = folder->whole && task->to == folder->file_to;
    if (fd < 0)
        return false;
    for (size_t i = task->from; i < task->to; i++) {
        struct sw_index_entry entry = sw_index_file_at(look->index, *(size_t *)sw_vec_at(&look->files, i));
        all_there = all_there && !entry.assumed;
        if (!entry.assumed && !file_is_clean(look, fd, folder->len, &entry))
            return false;
    }
    return !task->first || !folder->listed || list(look, folder, fd, all_there);
}

static void *work(void *context) {
    struct look *look = context;
    size_t number;
    while (!atomic_load(&look->dirty) && (number = atomic_fetch_add(&look->next, 1)) < look->tasks.len)
        if (!do_task(look, sw_vec_at(&look->tasks, number)))
            atomic_store(&look->dirty, true);
    return NULL;
}

static void work_together(struct look *look) {
    pthread_t threads[MOST_THREADS];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = look->files.len / CHUNK, started = 0;
    if (processors > 0 && wanted > (size_t)processors - 1)
        wanted = (size_t)processors - 1;
    while (started < wanted && started < MOST_THREADS && pthread_create(&threads[started], NULL, work, look) == 0)
        started++;
    work(look);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* --- all --------------------------------------------------------------------------------------------------------------------------- */

static bool strangers_are_ignored(const struct look *look, git_repository *handle) {
    for (size_t i = 0; i < look->strangers.len; i++) {
        int ignored = 0;
        if (git_ignore_path_is_ignored(&ignored, handle, look->strangers.items[i]) != 0 || !ignored)
            return false;
    }
    return true;
}

static bool trusts_modes(git_repository *handle) {
    git_config *config = NULL;
    int trust = 1;
    if (git_repository_config_snapshot(&config, handle) == 0 && git_config_get_bool(&trust, config, "core.filemode") != 0)
        trust = 1;
    git_config_free(config);
    return trust != 0;
}

static bool is_nothing(const struct look *look, const char *scope) {
    struct stat status;
    return fstatat(look->work_tree, scope, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

static bool disk_is_clean(struct look *look, git_repository *handle, const char *scope) {
    if (*scope && !is_tracked(look, scope))
        return is_nothing(look, scope);
    if (!plan(look, scope))
        return false;
    work_together(look);
    return !atomic_load(&look->dirty) && strangers_are_ignored(look, handle);
}

/* The index as it is now. Those that were read stay with the repository: others may be looking at them. */
static const struct sw_index_file *current_index(struct sw_repository *repository) {
    sw_cleanup_free char *path = sw_format("%s/index", repository->git_folder);
    pthread_mutex_lock(&repository->lock);
    struct sw_vec *indexes = &repository->indexes;
    struct sw_index_file *index = indexes->len ? *(struct sw_index_file **)sw_vec_at(indexes, indexes->len - 1) : NULL;
    if (!index || !sw_index_file_is_fresh(index, path)) {
        index = sw_index_file_open(path);
        if (index)
            sw_vec_push(indexes, &index);
    }
    pthread_mutex_unlock(&repository->lock);
    return index;
}

bool sw_status_surely_clean(struct sw_repository *repository, const char *scope, const struct sw_matcher *matcher) {
    struct look look = {.matcher = matcher,
                        .folders = {.width = sizeof(struct folder)},
                        .files = {.width = sizeof(size_t)},
                        .tasks = {.width = sizeof(struct task)},
                        .lock = PTHREAD_MUTEX_INITIALIZER};
    const struct sw_commit *head = sw_repository_head(repository, NULL);
    look.index = head ? current_index(repository) : NULL;
    if (!look.index)
        return false;
    git_repository *handle = sw_handle_borrow(repository, NULL);
    look.work_tree = open(repository->work_tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool clean = handle && look.work_tree >= 0 && sw_index_is_head(look.index, handle, head, scope, matcher);
    if (clean) {
        look.trust_mode = trusts_modes(handle);
        clean = disk_is_clean(&look, handle, scope);
    }
    if (handle)
        sw_handle_return(repository, handle);
    sw_close(&look.work_tree);
    sw_vec_fini(&look.folders);
    sw_vec_fini(&look.files);
    sw_vec_fini(&look.tasks);
    sw_strlist_fini(&look.strangers);
    return clean;
}
