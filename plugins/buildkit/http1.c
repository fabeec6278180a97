#include "plugins/buildkit/http1.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

enum {
    HEAD_LIMIT = 64 * 1024,
    BODY_LIMIT = 1024 * 1024,
    CHUNK_LINE_LIMIT = 1024,
    SEND_SIZE = 64 * 1024,
    SEND_AHEAD = 256 * 1024,
};

enum state { HEAD, BODY, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, OVER };

struct sw_http1 {
    const struct sw_host *host;
    struct sw_stream *stream;
    struct sw_http1_request request;
    uint64_t sent; /* of body_fd */
    enum state state;
    struct sw_buf in;
    struct sw_http1_head head;
    uint64_t left; /* of the body or chunk */
    uint64_t came;
    struct sw_buf body;
    struct sw_error *failure;
    struct sw_timer *patience; /* NULL: the answer has begun, or may take its time */
    struct sw_timer *ending;   /* `done` is due, not from inside the stream's callbacks */
};

/* ---- parsing ---- */

static bool header_is(const char *line, size_t len, const char *name, const char **value, size_t *value_len) {
    size_t name_len = strlen(name);
    if (len <= name_len || strncasecmp(line, name, name_len) || line[name_len] != ':')
        return false;
    *value = line + name_len + 1;
    *value_len = len - name_len - 1;
    while (*value_len && (**value == ' ' || **value == '\t')) {
        (*value)++;
        (*value_len)--;
    }
    return true;
}

static bool read_number(const char *text, size_t len, int base, uint64_t *number) {
    char digits[20];
    if (!len || len >= sizeof digits)
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    char *end = NULL;
    errno = 0;
    *number = strtoull(digits, &end, base);
    return !errno && !*end && digits[0] != '-' && digits[0] != '+' && digits[0] != ' ';
}

static bool read_header(const char *line, size_t len, struct sw_http1_head *head) {
    const char *value;
    size_t value_len;
    if (header_is(line, len, "Content-Length", &value, &value_len)) {
        head->has_length = true;
        return read_number(value, value_len, 10, &head->length) && head->length < (uint64_t)1 << 62;
    }
    if (header_is(line, len, "Transfer-Encoding", &value, &value_len))
        head->chunked = value_len == 7 && !strncasecmp(value, "chunked", 7);
    return true;
}

int sw_http1_read_head(struct sw_bytes bytes, struct sw_http1_head *head) {
    static const char version[] = "HTTP/1.";
    const char *text = bytes.data;
    const char *end = bytes.len ? memmem(text, bytes.len, "\r\n\r\n", 4) : NULL;
    *head = (struct sw_http1_head){0};
    if (bytes.len && strncmp(text, version, bytes.len < strlen(version) ? bytes.len : strlen(version)))
        return -1;
    if (!end)
        return bytes.len > HEAD_LIMIT ? -1 : 0;
    uint64_t status;
    if (end - text < 12 || text[8] != ' ' || !read_number(text + 9, 3, 10, &status) || status < 100)
        return -1;
    head->status = (uint32_t)status;
    head->bytes = (size_t)(end - text) + 4;
    const char *line = memmem(text, (size_t)(end - text) + 2, "\r\n", 2);
    while (line < end) {
        line += 2;
        const char *next = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        if (!read_header(line, (size_t)(next - line), head))
            return -1;
        line = next;
    }
    return 1;
}

/* ---- the end ---- */

static void finish(void *context) {
    struct sw_http1 *http = context;
    http->ending = NULL;
    struct sw_http1_answer answer = {.status = http->head.status, .body = {http->body.data, http->body.len}};
    if (http->request.upgrade && http->head.status == 101 && !http->failure) {
        answer.stream = sw_steal(&http->stream);
        answer.early = (struct sw_bytes){http->in.data, http->in.len};
        sw_stream_listen(answer.stream, NULL, NULL);
    }
    sw_stream_free(http->stream);
    http->request.done(http->request.context, http->failure ? NULL : &answer, http->failure);
    sw_buf_fini(&http->in);
    sw_buf_fini(&http->body);
    free(http);
}

static void lose_patience(struct sw_http1 *http) {
    if (http->patience)
        http->host->timers->stop(http->patience);
    http->patience = NULL;
}

static void end(struct sw_http1 *http, struct sw_error *failure) {
    lose_patience(http);
    if (http->ending) {
        sw_error_free(failure);
        return;
    }
    http->state = OVER;
    http->failure = failure;
    http->ending = http->host->timers->after(0, finish, http);
}

static void end_malformed(struct sw_http1 *http) {
    struct sw_error *error = sw_error_new(SW_ERROR_UNAVAILABLE, "%s does not answer as Docker does", sw_stream_name(http->stream));
    end(http, sw_error_hint(error, "for a BuildKit daemon of its own, use unix:// or tcp:// as the address"));
}

void sw_http1_abandon(struct sw_http1 *http) {
    if (!http)
        return;
    lose_patience(http);
    if (http->ending)
        http->host->timers->stop(http->ending);
    sw_error_free(http->failure);
    http->failure = sw_error_new(SW_ERROR_CANCELLED, "cancelled");
    finish(http);
}

/* ---- the body ---- */

static void take_body(struct sw_http1 *http, const char *data, size_t len) {
    http->came += len;
    if (http->request.sink < 0 || http->head.status != 200) {
        if (http->body.len < BODY_LIMIT)
            sw_buf_add(&http->body, data, len < BODY_LIMIT - http->body.len ? len : BODY_LIMIT - http->body.len);
        return;
    }
    if (http->request.vertex)
        http->host->progress->bytes(http->request.vertex, http->came, http->head.has_length ? http->head.length : 0);
    while (len) {
        ssize_t put = write(http->request.sink, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            struct sw_error *error = NULL;
            sw_fail_errno(&error, errno, "cannot keep what %s sends", sw_stream_name(http->stream));
            end(http, error);
            return;
        }
        data += put;
        len -= (size_t)put;
    }
}

/* Takes `n` bytes off the input. */
static void consume(struct sw_http1 *http, size_t n) {
    memmove(http->in.data, http->in.data + n, http->in.len - n);
    sw_buf_truncate(&http->in, http->in.len - n);
}

static void begin_body(struct sw_http1 *http) {
    lose_patience(http);
    consume(http, http->head.bytes);
    if (http->head.status >= 100 && http->head.status < 200 && http->head.status != 101) {
        http->state = HEAD; /* "100 Continue" */
        return;
    }
    http->left = http->head.has_length ? http->head.length : UINT64_MAX;
    http->state = http->head.chunked ? CHUNK_SIZE : BODY;
    bool bare = http->head.status == 101 || http->head.status == 204 || http->head.status == 304;
    if (bare || (http->state == BODY && !http->left))
        end(http, NULL);
}

/* A line of the chunked framing, without its end; false: it is not there yet. */
static bool take_line(struct sw_http1 *http, struct sw_buf *line) {
    const char *end_of_line = http->in.len ? memmem(http->in.data, http->in.len, "\r\n", 2) : NULL;
    if (!end_of_line) {
        if (http->in.len > CHUNK_LINE_LIMIT)
            end_malformed(http);
        return false;
    }
    size_t len = (size_t)(end_of_line - http->in.data);
    sw_buf_add(line, http->in.data, len);
    consume(http, len + 2);
    return true;
}

static bool step_chunk_line(struct sw_http1 *http) {
    sw_cleanup_buf struct sw_buf line = {0};
    if (!take_line(http, &line))
        return false;
    if (http->state == CHUNK_END) {
        http->state = CHUNK_SIZE;
        if (line.len)
            end_malformed(http);
        return true;
    }
    if (http->state == TRAILER) {
        if (!line.len)
            end(http, NULL);
        return true;
    }
    const char *text = sw_buf_text(&line);
    if (!read_number(text, strcspn(text, "; "), 16, &http->left))
        end_malformed(http);
    else
        http->state = http->left ? CHUNK_DATA : TRAILER;
    return true;
}

static bool step_data(struct sw_http1 *http) {
    size_t take = http->in.len < http->left ? http->in.len : (size_t)http->left;
    if (!take)
        return false;
    take_body(http, http->in.data, take);
    consume(http, take);
    if (http->left != UINT64_MAX)
        http->left -= take;
    if (http->left || http->state == OVER)
        return true;
    if (http->state == BODY)
        end(http, NULL);
    else
        http->state = CHUNK_END;
    return true;
}

/* Whether something was done. */
static bool step(struct sw_http1 *http) {
    switch (http->state) {
    case HEAD: {
        int got = sw_http1_read_head((struct sw_bytes){http->in.data, http->in.len}, &http->head);
        if (got < 0)
            end_malformed(http);
        else if (got > 0)
            begin_body(http);
        return got != 0;
    }
    case CHUNK_SIZE:
    case CHUNK_END:
    case TRAILER:
        return step_chunk_line(http);
    case BODY:
    case CHUNK_DATA:
        return step_data(http);
    default:
        return false;
    }
}

static void on_data(void *context, struct sw_bytes bytes) {
    struct sw_http1 *http = context;
    sw_buf_add(&http->in, bytes.data, bytes.len);
    while (http->state != OVER && step(http))
        continue;
}

static void on_ended(void *context, struct sw_error *error) {
    struct sw_http1 *http = context;
    if (!error && http->state == BODY && !http->head.has_length) {
        end(http, NULL);
        return;
    }
    if (!error)
        error = sw_error_new(SW_ERROR_UNAVAILABLE, "%s closed the connection before it had answered", sw_stream_name(http->stream));
    end(http, error);
}

/* ---- sending ---- */

static void send_more(struct sw_http1 *http) {
    char part[SEND_SIZE];
    while (http->sent < http->request.body_bytes && sw_stream_pending(http->stream) < SEND_AHEAD && http->state != OVER) {
        uint64_t left = http->request.body_bytes - http->sent;
        ssize_t got = pread(http->request.body_fd, part, left < sizeof part ? (size_t)left : sizeof part, (off_t)http->sent);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            struct sw_error *error = NULL;
            sw_fail_errno(&error, got ? errno : EIO, "cannot read what is to be sent to %s", sw_stream_name(http->stream));
            end(http, error);
            return;
        }
        sw_stream_write(http->stream, (struct sw_bytes){part, (size_t)got});
        http->sent += (uint64_t)got;
    }
}

static void on_drained(void *context) {
    struct sw_http1 *http = context;
    if (http->request.body_fd >= 0)
        send_more(http);
}

static const struct sw_stream_events stream_events = {.data = on_data, .drained = on_drained, .ended = on_ended};

static void on_patience_over(void *context) {
    struct sw_http1 *http = context;
    http->patience = NULL;
    struct sw_error *error = sw_error_new(SW_ERROR_UNAVAILABLE, "Docker at %s did not answer within %u seconds",
                                          sw_stream_name(http->stream), http->request.patience_s);
    end(http, sw_error_hint(error, "the daemon may be overloaded, or hang: look at its log"));
}

struct sw_http1 *sw_http1_start(const struct sw_host *host, struct sw_stream *stream, const struct sw_http1_request *request) {
    struct sw_http1 *http = sw_new(sizeof *http);
    *http = (struct sw_http1){.host = host, .stream = stream, .request = *request};
    uint64_t length = request->body_fd >= 0 ? request->body_bytes : request->body.len;
    sw_cleanup_buf struct sw_buf head = {0};
    sw_buf_printf(&head, "%s %s HTTP/1.1\r\nHost: docker\r\nUser-Agent: slipway/%s\r\n", request->method, request->path,
                  SLIPWAY_VERSION);
    for (size_t i = 0; i < request->headers.count; i++)
        sw_buf_printf(&head, "%s: %s\r\n", request->headers.items[i].key, request->headers.items[i].value);
    if (request->upgrade)
        sw_buf_printf(&head, "Connection: Upgrade\r\nUpgrade: %s\r\n", request->upgrade);
    else
        sw_buf_puts(&head, "Connection: close\r\n");
    if (length || strcmp(request->method, "GET"))
        sw_buf_printf(&head, "Content-Length: %llu\r\n", (unsigned long long)length);
    sw_buf_puts(&head, "\r\n");
    sw_buf_add(&head, request->body.data, request->body_fd >= 0 ? 0 : request->body.len);
    if (request->patience_s)
        http->patience = host->timers->after((uint64_t)request->patience_s * 1000, on_patience_over, http);
    sw_stream_listen(stream, &stream_events, http);
    sw_stream_write(stream, (struct sw_bytes){head.data, head.len});
    if (request->body_fd >= 0)
        send_more(http);
    return http;
}
