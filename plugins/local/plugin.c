/* The plugin's one symbol, and the table behind it. */
#include "slipway/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/local/imagefiles.h"
#include "plugins/local/imagerun.h"
#include "plugins/local/launch.h"
#include "plugins/local/rootless.h"
#include "plugins/local/solver.h"
#include "plugins/local/space.h"

static struct sw_workshop workshop;
static struct sw_workers *workers;
static struct sw_solver *solver;

/* Others than root work in a user namespace, where they are root of what is theirs. */
static bool become_root(struct sw_error **error) {
    struct sw_error *cause = NULL;
    if (geteuid() == 0 || sw_rootless_enter(&cause))
        return true;
    cause = sw_error_wrap(cause, "the local backend has to be root, at least in a user namespace, to mount layers and run steps");
    cause =
        sw_error_hint(cause, "run slipway as root, or let users make namespaces (sysctl kernel.unprivileged_userns_clone=1; in a "
                             "container: --security-opt seccomp=unconfined)");
    return sw_pass(error, cause);
}

static bool refuse_caches(struct sw_error **error) {
    static const char *const options[] = {"cache-from", "cache-to"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (!workshop.host->setting("local", options[i]))
            continue;
        sw_fail(error, SW_ERROR_USAGE, "--%s is of BuildKit, the local backend has no such cache", options[i]);
        if (error)
            *error = sw_error_hint(*error, "stages in --repo are found by every host; or use --backend buildkit");
        return false;
    }
    return true;
}

static bool capabilities(struct sw_capabilities *out, struct sw_error **error) {
    if (!refuse_caches(error) || !become_root(error))
        return false;
    *out = (struct sw_capabilities){
        .size = sizeof *out,
        .ops = (1u << SW_OP_SCRATCH) | (1u << SW_OP_IMAGE) | (1u << SW_OP_TREE) | (1u << SW_OP_PATCH) | (1u << SW_OP_EXEC) |
               (1u << SW_OP_COPY) | (1u << SW_OP_FILE) | (1u << SW_OP_CONFIG) | (1u << SW_OP_MERGE) | (1u << SW_OP_DIFF),
        .mounts = (1u << SW_MOUNT_BIND) | (1u << SW_MOUNT_CACHE) | (1u << SW_MOUNT_TMPFS) | (1u << SW_MOUNT_SECRET) |
                  (1u << SW_MOUNT_SSH) | (1u << SW_MOUNT_HOST),
        .networks = (1u << SW_NETWORK_DEFAULT) | (1u << SW_NETWORK_NONE) | (1u << SW_NETWORK_HOST),
        .insecure = 1,
        .platforms = sw_strlist_view(&workshop.platforms),
    };
    return true;
}

static void solve(const struct sw_solve *request) {
    sw_solver_solve(solver, request);
}

/* ---- blobs ---- */

struct opening {
    char digest[72];
    int fd;
    struct sw_error *error;
    void (*done)(void *context, int fd, struct sw_error *error);
    void *context;
};

static void open_now(void *context) {
    struct opening *opening = context;
    struct sw_localstore *store = sw_workshop_store(&workshop, &opening->error);
    if (!store)
        return;
    opening->fd = sw_localstore_open_blob(store, opening->digest);
    if (opening->fd < 0)
        sw_fail(&opening->error, SW_ERROR_NOT_FOUND, "layer %s is not in the store", opening->digest);
}

static void on_opened(void *context) {
    struct opening *opening = context;
    opening->done(opening->context, opening->fd, opening->error);
    free(opening);
}

static void open_blob(const char *digest, void (*done)(void *context, int fd, struct sw_error *error), void *context) {
    struct opening *opening = sw_new(sizeof *opening);
    *opening = (struct opening){.fd = -1, .done = done, .context = context};
    snprintf(opening->digest, sizeof opening->digest, "%s", digest);
    workshop.host->pool->run(open_now, on_opened, opening);
}

/* ---- the plugin ---- */

static const void *get_extension(const char *id) {
    if (!strcmp(id, SW_EXT_RUN))
        return sw_imagerun_table(&workshop, workers);
    if (!strcmp(id, SW_EXT_IMAGE_FILES))
        return sw_imagefiles_table(&workshop, workers);
    if (!strcmp(id, SW_EXT_SPACE))
        return sw_space_table(&workshop);
    return NULL;
}

static const struct sw_backend backend = {
    .size = sizeof backend,
    .capabilities = capabilities,
    .solve = solve,
    .open_blob = open_blob,
    .get_extension = get_extension,
};

static void stop(void) {
    sw_solver_free(solver);
    sw_workers_free(workers);
    sw_workshop_fini(&workshop);
    solver = NULL;
    workers = NULL;
}

static const struct sw_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = SW_ABI_MAJOR,
    .abi_minor = 0,
    .kind = SW_PLUGIN_BACKEND,
    .name = "local",
    .version = SLIPWAY_VERSION,
    .license = "Apache-2.0",
    .homepage = "",
    .summary = "builds on this host: overlayfs and an OCI runtime, no daemon",
    .backend = &backend,
    .stop = stop,
};

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal);

const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal) {
    (void)refusal;
    sw_launch_raise_files();
    sw_workshop_init(&workshop, host);
    workers = sw_workers_new(host->fds);
    solver = sw_solver_new(&workshop, workers);
    return &plugin;
}
