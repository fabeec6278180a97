#include "plugins/registry/publish.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/registry/exchange.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/manifest.h"
#include "plugins/registry/retry.h"
#include "plugins/registry/scope.h"
#include "plugins/registry/upload.h"

enum { MAX_SMALL_ANSWER = 64 * 1024 };

#define ACCEPT "Accept: " SW_TYPE_OCI_INDEX ", " SW_TYPE_DOCKER_LIST ", " SW_TYPE_OCI_MANIFEST ", " SW_TYPE_DOCKER_MANIFEST

/* --- putting a manifest --- */

struct put {
    struct sw_endpoint *endpoint;
    char *path;
    char *name; /* tag or digest */
    char *media_type;
    char digest[7 + SW_SHA256_HEX];
    struct sw_buf body;
    struct sw_cancel *cancel;
    unsigned attempts;
    struct sw_error *refusal; /* while we look whether the tag is right already */
    sw_manifest_done done;
    void *context;
};

static void finish_put(struct put *put, struct sw_error *error) {
    struct sw_manifest manifest = {
        .size = sizeof manifest, .media_type = put->media_type, .digest = put->digest, .body = {put->body.data, put->body.len}};
    if (error)
        error =
            sw_error_wrap(error, "push %s/%s%c%s", put->endpoint->host, put->path, strchr(put->name, ':') ? '@' : ':', put->name);
    put->done(put->context, error ? NULL : &manifest, error);
    sw_error_free(put->refusal);
    sw_buf_fini(&put->body);
    free(put->path);
    free(put->name);
    free(put->media_type);
    free(put);
}

static void start_request(struct sw_endpoint *endpoint, const char *path, const char *actions,
                          struct sw_exchange_request *request) {
    sw_cleanup_free char *scope = sw_scope_repository(path, actions);
    request->endpoint = endpoint;
    request->scopes = (struct sw_strings){(const char *const *)&scope, 1};
    request->body_fd = -1;
    request->limit = MAX_SMALL_ANSWER;
    sw_exchange_start(request);
}

static void on_tag_looked_up(void *context, struct sw_outcome *outcome) {
    struct put *put = context;
    const char *digest = outcome->answer ? sw_answer_header(outcome->answer, "Docker-Content-Digest") : NULL;
    bool same = digest && outcome->answer->status == 200 && !strcmp(digest, put->digest);
    sw_error_free(outcome->error);
    finish_put(put, same ? NULL : sw_steal(&put->refusal));
}

/* A tag that must not be moved is fine when it stands where we want it. */
static void look_up_tag(struct put *put) {
    static const char *const headers[] = {ACCEPT};
    sw_cleanup_free char *url = sw_format("/v2/%s/manifests/%s", put->path, put->name);
    struct sw_exchange_request request = {
        .method = "HEAD", .url = url, .headers = {headers, 1}, .cancel = put->cancel, .done = on_tag_looked_up, .context = put};
    start_request(put->endpoint, put->path, "pull", &request);
}

static void send_put(void *context);

/* Registries that are sent one manifest by several writers at once may mix up what they check against which digest. */
static bool put_again(struct put *put, const struct sw_complaint *complaint) {
    if (!complaint->code || strcmp(complaint->code, "DIGEST_INVALID") || ++put->attempts >= SW_RETRY_ATTEMPTS)
        return false;
    put->endpoint->client->host->timers->after(sw_retry_backoff(put->attempts, (uint32_t)rand()), send_put, put);
    return true;
}

static void on_put(void *context, struct sw_outcome *outcome) {
    struct put *put = context;
    const struct sw_answer *answer = outcome->answer;
    if (!answer) {
        finish_put(put, outcome->error);
        return;
    }
    if (answer->status >= 200 && answer->status <= 202) {
        const char *digest = sw_answer_header(answer, "Docker-Content-Digest");
        if (digest && sw_digest_valid(digest) && strcmp(digest, put->digest))
            finish_put(put,
                       sw_error_new(SW_ERROR_CORRUPT, "the registry stored something else: %s instead of %s", digest, put->digest));
        else
            finish_put(put, NULL);
        return;
    }
    sw_cleanup_complaint struct sw_complaint complaint = {0};
    sw_complaint_read((struct sw_bytes){answer->body.data, answer->body.len}, &complaint);
    if (complaint.code && (strstr(complaint.code, "BLOB_UNKNOWN") || strstr(complaint.code, "BLOB_UPLOAD_UNKNOWN")))
        sw_endpoint_forget_blobs(put->endpoint); /* what we knew is out of date */
    if (put_again(put, &complaint))
        return;
    put->refusal = sw_failure_of_answer(put->endpoint, answer, put->path);
    if (answer->status == 400 || answer->status == 403 || answer->status == 409 || answer->status == 412)
        look_up_tag(put);
    else
        finish_put(put, sw_steal(&put->refusal));
}

static void send_put(void *context) {
    struct put *put = context;
    sw_cleanup_free char *url = sw_format("/v2/%s/manifests/%s", put->path, put->name);
    sw_cleanup_free char *type = sw_format("Content-Type: %s", put->media_type);
    const char *const headers[] = {type};
    struct sw_exchange_request request = {.method = "PUT",
                                          .url = url,
                                          .headers = {headers, 1},
                                          .has_body = true,
                                          .body = {put->body.data, put->body.len},
                                          .cancel = put->cancel,
                                          .done = on_put,
                                          .context = put};
    start_request(put->endpoint, put->path, "pull,push", &request);
}

void sw_publish_manifest(struct sw_endpoint *endpoint, const char *path, const char *tag, const char *media_type,
                         struct sw_bytes body, struct sw_cancel *cancel, sw_manifest_done done, void *context) {
    struct put *put = sw_new(sizeof *put);
    put->endpoint = endpoint;
    put->path = sw_strdup(path);
    put->media_type = sw_strdup(media_type);
    memcpy(put->digest, "sha256:", 7);
    sw_sha256_hex(body.data, body.len, put->digest + 7);
    put->name = sw_strdup(tag ? tag : put->digest);
    sw_buf_add(&put->body, body.data, body.len);
    put->cancel = cancel;
    put->done = done;
    put->context = context;
    send_put(put);
}

/* --- removing --- */

struct removal {
    struct sw_endpoint *endpoint;
    char *path;
    char *name;   /* tag or digest */
    char *digest; /* of the manifest that took the tag's place, or NULL */
    struct sw_cancel *cancel;
    sw_done done;
    void *context;
};

static void delete_manifest(struct removal *removal, const char *name, void (*done)(void *, struct sw_outcome *));

static void finish_removal(struct removal *removal, struct sw_error *error) {
    if (error)
        error = sw_error_wrap(error, "remove %s from %s/%s", removal->name, removal->endpoint->host, removal->path);
    removal->done(removal->context, error);
    free(removal->path);
    free(removal->name);
    free(removal->digest);
    free(removal);
}

static void on_deleted(void *context, struct sw_outcome *outcome) {
    struct removal *removal = context;
    const struct sw_answer *answer = outcome->answer;
    if (!answer)
        finish_removal(removal, outcome->error);
    else if (answer->status == 404 || (answer->status >= 200 && answer->status <= 204))
        finish_removal(removal, NULL);
    else
        finish_removal(removal, sw_failure_of_answer(removal->endpoint, answer, removal->path));
}

static void on_stand_in_put(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct removal *removal = context;
    if (error) {
        finish_removal(removal, error);
        return;
    }
    removal->digest = sw_strdup(manifest->digest);
    delete_manifest(removal, removal->digest, on_deleted);
}

static const char stand_in_config[] = "{}";

static int open_stand_in(void *context, struct sw_error **error) {
    (void)context;
    sw_cleanup_close int fd = memfd_create("config", MFD_CLOEXEC);
    ssize_t len = sizeof stand_in_config - 1;
    if (fd < 0 || write(fd, stand_in_config, (size_t)len) != len) {
        sw_fail(error, SW_ERROR_IO, "there is no memory for a file");
        return -1;
    }
    return sw_steal_fd(&fd);
}

static void on_stand_in_config(void *context, struct sw_error *error) {
    struct removal *removal = context;
    if (error) {
        finish_removal(removal, error);
        return;
    }
    char digest[SW_SHA256_HEX];
    sw_sha256_hex(stand_in_config, sizeof stand_in_config - 1, digest);
    /* The tag in it makes it unlike every other manifest, so that deleting it removes this tag alone. */
    sw_cleanup_free char *body = sw_format(
        "{\"schemaVersion\":2,\"mediaType\":\"" SW_TYPE_DOCKER_MANIFEST "\",\"config\":{\"mediaType\":\"" SW_TYPE_DOCKER_CONFIG
        "\",\"size\":%zu,\"digest\":\"sha256:%s\"},\"layers\":[],\"annotations\":{\"slipway.removes\":\"%s\"}}",
        sizeof stand_in_config - 1, digest, removal->name);
    sw_publish_manifest(removal->endpoint, removal->path, removal->name, SW_TYPE_DOCKER_MANIFEST,
                        (struct sw_bytes){body, strlen(body)}, removal->cancel, on_stand_in_put, removal);
}

/* Registries that cannot delete a tag delete a manifest with all its tags. So the tag is moved to a manifest of its own first. */
static void put_stand_in(struct removal *removal) {
    char digest[7 + SW_SHA256_HEX] = "sha256:";
    sw_sha256_hex(stand_in_config, sizeof stand_in_config - 1, digest + 7);
    struct sw_upload_request request = {
        .endpoint = removal->endpoint,
        .path = removal->path,
        .digest = digest,
        .bytes = sizeof stand_in_config - 1,
        .open = open_stand_in,
        .cancel = removal->cancel,
        .done = on_stand_in_config,
        .context = removal,
    };
    sw_upload_start(&request);
}

static void on_tag_there(void *context, struct sw_outcome *outcome) {
    struct removal *removal = context;
    if (!outcome->answer)
        finish_removal(removal, outcome->error);
    else if (outcome->answer->status == 404)
        finish_removal(removal, NULL);
    else
        put_stand_in(removal);
}

static void on_tag_deleted(void *context, struct sw_outcome *outcome) {
    struct removal *removal = context;
    const struct sw_answer *answer = outcome->answer;
    if (!answer || (answer->status != 400 && answer->status != 405 && answer->status != 501)) {
        on_deleted(context, outcome);
        return;
    }
    sw_cleanup_complaint struct sw_complaint complaint = {0};
    sw_complaint_read((struct sw_bytes){answer->body.data, answer->body.len}, &complaint);
    if (answer->status != 400 && complaint.code && !strcmp(complaint.code, "UNSUPPORTED")) { /* nothing can be deleted there */
        on_deleted(context, outcome);
        return;
    }
    static const char *const headers[] = {ACCEPT};
    sw_cleanup_free char *url = sw_format("/v2/%s/manifests/%s", removal->path, removal->name);
    struct sw_exchange_request request = {
        .method = "HEAD", .url = url, .headers = {headers, 1}, .cancel = removal->cancel, .done = on_tag_there, .context = removal};
    start_request(removal->endpoint, removal->path, "pull", &request);
}

static void delete_manifest(struct removal *removal, const char *name, void (*done)(void *, struct sw_outcome *)) {
    sw_cleanup_free char *url = sw_format("/v2/%s/manifests/%s", removal->path, name);
    struct sw_exchange_request request = {
        .method = "DELETE", .url = url, .cancel = removal->cancel, .done = done, .context = removal};
    start_request(removal->endpoint, removal->path, "pull,push,delete", &request);
}

void sw_publish_remove(struct sw_endpoint *endpoint, const char *path, const char *tag_or_digest, struct sw_cancel *cancel,
                       sw_done done, void *context) {
    struct removal *removal = sw_new(sizeof *removal);
    removal->endpoint = endpoint;
    removal->path = sw_strdup(path);
    removal->name = sw_strdup(tag_or_digest);
    removal->cancel = cancel;
    removal->done = done;
    removal->context = context;
    delete_manifest(removal, removal->name, strchr(removal->name, ':') ? on_deleted : on_tag_deleted);
}
