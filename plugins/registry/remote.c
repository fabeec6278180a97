#include "plugins/registry/remote.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/registry/exchange.h"
#include "plugins/registry/fetch.h"
#include "plugins/registry/grant.h"
#include "plugins/registry/manifest.h"
#include "plugins/registry/publish.h"
#include "plugins/registry/pull.h"
#include "plugins/registry/reference.h"
#include "plugins/registry/tags.h"
#include "plugins/registry/upload.h"

struct sw_repo {
    struct sw_endpoint *endpoint;
    char *path;
};

static struct sw_client client;

static void close_repo(struct sw_repo *repo) {
    if (!repo)
        return;
    free(repo->path);
    free(repo);
}

static struct sw_repo *open_repo(const char *address, struct sw_error **error) {
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

static void resolve(const char *reference, const char *platform, struct sw_cancel *cancel,
                    void (*done)(void *context, const struct sw_resolved *resolved, struct sw_error *error), void *context) {
    sw_pull_resolve(&client, reference, platform, cancel, done, context);
}

static void list(struct sw_repo *repo, struct sw_cancel *cancel,
                 void (*done)(void *context, struct sw_strings tags, struct sw_error *error), void *context) {
    sw_tags_list(repo->endpoint, repo->path, cancel, done, context);
}

static void get_manifest(struct sw_repo *repo, const char *tag_or_digest, struct sw_cancel *cancel, sw_manifest_done done,
                         void *context) {
    sw_pull_manifest(repo->endpoint, repo->path, tag_or_digest, cancel, done, context);
}

static void get_blob(struct sw_repo *repo, const struct sw_descriptor *blob, struct sw_cancel *cancel,
                     void (*done)(void *context, struct sw_bytes bytes, struct sw_error *error), void *context) {
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
    if (!from || !sw_reference_parse_repository(from, &reference, NULL))
        return NULL;
    sw_cleanup_free char *host = sw_reference_host(&reference);
    return strcmp(host, repo->endpoint->host) ? NULL : sw_steal(&reference.path);
}

static void put_blob(struct sw_repo *repo, const struct sw_descriptor *blob, const char *from,
                     int (*open)(void *context, struct sw_error **error), struct sw_cancel *cancel, struct sw_vertex *vertex,
                     sw_done done, void *context) {
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
    sw_publish_manifest(repo->endpoint, repo->path, tag, media_type, body, cancel, done, context);
}

static void remove_name(struct sw_repo *repo, const char *tag_or_digest, struct sw_cancel *cancel, sw_done done, void *context) {
    sw_publish_remove(repo->endpoint, repo->path, tag_or_digest, cancel, done, context);
}

static void fetch_token(const char *registry, struct sw_strings scopes, struct sw_cancel *cancel, sw_token_done done,
                        void *context) {
    sw_grant_fetch(&client, registry, scopes, cancel, done, context);
}

static const void *get_extension(const char *id) {
    static const struct sw_store_token tokens = {.size = sizeof tokens, .fetch = fetch_token};
    return strcmp(id, SW_EXT_TOKEN) ? NULL : &tokens;
}

static const struct sw_store store = {
    .size = sizeof store,
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

/* Seconds without progress after which a registry counts as gone. */
static uint32_t patience(const struct sw_host *host) {
    const char *setting = host->setting("registry", "patience");
    unsigned long seconds = setting ? strtoul(setting, NULL, 10) : 0;
    return seconds < 24 * 60 * 60 ? (uint32_t)seconds : 0;
}

static const struct sw_store *start(const struct sw_host *host) {
    client.http = sw_http_new(host);
    client.host = host;
    client.patience = patience(host);
    return client.http ? &store : NULL;
}

static void stop(void) {
    sw_exchange_abandon_all(&client);
    sw_client_fini(&client);
    sw_http_free(client.http);
    memset(&client, 0, sizeof client);
}

const struct sw_remote sw_registry_remote = {.load = sw_http_load, .start = start, .stop = stop};
