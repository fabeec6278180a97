#include "plugins/local/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fsroot.h"
#include "core/base/hash.h"

enum { SMALL_FILE = 1 << 20, SYNC_AGE = 60 /* seconds */ };

/* ---- opening ---- */

static bool make_path(const char *path, struct sw_error **error) {
    sw_cleanup_free char *copy = sw_strdup(path);
    for (char *slash = copy + 1; *slash; slash++) {
        if (*slash != '/')
            continue;
        *slash = '\0';
        mkdir(copy, 0755);
        *slash = '/';
    }
    if (mkdir(copy, 0700) && errno != EEXIST)
        return sw_fail_errno(error, errno, "cannot make the store %s", path);
    return true;
}

static int open_folder(int parent, const char *name, struct sw_error **error) {
    if (mkdirat(parent, name, 0755) && errno != EEXIST) {
        sw_fail_errno(error, errno, "cannot make folder %s of the store", name);
        return -1;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        sw_fail_errno(error, errno, "cannot open folder %s of the store", name);
    return fd;
}

static bool open_folders(struct sw_localstore *store, struct sw_error **error) {
    struct {
        int *fd;
        const char *name;
    } folders[] = {{&store->snapshots, "snapshots"},
                   {&store->layers, "layers"},
                   {&store->aliases, "aliases"},
                   {&store->caches, "cache"},
                   {&store->unsynced, "unsynced"}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if ((*folders[i].fd = open_folder(store->root, folders[i].name, error)) < 0)
            return false;
    sw_cleanup_close int blobs = open_folder(store->root, "blobs", error);
    if (blobs < 0)
        return false;
    store->blobs = open_folder(blobs, "sha256", error);
    return store->blobs >= 0;
}

static void read_boot(char boot[40]) {
    sw_cleanup_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, boot, 39);
    boot[len > 0 ? len : 0] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
}

/* "PID-STARTTIME": a pid alone may come back. */
static char *process_name(void) {
    char text[1024] = "";
    sw_cleanup_close int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    const char *field = len > 0 ? strrchr(text, ')') : NULL;
    unsigned long long start = 0;
    for (int i = 2; field && i < 22; i++)
        field = strchr(field + 1, ' ');
    if (field)
        start = strtoull(field, NULL, 10);
    return sw_format("%d-%llu", (int)getpid(), start);
}

static void remove_entry(int folder, const char *name) {
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(folder, SW_FSROOT_BENEATH, NULL);
    if (root)
        sw_fsroot_remove(root, name);
}

/* A folder of tmp/ is its process's as long as that holds the lease, which works across pid namespaces too. */
static void sweep(struct sw_localstore *store, int tmp) {
    sw_cleanup_dir DIR *dir = fdopendir(openat(tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        sw_cleanup_free char *lease = sw_format("tmp/%s", entry->d_name);
        if (!sw_lease_take(store->leases, lease))
            continue;
        remove_entry(tmp, entry->d_name);
        sw_lease_release(store->leases, lease);
    }
}

static bool open_temporary(struct sw_localstore *store, struct sw_error **error) {
    sw_cleanup_close int tmp = open_folder(store->root, "tmp", error);
    if (tmp < 0)
        return false;
    sw_cleanup_free char *name = process_name();
    sw_cleanup_free char *lease = sw_format("tmp/%s", name);
    sweep(store, tmp);
    if (!sw_lease_use(store->leases, lease))
        return sw_fail(error, SW_ERROR_INTERNAL, "another process owns %s/%s", store->path, lease);
    store->temporary = open_folder(tmp, name, error);
    if (store->temporary < 0)
        return false;
    store->temporary_name = sw_steal(&name);
    store->empty = open_folder(store->temporary, "empty", error);
    return store->empty >= 0;
}

/* ---- what earlier processes did not wait for ---- */

bool sw_localstore_mark(struct sw_localstore *store, const char *name, struct sw_error **error) {
    return sw_localstore_put(store, store->unsynced, name, store->boot, error);
}

/* Moved away first, so that nobody sees half of it. */
static void drop_snapshot(struct sw_localstore *store, const char *name) {
    sw_cleanup_free char *temporary = sw_localstore_temporary(store, "untrusted");
    if (renameat(store->snapshots, name, store->temporary, temporary) == 0)
        sw_localstore_discard(store, temporary);
    unlinkat(store->unsynced, name, 0);
}

static void *sync_all(void *context) {
    struct sw_localstore *store = context;
    if (syncfs(store->root))
        return NULL;
    for (size_t i = 0; i < store->to_sync.len; i++)
        unlinkat(store->unsynced, store->to_sync.items[i], 0);
    return NULL;
}

/* The kernel writes what is dirty by itself within half a minute: by then, syncing costs next to nothing. */
static bool is_old(int folder, const char *name) {
    struct stat status;
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && time(NULL) - status.st_mtim.tv_sec >= SYNC_AGE;
}

static void look_at_unsynced(struct sw_localstore *store) {
    sw_cleanup_dir DIR *dir = fdopendir(openat(store->unsynced, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        sw_cleanup_free char *boot = sw_localstore_get(store->unsynced, entry->d_name);
        if (boot && strcmp(boot, store->boot))
            drop_snapshot(store, entry->d_name);
        else if (boot && is_old(store->unsynced, entry->d_name))
            sw_strlist_add(&store->to_sync, entry->d_name);
    }
    store->syncing = store->to_sync.len && pthread_create(&store->syncer, NULL, sync_all, store) == 0;
}

static bool open_all(struct sw_localstore *store, struct sw_error **error) {
    if (!make_path(store->path, error))
        return false;
    store->root = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->root < 0)
        return sw_fail_errno(error, errno, "cannot open the store %s", store->path);
    sw_cleanup_close int locks = open_folder(store->root, "locks", error);
    if (locks < 0)
        return false;
    store->leases = sw_leases_open(locks, "range", error);
    if (!store->leases || !open_folders(store, error) || !open_temporary(store, error))
        return false;
    look_at_unsynced(store);
    return true;
}

struct sw_localstore *sw_localstore_open(const char *path, struct sw_error **error) {
    struct sw_localstore *store = sw_new(sizeof *store);
    int *fds[] = {&store->root,   &store->blobs,    &store->snapshots, &store->layers, &store->aliases,
                  &store->caches, &store->unsynced, &store->temporary, &store->empty};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        *fds[i] = -1;
    char *absolute = path[0] == '/' ? NULL : realpath(".", NULL);
    store->path = absolute ? sw_format("%s/%s", absolute, path) : sw_strdup(path);
    free(absolute);
    pthread_mutex_init(&store->lock, NULL);
    read_boot(store->boot);
    if (open_all(store, error))
        return store;
    sw_localstore_close(store);
    return NULL;
}

void sw_localstore_close(struct sw_localstore *store) {
    if (!store)
        return;
    if (store->syncing)
        pthread_join(store->syncer, NULL);
    if (store->temporary >= 0) {
        sw_cleanup_close int tmp = openat(store->root, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        remove_entry(tmp, store->temporary_name);
    }
    sw_leases_close(store->leases);
    int *fds[] = {&store->root,   &store->blobs,    &store->snapshots, &store->layers, &store->aliases,
                  &store->caches, &store->unsynced, &store->temporary, &store->empty};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        sw_close(fds[i]);
    pthread_mutex_destroy(&store->lock);
    sw_strlist_fini(&store->to_sync);
    free(store->temporary_name);
    free(store->path);
    free(store);
}

/* ---- small things ---- */

char *sw_localstore_temporary(struct sw_localstore *store, const char *prefix) {
    pthread_mutex_lock(&store->lock);
    char *name = sw_format("%s-%llu", prefix, (unsigned long long)store->counter++);
    pthread_mutex_unlock(&store->lock);
    return name;
}

void sw_localstore_discard(struct sw_localstore *store, const char *name) {
    if (name)
        remove_entry(store->temporary, name);
}

static bool write_all(int fd, const char *data, size_t len) {
    while (len) {
        ssize_t done = write(fd, data, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        data += done;
        len -= (size_t)done;
    }
    return true;
}

bool sw_localstore_put(struct sw_localstore *store, int folder, const char *name, const char *text, struct sw_error **error) {
    sw_cleanup_free char *temporary = sw_localstore_temporary(store, "file");
    sw_cleanup_close int fd = openat(store->temporary, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0 && write_all(fd, text, strlen(text)) && renameat(store->temporary, temporary, folder, name) == 0)
        return true;
    sw_fail_errno(error, errno, "cannot write %s to the store", name);
    unlinkat(store->temporary, temporary, 0);
    return false;
}

char *sw_localstore_get(int folder, const char *name) {
    sw_cleanup_close int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return NULL;
    sw_cleanup_buf struct sw_buf text = {0};
    for (;;) {
        sw_buf_reserve(&text, 4096);
        ssize_t len = read(fd, text.data + text.len, 4096);
        if (len < 0 || text.len > SMALL_FILE)
            return NULL;
        if (len == 0)
            return sw_buf_take(&text);
        text.len += (size_t)len;
        text.data[text.len] = '\0';
    }
}

/* ---- blobs ---- */

int sw_localstore_open_blob(const struct sw_localstore *store, const char *digest) {
    if (!sw_digest_valid(digest))
        return -1;
    return openat(store->blobs, digest + strlen("sha256:"), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

bool sw_localstore_keep_blob(struct sw_localstore *store, const char *name, int fd, const char *digest, struct sw_error **error) {
    if (!sw_digest_valid(digest))
        return sw_fail(error, SW_ERROR_INTERNAL, "%s is no digest", digest);
    if (fdatasync(fd) || renameat(store->temporary, name, store->blobs, digest + strlen("sha256:")))
        return sw_fail_errno(error, errno, "cannot keep blob %s", digest);
    return true;
}
