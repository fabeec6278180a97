#include "plugins/local/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fsroot.h"
#include "core/base/hash.h"
#include "plugins/local/copy.h"
#include "plugins/local/overlay.h"

struct held_cache {
    char *name;
    bool alone;
};

/* ---- snapshots ---- */

/* A mount of `node`'s files; writable ones get a layer of their own, which nobody keeps. */
static int mount_files(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, sw_node node, bool writable,
                       struct sw_error **error) {
    sw_cleanup_stack struct sw_stack stack = {0};
    struct sw_vec folders = {0};
    struct sw_overlay overlay = {.upper = -1, .work = -1};
    if (node != SW_NODE_NONE)
        sw_stack_of(wish->stacks, node, &stack);
    int fd = -1;
    bool ready = sw_stack_open(mounts->store, &stack, &folders, error);
    if (ready && (writable || folders.len < 2)) {
        struct sw_draft *draft = sw_new(sizeof *draft);
        sw_vec_push(&mounts->drafts, &draft);
        ready = sw_draft_begin(mounts->store, draft, error);
        overlay.upper = draft->files;
        overlay.work = draft->work;
    }
    overlay.lowers = folders.data;
    overlay.lower_count = folders.len;
    if (ready)
        fd = sw_overlay_mount(&overlay, error);
    sw_stack_close(&folders);
    return fd;
}

static int open_source(int tree, const char *source, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(tree, SW_FSROOT_IN_ROOT, error);
    if (!root)
        return -1;
    int fd = sw_fsroot_open(root, source && source[0] ? source : "/", O_PATH, 0);
    if (fd < 0 && errno == ENOENT)
        sw_fail(error, SW_ERROR_BUILD, "%s: not found", source);
    else if (fd < 0)
        sw_fsroot_fail(error, "open", source);
    return fd;
}

static bool get_bind(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, const struct sw_mount *mount,
                     struct sw_error **error) {
    struct sw_step_mount got = {.mount = mount, .source = -1};
    got.tree = mount_files(wish, mounts, mount->from, !mount->read_only, error);
    if (got.tree >= 0)
        got.source = open_source(got.tree, mount->source, error);
    sw_vec_push(&mounts->mounts, &got);
    return got.source >= 0;
}

/* ---- caches ---- */

/* Ids may hold anything, so their folders are named by a hash. */
static char *cache_name(const struct sw_mount *mount, unsigned number) {
    char hex[SW_SHA256_HEX];
    const char *id = mount->id ? mount->id : mount->target;
    sw_sha256_hex(id, strlen(id), hex);
    return number ? sw_format("%.40s.%u", hex, number) : sw_format("%.40s", hex);
}

/* Copies the initial content, if there is any; `like` becomes what the folder itself is to look like. */
static bool fill_cache(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, const struct sw_mount *mount, int folder,
                       struct stat *like, struct sw_error **error) {
    if (mount->from == SW_NODE_NONE)
        return true;
    sw_cleanup_close int tree = mount_files(wish, mounts, mount->from, false, error);
    sw_cleanup_close int top = tree < 0 ? -1 : open_source(tree, mount->source, error);
    if (top < 0)
        return false;
    if (fstat(top, like) < 0)
        return sw_fail_errno(error, errno, "cannot make a cache");
    struct sw_copy_source source = {.size = sizeof source,
                                    .flags = SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE,
                                    .from = mount->from,
                                    .path = mount->source && mount->source[0] ? mount->source : "/",
                                    .dest = "/",
                                    .mtime = INT64_MIN};
    struct sw_op_copy op = {.size = sizeof op, .input = SW_NODE_NONE, .sources = &source, .source_count = 1};
    struct sw_copy_from from = {.root = tree};
    struct sw_copy_job job = {.op = &op, .from = &from, .root = folder, .work = wish->work};
    return sw_copy_run(&job, error);
}

/* The owner and mode that a mount asks for are for a new and empty cache only: one with initial content looks as that does. */
static bool make_cache(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, const struct sw_mount *mount, const char *name,
                       struct sw_error **error) {
    sw_cleanup_free char *temporary = sw_localstore_temporary(mounts->store, "cache");
    int tmp = mounts->store->temporary;
    mode_t mode = mount->mode ? mount->mode & 07777 : 0755;
    if (mkdirat(tmp, temporary, 0700))
        return sw_fail_errno(error, errno, "cannot make a cache");
    sw_cleanup_close int folder = openat(tmp, temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat like = {.st_uid = mount->uid, .st_gid = mount->gid, .st_mode = mode};
    bool done = fill_cache(wish, mounts, mount, folder, &like, error);
    if (done && (fchown(folder, like.st_uid, like.st_gid) || fchmod(folder, like.st_mode & 07777)))
        done = sw_fail_errno(error, errno, "cannot make a cache");
    /* An empty folder would be replaced under the feet of who has just begun to use it. */
    if (done && renameat2(tmp, temporary, mounts->store->caches, name, RENAME_NOREPLACE) && errno != EEXIST)
        done = sw_fail_errno(error, errno, "cannot keep a cache");
    sw_localstore_discard(mounts->store, temporary);
    return done;
}

static bool hold_cache(struct sw_mounts *mounts, const char *name, bool alone) {
    sw_cleanup_free char *lease = sw_format("cache/%s", name);
    if (alone ? !sw_lease_take(mounts->store->leases, lease) : !sw_lease_use(mounts->store->leases, lease))
        return false;
    struct held_cache held = {.name = sw_steal(&lease), .alone = alone};
    sw_vec_push(&mounts->caches, &held);
    return true;
}

/* The folder to use, held; NULL when it is busy. A private cache is the first one that nobody has. */
static char *choose_cache(struct sw_mounts *mounts, const struct sw_mount *mount) {
    for (unsigned number = 0;; number++) {
        sw_cleanup_free char *name = cache_name(mount, number);
        if (hold_cache(mounts, name, mount->sharing != SW_CACHE_SHARED))
            return sw_steal(&name);
        if (mount->sharing != SW_CACHE_PRIVATE)
            return NULL;
    }
}

static enum sw_mounts_got get_cache(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, const struct sw_mount *mount,
                                    struct sw_error **error) {
    sw_cleanup_free char *name = choose_cache(mounts, mount);
    if (!name)
        return SW_MOUNTS_BUSY;
    struct sw_step_mount got = {.mount = mount, .tree = -1};
    got.source = openat(mounts->store->caches, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (got.source < 0) {
        if (!make_cache(wish, mounts, mount, name, error))
            return SW_MOUNTS_FAILED;
        got.source = openat(mounts->store->caches, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (got.source < 0) {
        sw_fail_errno(error, errno, "cannot open a cache");
        return SW_MOUNTS_FAILED;
    }
    futimens(got.source, NULL);
    sw_vec_push(&mounts->mounts, &got);
    return SW_MOUNTS_GOT;
}

/* ---- the host's own ---- */

static bool make_host_folder(const char *path, struct sw_error **error) {
    sw_cleanup_free char *copy = sw_strdup(path);
    for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(copy, 0755);
        *slash = '/';
    }
    if (mkdir(copy, 0755) && errno != EEXIST)
        return sw_fail_errno(error, errno, "cannot make the folder %s to mount", path);
    return true;
}

static bool get_host(struct sw_mounts *mounts, const struct sw_mount *mount, struct sw_error **error) {
    struct sw_step_mount got = {.mount = mount, .tree = -1};
    got.source = open(mount->source, O_PATH | O_CLOEXEC);
    if (got.source < 0)
        return sw_fail_errno(error, errno, "cannot open %s to mount it on %s", mount->source, mount->target);
    sw_vec_push(&mounts->mounts, &got);
    return true;
}

static bool get_ssh(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, const struct sw_mount *mount,
                    struct sw_error **error) {
    const char *path = wish->stacks->host->secret->ssh_socket(wish->plan_id, mount->id ? mount->id : "default");
    if (path)
        sw_vec_push(&mounts->mounts, &(struct sw_step_mount){.mount = mount, .tree = -1, .source = -1, .agent = path});
    if (path || !mount->required)
        return true;
    return sw_fail(error, SW_ERROR_NOT_FOUND, "ssh agent %s: not given", mount->id ? mount->id : "default");
}

/* ---- all ---- */

static enum sw_mounts_got get_one(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, const struct sw_mount *mount,
                                  struct sw_error **error) {
    bool done = true;
    switch (mount->kind) {
    case SW_MOUNT_BIND:
        done = get_bind(wish, mounts, mount, error);
        break;
    case SW_MOUNT_CACHE:
        return get_cache(wish, mounts, mount, error);
    case SW_MOUNT_HOST:
        done = make_host_folder(mount->source, error) && get_host(mounts, mount, error);
        break;
    case SW_MOUNT_SSH:
        done = get_ssh(wish, mounts, mount, error);
        break;
    default:
        sw_vec_push(&mounts->mounts, &(struct sw_step_mount){.mount = mount, .tree = -1, .source = -1});
    }
    return done ? SW_MOUNTS_GOT : SW_MOUNTS_FAILED;
}

enum sw_mounts_got sw_mounts_get(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, struct sw_error **error) {
    *mounts = (struct sw_mounts){.store = wish->stacks->store};
    mounts->mounts.width = sizeof(struct sw_step_mount);
    mounts->drafts.width = sizeof(struct sw_draft *);
    mounts->caches.width = sizeof(struct held_cache);
    enum sw_mounts_got got = SW_MOUNTS_GOT;
    for (size_t i = 0; i < wish->op->mount_count && got == SW_MOUNTS_GOT; i++)
        got = get_one(wish, mounts, &wish->op->mounts[i], error);
    if (got != SW_MOUNTS_GOT)
        sw_mounts_fini(mounts);
    return got;
}

void sw_mounts_fini(struct sw_mounts *mounts) {
    for (size_t i = 0; i < mounts->mounts.len; i++) {
        struct sw_step_mount *mount = sw_vec_at(&mounts->mounts, i);
        sw_close(&mount->source);
        sw_close(&mount->tree);
    }
    for (size_t i = 0; i < mounts->drafts.len; i++) {
        struct sw_draft *draft = *(struct sw_draft **)sw_vec_at(&mounts->drafts, i);
        sw_draft_fini(draft);
        free(draft);
    }
    for (size_t i = 0; i < mounts->caches.len; i++) {
        struct held_cache *held = sw_vec_at(&mounts->caches, i);
        if (held->alone)
            sw_lease_release(mounts->store->leases, held->name);
        else
            sw_lease_end_use(mounts->store->leases, held->name);
        free(held->name);
    }
    sw_vec_fini(&mounts->mounts);
    sw_vec_fini(&mounts->drafts);
    sw_vec_fini(&mounts->caches);
    *mounts = (struct sw_mounts){0};
}
