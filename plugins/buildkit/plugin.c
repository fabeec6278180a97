/* plugin.c - the backend plugin "buildkit": builds run in BuildKit daemons, one or many, also in those inside Docker. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/buildkit/cache_option.h"
#include "plugins/buildkit/image_files.h"
#include "plugins/buildkit/pool.h"
#include "plugins/buildkit/probe.h"
#include "plugins/buildkit/solve.h"
#include "slipway/plugin.h"

static const struct sw_host *host;
static struct sw_pool *pool; /* made when it is needed */
static struct sw_strlist platforms;

static bool have_pool(struct sw_error **error) {
    if (!pool)
        pool = sw_pool_new(host, error);
    return pool != NULL;
}

static bool capabilities(struct sw_capabilities *can, struct sw_error **error) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_pairs caches;
    if (!sw_cache_option_read(host, "cache-from", "", &arena, &caches, error) ||
        !sw_cache_option_read(host, "cache-to", "", &arena, &caches, error))
        return false;
    if (!platforms.len && !sw_probe_platforms(host, &platforms, error))
        return false;
    can->ops = (1u << SW_OP_SCRATCH) | (1u << SW_OP_IMAGE) | (1u << SW_OP_TREE) | (1u << SW_OP_PATCH) | (1u << SW_OP_EXEC) |
               (1u << SW_OP_COPY) | (1u << SW_OP_FILE) | (1u << SW_OP_CONFIG) | (1u << SW_OP_MERGE) | (1u << SW_OP_DIFF) |
               (1u << SW_OP_FRONTEND);
    can->external_frontends = 1;
    can->mounts =
        (1u << SW_MOUNT_BIND) | (1u << SW_MOUNT_CACHE) | (1u << SW_MOUNT_TMPFS) | (1u << SW_MOUNT_SECRET) | (1u << SW_MOUNT_SSH);
    can->networks = (1u << SW_NETWORK_DEFAULT) | (1u << SW_NETWORK_NONE) | (1u << SW_NETWORK_HOST);
    can->insecure = 1;
    can->platforms = sw_strlist_view(&platforms);
    return true;
}

static void solve(const struct sw_solve *request) {
    struct sw_error *error = NULL;
    if (have_pool(&error))
        sw_solve_start(host, pool, request);
    else
        sw_solve_refuse(host, request, error);
}

/* Layers are in the host's store since they came home. */
static void open_blob(const char *digest, void (*done)(void *context, int fd, struct sw_error *error), void *context) {
    struct sw_error *error = NULL;
    sw_cleanup_free char *path =
        sw_digest_valid(digest) ? sw_format("%s/blobs/sha256/%s", host->store_folder(), digest + strlen("sha256:")) : NULL;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        sw_fail_errno(&error, path ? errno : EINVAL, "layer %s", digest);
    done(context, fd, error);
}

static void walk_files(const struct sw_image *image, const char *path, struct sw_cancel *cancel,
                       bool (*visit)(void *context, const struct sw_image_file *file), sw_done done, void *context) {
    sw_image_files_walk(host, image, path, cancel, visit, done, context);
}

static const struct sw_backend_files files = {.size = sizeof files, .walk = walk_files};

static const void *get_extension(const char *id) {
    return strcmp(id, SW_EXT_IMAGE_FILES) ? NULL : &files;
}

static void stop(void) {
    sw_pool_free(pool);
    pool = NULL;
    sw_strlist_fini(&platforms);
}

static const struct sw_backend backend = {
    .size = sizeof backend,
    .capabilities = capabilities,
    .solve = solve,
    .open_blob = open_blob,
    .get_extension = get_extension,
};

static const struct sw_plugin descriptor = {
    .size = sizeof descriptor,
    .abi_major = SW_ABI_MAJOR,
    .abi_minor = 0,
    .kind = SW_PLUGIN_BACKEND,
    .name = "buildkit",
    .version = SLIPWAY_VERSION,
    .license = "Apache-2.0",
    .homepage = "",
    .summary = "builds in BuildKit daemons: their own, Docker's, one or many",
    .backend = &backend,
    .stop = stop,
};

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *given, const char **refusal) {
    (void)refusal;
    host = given;
    return &descriptor;
}
