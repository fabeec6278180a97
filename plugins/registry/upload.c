#include "plugins/registry/upload.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/registry/exchange.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/retry.h"
#include "plugins/registry/scope.h"

enum {
    MAX_ATTEMPTS = 5,
    PROGRESS = 1 << 20,
    BULK = 1 << 20,
    FIRST_CHUNK = 16 << 20,
    SMALLEST_CHUNK = 1 << 20,
    MAX_SMALL_ANSWER = 64 * 1024,
};

struct upload {
    struct sw_upload_request request;
    char *path;
    char *digest;
    char *from; /* NULL once it was tried */
    char *key;  /* in the endpoint's list of uploads */
    int fd;
    char *location;   /* of the open session, absolute */
    uint64_t chunk;   /* bytes a PATCH; 0: all in one PUT */
    uint64_t least;   /* that the registry takes as a chunk */
    uint64_t offset;  /* confirmed to be stored in the session */
    uint64_t reached; /* greatest offset so far */
    uint64_t delay;   /* before the next request */
    unsigned attempts;
    unsigned damaged;         /* times that the registry got other bytes */
    struct upload *waiting;   /* for this one, the same blob */
    struct sw_error *verdict; /* of the check of our own bytes */
};

static void start(struct upload *upload);
static void ask_existence(struct upload *upload);
static void open_session(struct upload *upload);
static void send_whole(struct upload *upload);
static void send_chunk(struct upload *upload);
static void close_session(struct upload *upload);

static const struct sw_host *host_of(const struct upload *upload) {
    return upload->request.endpoint->client->host;
}

static void free_upload(struct upload *upload) {
    sw_close(&upload->fd);
    free(upload->path);
    free(upload->digest);
    free(upload->from);
    free(upload->key);
    free(upload->location);
    free(upload);
}

/* --- requests --- */

/* What all requests of an upload have in common. */
static struct sw_exchange_request request_of(struct upload *upload, const char *method, const char *url,
                                             void (*done)(void *, struct sw_outcome *)) {
    return (struct sw_exchange_request){
        .endpoint = upload->request.endpoint,
        .method = method,
        .url = url,
        .body_fd = -1,
        .limit = MAX_SMALL_ANSWER,
        .cancel = upload->request.cancel,
        .done = done,
        .context = upload,
    };
}

static void start_exchange(struct upload *upload, struct sw_exchange_request *request) {
    sw_cleanup_strlist struct sw_strlist scopes = {0};
    sw_strlist_take(&scopes, sw_scope_repository(upload->path, "pull,push"));
    if (upload->from)
        sw_strlist_take(&scopes, sw_scope_repository(upload->from, "pull"));
    request->scopes = sw_strlist_view(&scopes);
    request->delay = upload->delay;
    upload->delay = 0;
    sw_exchange_start(request);
}

static void on_session_dropped(void *context, struct sw_outcome *outcome) {
    (void)context;
    sw_error_free(outcome->error); /* it will time out by itself */
}

/* Tells the registry that a session is given up; nobody waits for the answer. */
static void drop_session(struct upload *upload) {
    if (!upload->location)
        return;
    struct sw_exchange_request request = request_of(upload, "DELETE", upload->location, on_session_dropped);
    request.repeat = SW_REPEAT_NEVER;
    request.cancel = NULL;
    request.context = NULL;
    start_exchange(upload, &request);
    free(upload->location);
    upload->location = NULL;
}

static void finish(struct upload *upload, struct sw_error *error) {
    struct sw_endpoint *endpoint = upload->request.endpoint;
    if (error) {
        drop_session(upload);
        error = sw_error_wrap(error, "push blob %s to %s/%s", upload->digest, endpoint->host, upload->path);
    } else {
        sw_endpoint_remember_blob(endpoint, upload->path, upload->digest);
        if (upload->request.vertex)
            host_of(upload)->progress->bytes(upload->request.vertex, upload->request.bytes, upload->request.bytes);
    }
    if (upload->key)
        sw_map_remove(&endpoint->uploads, upload->key);
    struct upload *waiting = upload->waiting;
    upload->request.done(upload->request.context, error);
    free_upload(upload);
    while (waiting) { /* they find the blob there, or try themselves */
        struct upload *next = waiting->waiting;
        waiting->waiting = NULL;
        start(waiting);
        waiting = next;
    }
}

static void fail_by_answer(struct upload *upload, const struct sw_answer *answer) {
    finish(upload, sw_failure_of_answer(upload->request.endpoint, answer, upload->path));
}

/* Takes in how much is stored; getting on gives new attempts. */
static void confirm(struct upload *upload, uint64_t offset) {
    upload->offset = offset;
    if (offset < upload->reached + PROGRESS)
        return;
    upload->reached = offset;
    upload->attempts = 0;
}

/* After an outcome that is not known: waits, then looks whether the blob arrived after all. `error` is what to say when it was the
 * last attempt. */
static void try_again(struct upload *upload, struct sw_error *error) {
    if (++upload->attempts >= MAX_ATTEMPTS) {
        finish(upload, error);
        return;
    }
    sw_error_free(error);
    upload->delay = sw_retry_backoff(upload->attempts, (uint32_t)rand());
    ask_existence(upload);
}

/* Begins the blob anew in a new session. */
static void restart(struct upload *upload, struct sw_error *error) {
    free(upload->location);
    upload->location = NULL;
    upload->offset = 0;
    try_again(upload, error);
}

/* Whether the outcome can be used; else it has been dealt with. */
static bool usable(struct upload *upload, struct sw_outcome *outcome) {
    if (!outcome->answer && outcome->transient)
        try_again(upload, outcome->error);
    else if (!outcome->answer)
        finish(upload, outcome->error);
    else if (outcome->transient || sw_retry_status(outcome->answer->status, NULL))
        try_again(upload, sw_failure_of_answer(upload->request.endpoint, outcome->answer, upload->path));
    else if (outcome->answer->status == 401)
        fail_by_answer(upload, outcome->answer);
    else
        return true;
    return false;
}

/* --- is it there? --- */

static void on_session_state(void *context, struct sw_outcome *outcome);

/* Picks up an open session where it stands, or opens a new one. */
static void go_on(struct upload *upload) {
    if (!upload->location) {
        open_session(upload);
        return;
    }
    struct sw_exchange_request request = request_of(upload, "GET", upload->location, on_session_state);
    request.repeat = SW_REPEAT_NEVER;
    start_exchange(upload, &request);
}

static void on_existence(void *context, struct sw_outcome *outcome) {
    struct upload *upload = context;
    if (!usable(upload, outcome))
        return;
    if (outcome->answer->status == 200) {
        const char *length = sw_answer_header(outcome->answer, "Content-Length");
        if (!length || strtoull(length, NULL, 10) == upload->request.bytes) {
            finish(upload, NULL);
            return;
        }
    }
    go_on(upload); /* 404, and whatever a registry says that does not answer such questions */
}

static void ask_existence(struct upload *upload) {
    sw_cleanup_free char *url = sw_format("/v2/%s/blobs/%s", upload->path, upload->digest);
    struct sw_exchange_request request = request_of(upload, "HEAD", url, on_existence);
    start_exchange(upload, &request);
}

/* --- a session --- */

/* Takes the place where an answer says to go on. */
static bool take_location(struct upload *upload, const struct sw_answer *answer, struct sw_error **error) {
    struct sw_endpoint *endpoint = upload->request.endpoint;
    const char *location = sw_answer_header(answer, "Location");
    sw_cleanup_url struct sw_url from = {0};
    sw_cleanup_url struct sw_url target = {0};
    if (!location)
        return sw_fail(error, SW_ERROR_UNAVAILABLE, "%s does not say where to upload to", endpoint->host);
    if (!sw_url_resolve(NULL, answer->url, &from, error) || !sw_url_resolve(answer->url, location, &target, error))
        return false;
    char *text = target.text;
    target.text = NULL;
    free(upload->location);
    upload->location = NULL;
    /* Behind a proxy that speaks TLS for it, a registry may name itself with http. */
    if (!strcasecmp(from.scheme, "https") && !strcasecmp(target.scheme, "http") && !strcmp(from.host, target.host)) {
        upload->location = sw_format("https%s", text + strlen("http"));
        free(text);
        return true;
    }
    upload->location = text;
    return sw_url_may_follow(&from, &target, endpoint->insecure, error);
}

int64_t sw_upload_stored(const char *range) {
    if (!range)
        return -1;
    if (!strncasecmp(range, "bytes", 5))
        range += 5 + (range[5] == '=' || range[5] == ' ');
    uint64_t first, last;
    if (strspn(range, "0123456789") == 0 || sscanf(range, "%" SCNu64 "-%" SCNu64, &first, &last) != 2 || first ||
        last > INT64_MAX - 1)
        return -1;
    return last ? (int64_t)last + 1 : 0; /* "0-0" stands for nothing, as a rule */
}

static void on_session_state(void *context, struct sw_outcome *outcome) {
    struct upload *upload = context;
    const struct sw_answer *answer = outcome->answer;
    struct sw_error *ignored = NULL;
    int64_t stored = answer ? sw_upload_stored(sw_answer_header(answer, "Range")) : -1;
    bool good = answer && answer->status == 204 && stored > 0 && (uint64_t)stored <= upload->request.bytes &&
                (!sw_answer_header(answer, "Location") || take_location(upload, answer, &ignored));
    sw_error_free(ignored);
    if (!answer && outcome->error && outcome->error->code == SW_ERROR_CANCELLED) {
        finish(upload, outcome->error);
        return;
    }
    sw_error_free(outcome->error);
    if (!good) {
        free(upload->location);
        upload->location = NULL;
        upload->offset = 0;
        open_session(upload);
        return;
    }
    if (!upload->chunk)
        upload->chunk = FIRST_CHUNK;
    confirm(upload, (uint64_t)stored);
    send_chunk(upload);
}

/* Whether the descriptor to read from is there; else the upload has ended. */
static bool source_ready(struct upload *upload) {
    struct sw_error *error = NULL;
    if (upload->fd >= 0)
        return true;
    upload->fd = upload->request.open(upload->request.context, &error);
    if (upload->fd >= 0)
        return true;
    finish(upload, error ? error : sw_error_new(SW_ERROR_INTERNAL, "its bytes are not at hand"));
    return false;
}

static void on_session_open(void *context, struct sw_outcome *outcome) {
    struct upload *upload = context;
    const struct sw_answer *answer = outcome->answer;
    struct sw_error *error = NULL;
    bool mounting = upload->from != NULL;
    if (mounting && answer && answer->status != 201 && answer->status != 202) {
        sw_error_free(outcome->error);
        free(upload->from);
        upload->from = NULL; /* the source may be private, or mounting unknown: a plain upload always works */
        open_session(upload);
        return;
    }
    if (!usable(upload, outcome))
        return;
    free(upload->from);
    upload->from = NULL;
    if (mounting && answer->status == 201) {
        const char *digest = sw_answer_header(answer, "Docker-Content-Digest");
        if (digest && strcmp(digest, upload->digest))
            finish(upload, sw_error_new(SW_ERROR_CORRUPT, "the registry mounted %.100s instead", digest));
        else
            finish(upload, NULL);
        return;
    }
    if (answer->status != 202) {
        fail_by_answer(upload, answer);
        return;
    }
    if (!take_location(upload, answer, &error)) {
        finish(upload, error);
        return;
    }
    const char *least = sw_answer_header(answer, "OCI-Chunk-Min-Length");
    upload->least = least ? strtoull(least, NULL, 10) : 0;
    if (upload->chunk)
        send_chunk(upload);
    else
        send_whole(upload);
}

static void open_session(struct upload *upload) {
    sw_cleanup_free char *url = sw_format("/v2/%s/blobs/uploads/", upload->path);
    if (upload->from) {
        sw_cleanup_free char *digest = sw_url_escape(upload->digest);
        sw_cleanup_free char *from = sw_url_escape(upload->from);
        free(url);
        url = sw_format("/v2/%s/blobs/uploads/?mount=%s&from=%s", upload->path, digest, from);
    }
    struct sw_exchange_request request = request_of(upload, "POST", url, on_session_open);
    request.has_body = true; /* of no bytes: some want the length said */
    start_exchange(upload, &request);
}

/* --- the bytes --- */

static void on_bytes_sent(void *context, uint64_t bytes) {
    struct upload *upload = context;
    if (upload->request.vertex)
        host_of(upload)->progress->bytes(upload->request.vertex, upload->offset + bytes, upload->request.bytes);
}

char *sw_upload_closing_url(const char *location, const char *digest) {
    sw_cleanup_free char *escaped = sw_url_escape(digest);
    return sw_format("%s%sdigest=%s", location, strchr(location, '?') ? "&" : "?", escaped);
}

static bool says_too_large(const struct sw_answer *answer) {
    return answer->status == 413 || (answer->status == 416 && answer->body.data && strcasestr(answer->body.data, "large"));
}

/* Goes over to smaller bodies. False when they cannot get smaller. */
static bool shrink(struct upload *upload) {
    uint64_t floor = upload->least > SMALLEST_CHUNK ? upload->least : SMALLEST_CHUNK;
    if (upload->chunk && upload->chunk <= floor)
        return false;
    upload->chunk = upload->chunk ? upload->chunk / 2 : FIRST_CHUNK;
    if (upload->chunk < floor)
        upload->chunk = floor;
    return true;
}

static void hash_source(void *context) {
    struct upload *upload = context;
    struct sw_sha256 *hash = sw_sha256_new();
    char hex[SW_SHA256_HEX];
    char *chunk = sw_new(1 << 20);
    uint64_t at = 0;
    ssize_t n;
    while ((n = pread(upload->fd, chunk, 1 << 20, (off_t)at)) > 0) {
        sw_sha256_add(hash, chunk, (size_t)n);
        at += (uint64_t)n;
    }
    sw_sha256_final_hex(hash, hex);
    sw_sha256_free(hash);
    free(chunk);
    upload->verdict = strcmp(hex, upload->digest + strlen("sha256:"))
                          ? sw_error_new(SW_ERROR_CORRUPT, "the bytes kept on this host are sha256:%s: the store is damaged", hex)
                          : sw_error_new(SW_ERROR_CORRUPT, "the registry received other bytes than were sent");
}

static void on_source_hashed(void *context) {
    struct upload *upload = context;
    finish(upload, sw_steal(&upload->verdict));
}

/* The registry says that the bytes do not have the digest: once may have been the way there. */
static void on_damaged(struct upload *upload, const struct sw_answer *answer) {
    if (!upload->damaged++)
        restart(upload, sw_failure_of_answer(upload->request.endpoint, answer, upload->path));
    else
        host_of(upload)->pool->run(hash_source, on_source_hashed, upload);
}

/* Answers that mean the same for a PUT and a PATCH. Returns whether this was one. */
static bool handle_refusal(struct upload *upload, const struct sw_answer *answer) {
    sw_cleanup_complaint struct sw_complaint complaint = {0};
    sw_complaint_read((struct sw_bytes){answer->body.data, answer->body.len}, &complaint);
    if (says_too_large(answer) && shrink(upload)) {
        free(upload->location);
        upload->location = NULL;
        upload->offset = 0;
        open_session(upload);
    } else if (complaint.code && !strcmp(complaint.code, "DIGEST_INVALID")) {
        on_damaged(upload, answer);
    } else if (answer->status == 404 || answer->status == 416 ||
               (complaint.code && !strcmp(complaint.code, "BLOB_UPLOAD_INVALID"))) {
        restart(upload, sw_failure_of_answer(upload->request.endpoint, answer, upload->path));
    } else {
        return false;
    }
    return true;
}

static void on_closed(void *context, struct sw_outcome *outcome) {
    struct upload *upload = context;
    if (!usable(upload, outcome))
        return;
    const struct sw_answer *answer = outcome->answer;
    const char *digest = sw_answer_header(answer, "Docker-Content-Digest");
    if (answer->status == 201 || answer->status == 200 || answer->status == 204) {
        free(upload->location);
        upload->location = NULL; /* the session is over */
        if (digest && strcmp(digest, upload->digest))
            finish(upload, sw_error_new(SW_ERROR_CORRUPT, "the registry stored %.100s instead", digest));
        else
            finish(upload, NULL);
        return;
    }
    if (answer->status == 202) { /* taken, but not yet there */
        restart(upload, sw_error_new(SW_ERROR_UNAVAILABLE, "the registry took the bytes, but does not have the blob"));
        return;
    }
    if (!handle_refusal(upload, answer))
        fail_by_answer(upload, answer);
}

static const char *const octets[] = {"Content-Type: application/octet-stream"};

static void send_whole(struct upload *upload) {
    if (!source_ready(upload))
        return;
    sw_cleanup_free char *url = sw_upload_closing_url(upload->location, upload->digest);
    struct sw_exchange_request request = request_of(upload, "PUT", url, on_closed);
    request.headers = (struct sw_strings){octets, 1};
    request.repeat = SW_REPEAT_NEVER;
    request.has_body = true;
    request.body_fd = upload->fd;
    request.body_bytes = upload->request.bytes;
    request.bulk = upload->request.bytes >= BULK;
    request.sent = on_bytes_sent;
    start_exchange(upload, &request);
}

/* Ends a session whose bytes are all there. */
static void close_session(struct upload *upload) {
    sw_cleanup_free char *url = sw_upload_closing_url(upload->location, upload->digest);
    struct sw_exchange_request request = request_of(upload, "PUT", url, on_closed);
    request.headers = (struct sw_strings){octets, 1};
    request.repeat = SW_REPEAT_NEVER;
    request.has_body = true;
    start_exchange(upload, &request);
}

static uint64_t chunk_end(const struct upload *upload) {
    uint64_t chunk = upload->chunk > upload->least ? upload->chunk : upload->least;
    uint64_t left = upload->request.bytes - upload->offset;
    return upload->offset + (chunk < left ? chunk : left);
}

static void on_chunk(void *context, struct sw_outcome *outcome) {
    struct upload *upload = context;
    struct sw_error *error = NULL;
    if (!usable(upload, outcome))
        return;
    const struct sw_answer *answer = outcome->answer;
    if (answer->status != 202 && answer->status != 201 && answer->status != 204) {
        if (!handle_refusal(upload, answer))
            fail_by_answer(upload, answer);
        return;
    }
    if (!take_location(upload, answer, &error)) {
        finish(upload, error);
        return;
    }
    uint64_t end = chunk_end(upload);
    int64_t stored = sw_upload_stored(sw_answer_header(answer, "Range"));
    /* Some count from one. Others say nothing, or always the same: the digest decides in the end. */
    if (stored > (int64_t)end + 1) {
        restart(upload, sw_error_new(SW_ERROR_UNAVAILABLE, "the registry says that it has more bytes than were sent"));
        return;
    }
    confirm(upload, end);
    if (upload->offset == upload->request.bytes)
        close_session(upload);
    else
        send_chunk(upload);
}

static void send_chunk(struct upload *upload) {
    if (!source_ready(upload))
        return;
    uint64_t end = chunk_end(upload);
    if (end == upload->offset) {
        close_session(upload);
        return;
    }
    sw_cleanup_free char *range = sw_format("Content-Range: %" PRIu64 "-%" PRIu64, upload->offset, end - 1);
    const char *const headers[] = {octets[0], range};
    struct sw_exchange_request request = request_of(upload, "PATCH", upload->location, on_chunk);
    request.headers = (struct sw_strings){headers, 2};
    request.repeat = SW_REPEAT_NEVER;
    request.has_body = true;
    request.body_fd = upload->fd;
    request.body_offset = upload->offset;
    request.body_bytes = end - upload->offset;
    request.bulk = request.body_bytes >= BULK;
    request.sent = on_bytes_sent;
    start_exchange(upload, &request);
}

/* --- beginning --- */

static void on_start(void *context) {
    start(context);
}

static void start(struct upload *upload) {
    struct sw_endpoint *endpoint = upload->request.endpoint;
    if (sw_endpoint_knows_blob(endpoint, upload->path, upload->digest)) {
        finish(upload, NULL);
        return;
    }
    sw_cleanup_free char *key = sw_format("%s@%s", upload->path, upload->digest);
    struct upload *same = sw_map_get(&endpoint->uploads, key);
    if (same) {
        upload->waiting = same->waiting;
        same->waiting = upload;
        return;
    }
    upload->key = sw_steal(&key);
    sw_map_set(&endpoint->uploads, upload->key, upload);
    ask_existence(upload);
}

void sw_upload_start(const struct sw_upload_request *request) {
    struct upload *upload = sw_new(sizeof *upload);
    upload->request = *request;
    upload->path = sw_strdup(request->path);
    upload->digest = sw_strdup(request->digest);
    upload->from = request->from && strcmp(request->from, request->path) ? sw_strdup(request->from) : NULL;
    upload->fd = -1;
    host_of(upload)->timers->after(0, on_start, upload);
}
