#include "plugins/registry/pull.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/registry/exchange.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/fetch.h"
#include "plugins/registry/manifest.h"
#include "plugins/registry/reference.h"
#include "plugins/registry/scope.h"

enum { MAX_DEPTH = 3 };

/* All types in one header, always: registries convert or hide what was not asked for. */
#define ACCEPT "Accept: " SW_TYPE_OCI_INDEX ", " SW_TYPE_DOCKER_LIST ", " SW_TYPE_OCI_MANIFEST ", " SW_TYPE_DOCKER_MANIFEST

/* --- one manifest --- */

struct pull {
    struct sw_endpoint *origin;   /* that the image is named after */
    struct sw_endpoint *endpoint; /* that is asked: a mirror of it, or itself */
    size_t turn;
    char *path;
    char *wanted; /* tag or digest */
    struct sw_cancel *cancel;
    bool again; /* the bytes were wrong once */
    sw_manifest_done done;
    void *context;
};

static void ask_manifest(struct pull *pull);

/* Asks the next one, when a mirror failed. */
static bool turn_to_next(struct pull *pull, struct sw_error *error) {
    struct sw_endpoint *next = sw_endpoint_source(pull->origin, pull->turn + 1);
    if (!next || error->code == SW_ERROR_CANCELLED)
        return false;
    sw_cleanup_free char *text = sw_format("mirror %s: %s", pull->endpoint->host, error->message);
    pull->endpoint->client->host->log("registry", SW_LOG_INFO, text);
    sw_error_free(error);
    pull->turn++;
    pull->endpoint = next;
    pull->again = false;
    ask_manifest(pull);
    return true;
}

static void finish_pull(struct pull *pull, const struct sw_manifest *manifest, struct sw_error *error) {
    if (error && turn_to_next(pull, error))
        return;
    if (error)
        error = sw_error_wrap(error, "image %s/%s%c%s", pull->origin->host, pull->path, strchr(pull->wanted, ':') ? '@' : ':',
                              pull->wanted);
    pull->done(pull->context, manifest, error);
    free(pull->path);
    free(pull->wanted);
    free(pull);
}

/* What a repository has a manifest of, it has the parts of too. */
static void remember_parts(struct pull *pull, const struct sw_manifest_view *view) {
    if (view->is_index)
        return;
    sw_endpoint_remember_blob(pull->endpoint, pull->path, view->config.digest);
    for (size_t i = 0; i < view->count; i++)
        sw_endpoint_remember_blob(pull->endpoint, pull->path, view->entries[i].digest);
}

static bool check_digest(const struct pull *pull, const struct sw_answer *answer, const char *digest, struct sw_error **error) {
    const char *said = sw_answer_header(answer, "Docker-Content-Digest");
    if (strchr(pull->wanted, ':'))
        return !strcmp(pull->wanted, digest) || sw_fail(error, SW_ERROR_CORRUPT, "digest mismatch: the registry sent %s", digest);
    if (said && sw_digest_valid(said) && strcmp(said, digest))
        return sw_fail(error, SW_ERROR_CORRUPT, "the registry says that it sends %s, but it is %s", said, digest);
    return true;
}

static void on_manifest(void *context, struct sw_outcome *outcome) {
    struct pull *pull = context;
    const struct sw_answer *answer = outcome->answer;
    if (!answer) {
        finish_pull(pull, NULL, outcome->error);
        return;
    }
    if (answer->status != 200) {
        finish_pull(pull, NULL, sw_failure_of_answer(pull->endpoint, answer, pull->path));
        return;
    }
    struct sw_bytes body = {answer->body.data, answer->body.len};
    struct sw_error *error = NULL;
    char digest[7 + SW_SHA256_HEX] = "sha256:";
    sw_sha256_hex(body.data, body.len, digest + 7);
    if (!check_digest(pull, answer, digest, &error)) {
        if (!pull->again) {
            sw_error_free(error);
            pull->again = true;
            ask_manifest(pull);
        } else {
            finish_pull(pull, NULL, error);
        }
        return;
    }
    sw_cleanup_manifest_view struct sw_manifest_view view = {0};
    if (!sw_manifest_parse(sw_answer_header(answer, "Content-Type"), body, &view, &error)) {
        finish_pull(pull, NULL, error);
        return;
    }
    remember_parts(pull, &view);
    struct sw_manifest manifest = {.size = sizeof manifest, .media_type = view.media_type, .digest = digest, .body = body};
    finish_pull(pull, &manifest, NULL);
}

static void ask_manifest(struct pull *pull) {
    static const char *const headers[] = {ACCEPT};
    sw_cleanup_free char *url = sw_format("/v2/%s/manifests/%s", pull->path, pull->wanted);
    sw_cleanup_free char *scope = sw_scope_repository(pull->path, "pull");
    struct sw_exchange_request request = {
        .endpoint = pull->endpoint,
        .method = "GET",
        .url = url,
        .headers = {headers, 1},
        .scopes = {(const char *const *)&scope, 1},
        .body_fd = -1,
        .limit = SW_MANIFEST_MAX,
        .cancel = pull->cancel,
        .done = on_manifest,
        .context = pull,
    };
    sw_exchange_start(&request);
}

void sw_pull_manifest(struct sw_endpoint *endpoint, const char *path, const char *tag_or_digest, struct sw_cancel *cancel,
                      sw_manifest_done done, void *context) {
    struct pull *pull = sw_new(sizeof *pull);
    pull->origin = endpoint;
    pull->endpoint = sw_endpoint_source(endpoint, 0);
    pull->path = sw_strdup(path);
    pull->wanted = sw_strdup(tag_or_digest);
    pull->cancel = cancel;
    pull->done = done;
    pull->context = context;
    ask_manifest(pull);
}

/* --- from a reference to an image --- */

struct kept_manifest {
    char *media_type;
    char *digest;
    struct sw_buf body;
};

struct resolve {
    struct sw_client *client;
    struct sw_endpoint *endpoint;
    struct sw_reference reference;
    struct sw_platform platform;
    char *repository;
    char *text;
    uint64_t expected; /* bytes that the index says of the manifest, 0: not known */
    bool has_expected;
    unsigned depth;
    struct kept_manifest index; /* the outermost one */
    struct kept_manifest manifest;
    struct sw_manifest_view view; /* of `manifest` */
    struct sw_cancel *cancel;
    sw_resolve_done done;
    void *context;
};

static void on_resolved_manifest(void *context, const struct sw_manifest *manifest, struct sw_error *error);

static void keep(struct kept_manifest *kept, const struct sw_manifest *manifest) {
    kept->media_type = sw_strdup(manifest->media_type);
    kept->digest = sw_strdup(manifest->digest);
    sw_buf_add(&kept->body, manifest->body.data, manifest->body.len);
}

static void free_kept(struct kept_manifest *kept) {
    free(kept->media_type);
    free(kept->digest);
    sw_buf_fini(&kept->body);
}

static struct sw_manifest view_of(const struct kept_manifest *kept) {
    return (struct sw_manifest){.size = sizeof(struct sw_manifest),
                                .media_type = kept->media_type,
                                .digest = kept->digest,
                                .body = {kept->body.data, kept->body.len}};
}

static void finish_resolve(struct resolve *resolve, const struct sw_resolved *resolved, struct sw_error *error) {
    resolve->done(resolve->context, resolved, error);
    sw_reference_fini(&resolve->reference);
    free_kept(&resolve->index);
    free_kept(&resolve->manifest);
    sw_manifest_view_fini(&resolve->view);
    free(resolve->repository);
    free(resolve->text);
    free(resolve);
}

static void fail_resolve(struct resolve *resolve, struct sw_error *error) {
    finish_resolve(resolve, NULL, sw_error_wrap(error, "image %s", resolve->text));
}

static void on_config(void *context, struct sw_bytes bytes, struct sw_error *error) {
    struct resolve *resolve = context;
    struct sw_platform platform;
    if (error || !sw_manifest_check_config(&resolve->view, bytes, &platform, &error)) {
        fail_resolve(resolve, error);
        return;
    }
    bool other = strcmp(resolve->platform.os, platform.os) || strcmp(resolve->platform.arch, platform.arch);
    if (other || (!resolve->depth && !sw_platform_rank(&resolve->platform, &platform))) { /* configs often lack the variant */
        sw_cleanup_free char *is = sw_platform_format(&platform);
        sw_cleanup_free char *wanted = sw_platform_format(&resolve->platform);
        if (resolve->depth) {
            fail_resolve(resolve,
                         sw_error_new(SW_ERROR_CORRUPT, "its index says that it is for %s, its config says %s", wanted, is));
            return;
        }
        sw_cleanup_free char *text = sw_format("image %s is for %s, wanted is %s", resolve->text, is, wanted);
        resolve->client->host->log("registry", SW_LOG_WARN, text);
    }
    struct sw_manifest manifest = view_of(&resolve->manifest);
    struct sw_manifest index = view_of(&resolve->index);
    struct sw_resolved resolved = {
        .size = sizeof resolved,
        .repo = resolve->repository,
        .manifest = &manifest,
        .index = resolve->index.digest ? &index : NULL,
        .config = bytes,
    };
    finish_resolve(resolve, &resolved, NULL);
}

static void fetch_config(struct resolve *resolve) {
    const struct sw_entry *config = &resolve->view.config;
    struct sw_fetch_request request = {
        .endpoint = resolve->endpoint,
        .path = resolve->reference.path,
        .digest = config->digest,
        .bytes = config->bytes,
        .most = SW_CONFIG_MAX,
        .fd = -1,
        .cancel = resolve->cancel,
        .done = on_config,
        .context = resolve,
    };
    sw_fetch_start(&request);
}

/* Goes from an index to one of its entries. */
static void descend(struct resolve *resolve, const struct sw_manifest *manifest, const struct sw_manifest_view *view) {
    struct sw_error *error = NULL;
    if (++resolve->depth > MAX_DEPTH) {
        fail_resolve(resolve, sw_error_new(SW_ERROR_CORRUPT, "its indexes are nested more than %d deep", MAX_DEPTH));
        return;
    }
    const struct sw_entry *entry = sw_manifest_choose(view, &resolve->platform, &error);
    if (!entry) {
        fail_resolve(resolve, error);
        return;
    }
    if (!resolve->index.digest)
        keep(&resolve->index, manifest);
    resolve->expected = entry->bytes;
    resolve->has_expected = true;
    sw_pull_manifest(resolve->endpoint, resolve->reference.path, entry->digest, resolve->cancel, on_resolved_manifest, resolve);
}

static void on_resolved_manifest(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct resolve *resolve = context;
    if (error) {
        finish_resolve(resolve, NULL, error); /* it names the image already */
        return;
    }
    if (resolve->has_expected && resolve->expected != manifest->body.len) {
        fail_resolve(resolve, sw_error_new(SW_ERROR_CORRUPT, "manifest %s has another size than its index says", manifest->digest));
        return;
    }
    sw_cleanup_manifest_view struct sw_manifest_view view = {0};
    if (!sw_manifest_parse(manifest->media_type, manifest->body, &view, &error)) {
        fail_resolve(resolve, error);
        return;
    }
    if (view.is_index) {
        descend(resolve, manifest, &view);
        return;
    }
    keep(&resolve->manifest, manifest);
    resolve->view = view;
    memset(&view, 0, sizeof view);
    fetch_config(resolve);
}

/* An error that is known at once still comes from the loop. */
struct refusal {
    sw_resolve_done done;
    void *context;
    struct sw_error *error;
};

static void on_refused(void *context) {
    struct refusal *refusal = context;
    refusal->done(refusal->context, NULL, refusal->error);
    free(refusal);
}

static void refuse(struct sw_client *client, sw_resolve_done done, void *context, struct sw_error *error) {
    struct refusal *refusal = sw_new(sizeof *refusal);
    *refusal = (struct refusal){done, context, error};
    client->host->timers->after(0, on_refused, refusal);
}

void sw_pull_resolve(struct sw_client *client, const char *reference, const char *platform, struct sw_cancel *cancel,
                     sw_resolve_done done, void *context) {
    struct sw_error *error = NULL;
    sw_cleanup_reference struct sw_reference parsed = {0};
    struct sw_platform wanted;
    if (!sw_reference_parse(reference, &parsed, &error) ||
        !sw_platform_parse(platform ? platform : "linux/amd64", &wanted, &error)) {
        refuse(client, done, context, error);
        return;
    }
    if (parsed.digest && !sw_digest_valid(parsed.digest)) {
        refuse(client, done, context,
               sw_error_new(SW_ERROR_UNSUPPORTED, "image %s: only sha256 digests can be resolved", reference));
        return;
    }
    sw_cleanup_free char *host = sw_reference_host(&parsed);
    struct sw_endpoint *endpoint = sw_client_endpoint(client, host, &error);
    if (!endpoint) {
        refuse(client, done, context, error);
        return;
    }
    struct resolve *resolve = sw_new(sizeof *resolve);
    resolve->client = client;
    resolve->endpoint = endpoint;
    resolve->platform = wanted;
    resolve->repository = sw_reference_repository(&parsed);
    resolve->text = sw_strdup(reference);
    resolve->reference = parsed;
    memset(&parsed, 0, sizeof parsed);
    resolve->cancel = cancel;
    resolve->done = done;
    resolve->context = context;
    sw_pull_manifest(endpoint, resolve->reference.path, sw_reference_wanted(&resolve->reference), cancel, on_resolved_manifest,
                     resolve);
}
