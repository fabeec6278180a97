#include "plugins/registry/fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/registry/exchange.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/retry.h"
#include "plugins/registry/scope.h"

enum { MAX_ATTEMPTS = 5, PROGRESS = 1 << 20, BULK = 1 << 20 };

struct fetch {
    struct sw_fetch_request request;
    struct sw_endpoint *endpoint; /* that is asked: a mirror of the request's, or itself */
    size_t turn;
    char *path;
    char *digest;
    char *etag; /* a strong one, to resume by */
    struct sw_sha256 *hash;
    struct sw_buf memory;
    uint64_t offset;       /* bytes received and hashed */
    uint64_t last_failure; /* offset then */
    bool started;          /* the answer of this try was looked at */
    uint64_t delay;        /* before the next try */
    unsigned attempts;
    unsigned clean_starts;  /* after bytes that were wrong */
    struct sw_error *error; /* found in the sink */
};

static void ask(struct fetch *fetch);

static const struct sw_host *host_of(const struct fetch *fetch) {
    return fetch->request.endpoint->client->host;
}

static void start_over(struct fetch *fetch) {
    char ignored[SW_SHA256_HEX];
    sw_sha256_final_hex(fetch->hash, ignored);
    sw_buf_truncate(&fetch->memory, 0);
    fetch->offset = 0;
    fetch->last_failure = 0;
}

/* Asks the next one, when a mirror failed. */
static bool turn_to_next(struct fetch *fetch, struct sw_error *error) {
    struct sw_endpoint *next = sw_endpoint_source(fetch->request.endpoint, fetch->turn + 1);
    if (!next || error->code == SW_ERROR_CANCELLED || error->code == SW_ERROR_NO_SPACE)
        return false;
    sw_error_free(error);
    fetch->turn++;
    fetch->endpoint = next;
    fetch->attempts = 0;
    fetch->clean_starts = 0;
    free(fetch->etag);
    fetch->etag = NULL;
    start_over(fetch);
    ask(fetch);
    return true;
}

static void finish(struct fetch *fetch, struct sw_error *error) {
    if (error && turn_to_next(fetch, error))
        return;
    struct sw_bytes bytes = {fetch->memory.data, fetch->memory.len};
    if (error)
        error = sw_error_wrap(error, "blob %s of %s/%s", fetch->digest, fetch->request.endpoint->host, fetch->path);
    fetch->request.done(fetch->request.context, bytes, error);
    sw_error_free(fetch->error);
    sw_sha256_free(fetch->hash);
    sw_buf_fini(&fetch->memory);
    free(fetch->path);
    free(fetch->digest);
    free(fetch->etag);
    free(fetch);
}

bool sw_content_range_continues(const char *header, uint64_t offset, uint64_t bytes) {
    uint64_t first, last;
    int used = 0;
    if (!header || sscanf(header, "bytes %" SCNu64 "-%" SCNu64 "/%n", &first, &last, &used) != 2 || !used)
        return false;
    if (first != offset || last < first || last >= bytes)
        return false;
    const char *total = header + used;
    char *end;
    return !strcmp(total, "*") || (strtoull(total, &end, 10) == bytes && !*end);
}

/* Looks at an answer before its first byte is taken. */
static bool check_answer(struct fetch *fetch, const struct sw_answer *answer) {
    const char *etag = sw_answer_header(answer, "ETag");
    if (answer->status == 206 &&
        !sw_content_range_continues(sw_answer_header(answer, "Content-Range"), fetch->offset, fetch->request.bytes))
        return sw_fail(&fetch->error, SW_ERROR_UNAVAILABLE, "the registry answered with another part than was asked for");
    if (answer->status != 206 && fetch->offset)
        start_over(fetch);
    const char *length = sw_answer_header(answer, "Content-Length");
    if (length && strtoull(length, NULL, 10) != fetch->request.bytes - fetch->offset)
        return sw_fail(&fetch->error, SW_ERROR_CORRUPT, "the registry has %s bytes of it, not %" PRIu64, length,
                       fetch->request.bytes - fetch->offset);
    if (etag && *etag == '"' && !fetch->etag)
        fetch->etag = sw_strdup(etag);
    return true;
}

static bool write_all(struct fetch *fetch, const char *data, size_t len) {
    uint64_t at = fetch->offset;
    while (len) {
        ssize_t n = pwrite(fetch->request.fd, data, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sw_fail_errno(&fetch->error, errno, "cannot write it");
        data += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

static bool take_body(void *context, const struct sw_answer *answer, const void *data, size_t len) {
    struct fetch *fetch = context;
    if (!fetch->started && !check_answer(fetch, answer))
        return false;
    fetch->started = true;
    if (len > fetch->request.bytes - fetch->offset)
        return sw_fail(&fetch->error, SW_ERROR_CORRUPT, "the registry sends more than its %" PRIu64 " bytes", fetch->request.bytes);
    if (fetch->request.fd >= 0 && !write_all(fetch, data, len))
        return false;
    if (fetch->request.fd < 0)
        sw_buf_add(&fetch->memory, data, len);
    sw_sha256_add(fetch->hash, data, len);
    fetch->offset += len;
    if (fetch->request.vertex)
        host_of(fetch)->progress->bytes(fetch->request.vertex, fetch->offset, fetch->request.bytes);
    return true;
}

/* Tries again from where it broke, unless it breaks again and again without getting on. */
static void go_on(struct fetch *fetch, struct sw_error *error) {
    if (fetch->offset >= fetch->last_failure + PROGRESS)
        fetch->attempts = 0;
    fetch->last_failure = fetch->offset;
    if (++fetch->attempts >= MAX_ATTEMPTS) {
        finish(fetch, error);
        return;
    }
    sw_error_free(error);
    fetch->delay = sw_retry_backoff(fetch->attempts, (uint32_t)rand());
    ask(fetch);
}

static void on_whole(struct fetch *fetch) {
    char hex[SW_SHA256_HEX];
    sw_sha256_final_hex(fetch->hash, hex);
    if (!strcmp(fetch->digest + strlen("sha256:"), hex)) {
        sw_endpoint_remember_blob(fetch->endpoint, fetch->path, fetch->digest);
        finish(fetch, NULL);
        return;
    }
    if (!fetch->clean_starts++) { /* once may have been an accident */
        sw_buf_truncate(&fetch->memory, 0);
        fetch->offset = 0;
        ask(fetch);
        return;
    }
    finish(fetch, sw_error_new(SW_ERROR_CORRUPT, "digest mismatch: the registry sent sha256:%s", hex));
}

static void on_asked(void *context, struct sw_outcome *outcome) {
    struct fetch *fetch = context;
    const struct sw_answer *answer = outcome->answer;
    if (fetch->error) {
        sw_error_free(outcome->error);
        finish(fetch, sw_steal(&fetch->error));
        return;
    }
    if (!answer) {
        if (outcome->transient)
            go_on(fetch, outcome->error);
        else
            finish(fetch, outcome->error);
        return;
    }
    if (answer->status == 200 || answer->status == 206) {
        if (fetch->offset == fetch->request.bytes)
            on_whole(fetch);
        else
            go_on(fetch, sw_error_new(SW_ERROR_UNAVAILABLE, "the registry sent %" PRIu64 " of its %" PRIu64 " bytes", fetch->offset,
                                      fetch->request.bytes));
        return;
    }
    if (answer->status == 416 && fetch->offset && !fetch->clean_starts++) {
        start_over(fetch);
        ask(fetch);
        return;
    }
    struct sw_error *error = sw_failure_of_answer(fetch->endpoint, answer, fetch->path);
    if (outcome->transient)
        go_on(fetch, error);
    else
        finish(fetch, error);
}

static void on_too_big(void *context) {
    struct fetch *fetch = context;
    fetch->turn = fetch->request.endpoint->mirrors.len; /* it is too big everywhere */
    finish(fetch, sw_error_new(SW_ERROR_CORRUPT, "it has %" PRIu64 " bytes, more than %" PRIu64, fetch->request.bytes,
                               fetch->request.most));
}

static void ask(struct fetch *fetch) {
    sw_cleanup_free char *url = sw_format("/v2/%s/blobs/%s", fetch->path, fetch->digest);
    sw_cleanup_free char *scope = sw_scope_repository(fetch->path, "pull");
    sw_cleanup_strlist struct sw_strlist headers = {0};
    if (fetch->offset) {
        sw_strlist_take(&headers, sw_format("Range: bytes=%" PRIu64 "-", fetch->offset));
        if (fetch->etag)
            sw_strlist_take(&headers, sw_format("If-Range: %s", fetch->etag));
    }
    fetch->started = false;
    struct sw_exchange_request request = {
        .endpoint = fetch->endpoint,
        .method = "GET",
        .url = url,
        .headers = sw_strlist_view(&headers),
        .scopes = {(const char *const *)&scope, 1},
        .body_fd = -1,
        .delay = fetch->delay,
        .limit = fetch->request.bytes,
        .bulk = fetch->request.bytes >= BULK,
        .cancel = fetch->request.cancel,
        .sink = take_body,
        .done = on_asked,
        .context = fetch,
    };
    fetch->delay = 0;
    sw_exchange_start(&request);
}

void sw_fetch_start(const struct sw_fetch_request *request) {
    struct fetch *fetch = sw_new(sizeof *fetch);
    fetch->request = *request;
    fetch->endpoint = sw_endpoint_source(request->endpoint, 0);
    fetch->path = sw_strdup(request->path);
    fetch->digest = sw_strdup(request->digest);
    fetch->hash = sw_sha256_new();
    if (request->bytes > request->most)
        host_of(fetch)->timers->after(0, on_too_big, fetch);
    else
        ask(fetch);
}
