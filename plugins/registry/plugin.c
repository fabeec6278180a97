/* plugin.c - the store plugin "registry": container registries by their bare address, and OCI layouts by "oci:". */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/exchange.h"
#include "plugins/registry/fetch.h"
#include "plugins/registry/grant.h"
#include "plugins/registry/layout_store.h"
#include "plugins/registry/manifest.h"
#include "plugins/registry/publish.h"
#include "plugins/registry/pull.h"
#include "plugins/registry/reference.h"
#include "plugins/registry/tags.h"
#include "plugins/registry/upload.h"
#include "slipway/plugin.h"

/* A repository is in a registry or in a layout. */
struct sw_repo {
    struct sw_endpoint *endpoint; /* NULL: in `layout` */
    char *path;
    struct sw_layout layout;
};

static struct sw_client client;

static bool is_layout(const char *address) {
    return !strncmp(address, "oci:", 4);
}

static void close_repo(struct sw_repo *repo) {
    if (!repo)
        return;
    sw_layout_fini(&repo->layout);
    free(repo->path);
    free(repo);
}

static struct sw_repo *open_registry(const char *address, struct sw_error **error) {
    sw_cleanup_reference struct sw_reference reference = {0};
    if (!sw_reference_parse_repository(address, &reference, error))
        return NULL;
    sw_cleanup_free char *host = sw_reference_host(&reference);
    struct sw_endpoint *endpoint = sw_client_endpoint(&client, host, error);
    if (!endpoint)
        return NULL;
    struct sw_repo *repo = sw_new(sizeof *repo);
    repo->endpoint = endpoint;
    repo->path = sw_strdup(reference.path);
    return repo;
}

static struct sw_repo *open_repo(const char *address, struct sw_error **error) {
    if (!is_layout(address))
        return open_registry(address, error);
    struct sw_repo *repo = sw_new(sizeof *repo);
    if (sw_layout_parse(address, &repo->layout, error))
        return repo;
    close_repo(repo);
    return NULL;
}

static void resolve(const char *reference, const char *platform, struct sw_cancel *cancel,
                    void (*done)(void *context, const struct sw_resolved *resolved, struct sw_error *error), void *context) {
    if (is_layout(reference))
        sw_layout_store_resolve(client.host, reference, platform, done, context);
    else
        sw_pull_resolve(&client, reference, platform, cancel, done, context);
}

static void list(struct sw_repo *repo, struct sw_cancel *cancel,
                 void (*done)(void *context, struct sw_strings tags, struct sw_error *error), void *context) {
    if (repo->endpoint)
        sw_tags_list(repo->endpoint, repo->path, cancel, done, context);
    else
        sw_layout_store_list(client.host, &repo->layout, done, context);
}

static void get_manifest(struct sw_repo *repo, const char *tag_or_digest, struct sw_cancel *cancel, sw_manifest_done done,
                         void *context) {
    if (repo->endpoint)
        sw_pull_manifest(repo->endpoint, repo->path, tag_or_digest, cancel, done, context);
    else
        sw_layout_store_get_manifest(client.host, &repo->layout, tag_or_digest, done, context);
}

static void get_blob(struct sw_repo *repo, const struct sw_descriptor *blob, struct sw_cancel *cancel,
                     void (*done)(void *context, struct sw_bytes bytes, struct sw_error *error), void *context) {
    if (!repo->endpoint) {
        sw_layout_store_get_blob(client.host, &repo->layout, blob, done, context);
        return;
    }
    struct sw_fetch_request request = {
        .endpoint = repo->endpoint,
        .path = repo->path,
        .digest = blob->digest,
        .bytes = blob->bytes,
        .most = SW_CONFIG_MAX,
        .fd = -1,
        .cancel = cancel,
        .done = done,
        .context = context,
    };
    sw_fetch_start(&request);
}

/* Ends a fetch into a descriptor: its callback has no bytes to give. */
struct fetching {
    sw_done done;
    void *context;
};

static void on_fetched(void *context, struct sw_bytes bytes, struct sw_error *error) {
    (void)bytes;
    struct fetching *fetching = context;
    fetching->done(fetching->context, error);
    free(fetching);
}

static void fetch_blob(struct sw_repo *repo, const struct sw_descriptor *blob, int fd, struct sw_cancel *cancel,
                       struct sw_vertex *vertex, sw_done done, void *context) {
    if (!repo->endpoint) {
        sw_layout_store_fetch_blob(client.host, &repo->layout, blob, fd, done, context);
        return;
    }
    struct fetching *fetching = sw_new(sizeof *fetching);
    fetching->done = done;
    fetching->context = context;
    struct sw_fetch_request request = {
        .endpoint = repo->endpoint,
        .path = repo->path,
        .digest = blob->digest,
        .bytes = blob->bytes,
        .most = UINT64_MAX,
        .fd = fd,
        .cancel = cancel,
        .vertex = vertex,
        .done = on_fetched,
        .context = fetching,
    };
    sw_fetch_start(&request);
}

/* The path of `from` when it is on the same registry, so that a blob can be mounted from there; else NULL. To be freed. */
static char *mountable(const struct sw_repo *repo, const char *from) {
    sw_cleanup_reference struct sw_reference reference = {0};
    if (!from || is_layout(from) || !sw_reference_parse_repository(from, &reference, NULL))
        return NULL;
    sw_cleanup_free char *host = sw_reference_host(&reference);
    return strcmp(host, repo->endpoint->host) ? NULL : sw_steal(&reference.path);
}

static void put_blob(struct sw_repo *repo, const struct sw_descriptor *blob, const char *from,
                     int (*open)(void *context, struct sw_error **error), struct sw_cancel *cancel, struct sw_vertex *vertex,
                     sw_done done, void *context) {
    if (!repo->endpoint) {
        sw_layout_store_put_blob(client.host, &repo->layout, blob, open, done, context);
        return;
    }
    sw_cleanup_free char *source = mountable(repo, from);
    struct sw_upload_request request = {
        .endpoint = repo->endpoint,
        .path = repo->path,
        .digest = blob->digest,
        .bytes = blob->bytes,
        .from = source,
        .open = open,
        .cancel = cancel,
        .vertex = vertex,
        .done = done,
        .context = context,
    };
    sw_upload_start(&request);
}

static void put_manifest(struct sw_repo *repo, const char *tag, const char *media_type, struct sw_bytes body,
                         struct sw_cancel *cancel, sw_manifest_done done, void *context) {
    if (repo->endpoint)
        sw_publish_manifest(repo->endpoint, repo->path, tag, media_type, body, cancel, done, context);
    else
        sw_layout_store_put_manifest(client.host, &repo->layout, tag, media_type, body, done, context);
}

static void remove_name(struct sw_repo *repo, const char *tag_or_digest, struct sw_cancel *cancel, sw_done done, void *context) {
    if (repo->endpoint)
        sw_publish_remove(repo->endpoint, repo->path, tag_or_digest, cancel, done, context);
    else
        sw_layout_store_remove(client.host, &repo->layout, tag_or_digest, done, context);
}

static void fetch_token(const char *registry, struct sw_strings scopes, struct sw_cancel *cancel, sw_token_done done,
                        void *context) {
    sw_grant_fetch(&client, registry, scopes, cancel, done, context);
}

static const struct sw_store_token tokens = {.size = sizeof tokens, .fetch = fetch_token};

static const void *get_extension(const char *id) {
    return strcmp(id, SW_EXT_TOKEN) ? NULL : &tokens;
}

static void stop(void) {
    sw_exchange_abandon_all(&client);
    sw_client_fini(&client);
    sw_http_free(client.http);
    memset(&client, 0, sizeof client);
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

/* Seconds without progress after which a registry counts as gone. */
static uint32_t patience(const struct sw_host *host) {
    const char *setting = host->setting("registry", "patience");
    unsigned long seconds = setting ? strtoul(setting, NULL, 10) : 0;
    return seconds < 24 * 60 * 60 ? (uint32_t)seconds : 0;
}

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal) {
    client.http = sw_http_new(host);
    if (!client.http) {
        *refusal = "libcurl does not start";
        return NULL;
    }
    client.host = host;
    client.patience = patience(host);
    return &descriptor;
}
