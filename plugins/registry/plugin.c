/* plugin.c - the store plugin "registry": container registries by their bare address, and OCI layouts by "oci:". */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/layout_store.h"
#include "plugins/registry/remote_library.h"
#include "slipway/plugin.h"

/* A repository is in a registry or in a layout. */
struct sw_repo {
    struct sw_repo *remote; /* the other half's; NULL: in `layout` */
    struct sw_layout layout;
};

static const struct sw_host *host;
static const struct sw_store *remote; /* once it was needed */

static bool is_layout(const char *address) {
    return !strncmp(address, "oci:", 4);
}

static bool have_remote(struct sw_error **error) {
    if (!remote)
        remote = sw_remote_store(host, error);
    return remote;
}

static void close_repo(struct sw_repo *repo) {
    if (!repo)
        return;
    if (repo->remote)
        remote->close(repo->remote);
    sw_layout_fini(&repo->layout);
    free(repo);
}

static struct sw_repo *open_repo(const char *address, struct sw_error **error) {
    struct sw_repo *repo = sw_new(sizeof *repo);
    bool layout = is_layout(address);
    if (!layout && have_remote(error))
        repo->remote = remote->open(address, error);
    if (layout ? sw_layout_parse(address, &repo->layout, error) : repo->remote != NULL)
        return repo;
    close_repo(repo);
    return NULL;
}

static void resolve(const char *reference, const char *platform, struct sw_cancel *cancel,
                    void (*done)(void *context, const struct sw_resolved *resolved, struct sw_error *error), void *context) {
    struct sw_error *error = NULL;
    if (is_layout(reference))
        sw_layout_store_resolve(host, reference, platform, done, context);
    else if (have_remote(&error))
        remote->resolve(reference, platform, cancel, done, context);
    else
        done(context, NULL, error);
}

static void list(struct sw_repo *repo, struct sw_cancel *cancel,
                 void (*done)(void *context, struct sw_strings tags, struct sw_error *error), void *context) {
    if (repo->remote)
        remote->list(repo->remote, cancel, done, context);
    else
        sw_layout_store_list(host, &repo->layout, done, context);
}

static void get_manifest(struct sw_repo *repo, const char *tag_or_digest, struct sw_cancel *cancel, sw_manifest_done done,
                         void *context) {
    if (repo->remote)
        remote->get_manifest(repo->remote, tag_or_digest, cancel, done, context);
    else
        sw_layout_store_get_manifest(host, &repo->layout, tag_or_digest, done, context);
}

static void get_blob(struct sw_repo *repo, const struct sw_descriptor *blob, struct sw_cancel *cancel,
                     void (*done)(void *context, struct sw_bytes bytes, struct sw_error *error), void *context) {
    if (repo->remote)
        remote->get_blob(repo->remote, blob, cancel, done, context);
    else
        sw_layout_store_get_blob(host, &repo->layout, blob, done, context);
}

static void fetch_blob(struct sw_repo *repo, const struct sw_descriptor *blob, int fd, struct sw_cancel *cancel,
                       struct sw_vertex *vertex, sw_done done, void *context) {
    if (repo->remote)
        remote->fetch_blob(repo->remote, blob, fd, cancel, vertex, done, context);
    else
        sw_layout_store_fetch_blob(host, &repo->layout, blob, fd, done, context);
}

static void put_blob(struct sw_repo *repo, const struct sw_descriptor *blob, const char *from,
                     int (*open)(void *context, struct sw_error **error), struct sw_cancel *cancel, struct sw_vertex *vertex,
                     sw_done done, void *context) {
    if (repo->remote)
        remote->put_blob(repo->remote, blob, from && !is_layout(from) ? from : NULL, open, cancel, vertex, done, context);
    else
        sw_layout_store_put_blob(host, &repo->layout, blob, open, done, context);
}

static void put_manifest(struct sw_repo *repo, const char *tag, const char *media_type, struct sw_bytes body,
                         struct sw_cancel *cancel, sw_manifest_done done, void *context) {
    if (repo->remote)
        remote->put_manifest(repo->remote, tag, media_type, body, cancel, done, context);
    else
        sw_layout_store_put_manifest(host, &repo->layout, tag, media_type, body, done, context);
}

static void remove_name(struct sw_repo *repo, const char *tag_or_digest, struct sw_cancel *cancel, sw_done done, void *context) {
    if (repo->remote)
        remote->remove(repo->remote, tag_or_digest, cancel, done, context);
    else
        sw_layout_store_remove(host, &repo->layout, tag_or_digest, done, context);
}

static void prepare(const char *address) {
    if (!is_layout(address))
        sw_remote_prepare();
}

static void fetch_token(const char *registry, struct sw_strings scopes, struct sw_cancel *cancel, sw_token_done done,
                        void *context) {
    struct sw_error *error = NULL;
    if (have_remote(&error))
        ((const struct sw_store_token *)remote->get_extension(SW_EXT_TOKEN))->fetch(registry, scopes, cancel, done, context);
    else
        done(context, NULL, 0, error);
}

static const void *get_extension(const char *id) {
    static const struct sw_store_prepare ahead = {.size = sizeof ahead, .prepare = prepare};
    static const struct sw_store_token tokens = {.size = sizeof tokens, .fetch = fetch_token};
    return !strcmp(id, SW_EXT_PREPARE) ? (const void *)&ahead : !strcmp(id, SW_EXT_TOKEN) ? &tokens : NULL;
}

static void stop(void) {
    sw_remote_end();
    remote = NULL;
}

static const char *const schemes[] = {"", "oci:", NULL};

static const struct sw_store store = {
    .size = sizeof store,
    .schemes = schemes,
    .open = open_repo,
    .close = close_repo,
    .resolve = resolve,
    .list = list,
    .get_manifest = get_manifest,
    .get_blob = get_blob,
    .fetch_blob = fetch_blob,
    .put_blob = put_blob,
    .put_manifest = put_manifest,
    .remove = remove_name,
    .get_extension = get_extension,
};

static const struct sw_plugin descriptor = {
    .size = sizeof descriptor,
    .abi_major = SW_ABI_MAJOR,
    .abi_minor = 0,
    .kind = SW_PLUGIN_STORE,
    .name = "registry",
    .version = SLIPWAY_VERSION,
    .license = "Apache-2.0",
    .homepage = "",
    .summary = "container registries over HTTP, and OCI layouts on disk",
    .store = &store,
    .stop = stop,
};

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *given, const char **refusal) {
    (void)refusal;
    host = given;
    return &descriptor;
}
