#include "plugins/buildkit/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/vec.h"

enum {
    FRAME_HEADER = 5,
    MESSAGE_LIMIT = 64 * 1024 * 1024,
    H2_NO_ERROR = 0,
    H2_INTERNAL_ERROR = 2,
    H2_CANCEL = 8,
};

struct sw_call {
    const struct sw_host *host;
    struct sw_h2_stream *stream; /* NULL: there is none */
    const struct sw_call_events *events;
    void *context;
    bool server;
    bool answered;    /* server: the status is on its way */
    bool half_closed; /* client: all was sent */
    struct sw_arena arena;
    const char *path;
    struct sw_pairs headers; /* server: the request's */
    struct sw_buf in;        /* a frame that came in pieces */
    struct sw_timer *deadline;
    uint32_t seconds;
    bool has_status; /* client */
    struct sw_grpc_status status;
    char http_status[8];
};

/* ---- frames ---- */

static void break_off(struct sw_call *call, const char *why) {
    if (call->has_status)
        return;
    sw_grpc_status_set(&call->status, SW_GRPC_INTERNAL, "%s", why);
    call->has_status = true;
    sw_h2_reset(call->stream, H2_INTERNAL_ERROR);
}

/* Bytes of a frame at `data`, header included; 0: its header is not whole; SIZE_MAX: it is not acceptable. */
static size_t frame_size(const uint8_t *data, size_t len) {
    if (len < FRAME_HEADER)
        return 0;
    size_t size = (size_t)data[1] << 24 | (size_t)data[2] << 16 | (size_t)data[3] << 8 | data[4];
    return data[0] != 0 || size > MESSAGE_LIMIT ? SIZE_MAX : FRAME_HEADER + size;
}

static void on_data(void *context, struct sw_bytes bytes) {
    struct sw_call *call = context;
    sw_buf_add(&call->in, bytes.data, bytes.len);
    size_t at = 0;
    while (at < call->in.len && !call->has_status) {
        const uint8_t *data = (const uint8_t *)call->in.data + at;
        size_t size = frame_size(data, call->in.len - at);
        if (size == SIZE_MAX) {
            break_off(call, data[0] ? "the daemon sent a compressed message that nobody asked for"
                                    : "the daemon sent a message beyond all limits");
            return;
        }
        if (!size || size > call->in.len - at)
            break;
        if (call->events->message)
            call->events->message(call->context, (struct sw_bytes){data + FRAME_HEADER, size - FRAME_HEADER});
        at += size;
    }
    if (at) {
        memmove(call->in.data, call->in.data + at, call->in.len - at);
        sw_buf_truncate(&call->in, call->in.len - at);
    }
}

/* ---- events ---- */

static void on_headers(void *context, struct sw_pairs headers) {
    struct sw_call *call = context;
    if (call->server)
        return;
    for (size_t i = 0; i < headers.count; i++)
        if (!strcmp(headers.items[i].key, ":status"))
            snprintf(call->http_status, sizeof call->http_status, "%s", headers.items[i].value);
    if (!call->has_status)
        call->has_status = sw_grpc_status_read(headers, &call->status);
}

static void on_end(void *context) {
    struct sw_call *call = context;
    if (call->events->half_closed)
        call->events->half_closed(call->context);
    if (!call->server && !call->half_closed) /* nobody listens to what we have to say */
        sw_h2_reset(call->stream, H2_NO_ERROR);
}

static void on_drained(void *context) {
    struct sw_call *call = context;
    if (call->events->drained)
        call->events->drained(call->context);
}

static void complete_status(struct sw_call *call, uint32_t code) {
    if (call->has_status && call->status.code == SW_GRPC_OK && call->in.len && !call->server)
        sw_grpc_status_set(&call->status, SW_GRPC_INTERNAL, "the daemon's answer was cut off");
    if (call->has_status)
        return;
    if (!code && *call->http_status && strcmp(call->http_status, "200"))
        sw_grpc_status_set(&call->status,
                           !strcmp(call->http_status, "401")   ? SW_GRPC_UNAUTHENTICATED
                           : !strcmp(call->http_status, "403") ? SW_GRPC_PERMISSION_DENIED
                           : !strcmp(call->http_status, "404") ? SW_GRPC_UNIMPLEMENTED
                                                               : SW_GRPC_UNAVAILABLE,
                           "HTTP status %s", call->http_status);
    else if (code || !call->server)
        sw_grpc_status_of_reset(code, &call->status);
    else if (call->in.len)
        sw_grpc_status_set(&call->status, SW_GRPC_INTERNAL, "a message was cut off");
}

static void on_closed(void *context, uint32_t code) {
    struct sw_call *call = context;
    call->stream = NULL;
    if (call->deadline)
        call->host->timers->stop(call->deadline);
    complete_status(call, code);
    call->events->closed(call->context, &call->status);
    sw_grpc_status_fini(&call->status);
    sw_arena_fini(&call->arena);
    sw_buf_fini(&call->in);
    free(call);
}

static const struct sw_h2_events stream_events = {
    .headers = on_headers, .data = on_data, .end = on_end, .drained = on_drained, .closed = on_closed};

/* ---- as a client ---- */

static void on_deadline(void *context) {
    struct sw_call *call = context;
    call->deadline = NULL;
    if (!call->stream) { /* there never was a connection */
        on_closed(call, 0);
        return;
    }
    sw_grpc_status_set(&call->status, SW_GRPC_DEADLINE_EXCEEDED, "no answer to %s within %u seconds", call->path, call->seconds);
    call->has_status = true;
    sw_h2_reset(call->stream, H2_CANCEL);
}

struct sw_call *sw_call_start(const struct sw_host *host, struct sw_h2 *h2, const char *path, struct sw_pairs metadata,
                              uint32_t seconds, const struct sw_call_events *events, void *context) {
    struct sw_call *call = sw_new(sizeof *call);
    *call = (struct sw_call){.host = host, .events = events, .context = context, .seconds = seconds};
    call->path = sw_arena_str(&call->arena, path);
    struct sw_pair fixed[] = {
        {":method", "POST"},
        {":scheme", "http"},
        {":path", path},
        {":authority", "localhost"},
        {"content-type", "application/grpc"},
        {"te", "trailers"},
        {"user-agent", "slipway/" SLIPWAY_VERSION},
    };
    struct sw_vec headers = {.width = sizeof(struct sw_pair)};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        sw_vec_push(&headers, &fixed[i]);
    if (seconds)
        sw_vec_push(&headers, &(struct sw_pair){"grpc-timeout", sw_arena_format(&call->arena, "%uS", seconds)});
    for (size_t i = 0; i < metadata.count; i++)
        sw_vec_push(&headers, &metadata.items[i]);
    call->stream = sw_h2_request(h2, (struct sw_pairs){headers.data, headers.len}, &stream_events, call);
    sw_vec_fini(&headers);
    if (!call->stream) {
        sw_grpc_status_set(&call->status, SW_GRPC_UNAVAILABLE, "the connection was lost");
        call->has_status = true;
        call->deadline = host->timers->after(0, on_deadline, call);
    } else if (seconds) {
        call->deadline = host->timers->after((uint64_t)seconds * 1000, on_deadline, call);
    }
    return call;
}

struct unary {
    sw_unary_done done;
    void *context;
    struct sw_buf answer;
};

static void on_unary_message(void *context, struct sw_bytes message) {
    struct unary *unary = context;
    sw_buf_truncate(&unary->answer, 0);
    sw_buf_add(&unary->answer, message.data, message.len);
}

static void on_unary_closed(void *context, const struct sw_grpc_status *status) {
    struct unary *unary = context;
    struct sw_bytes answer =
        status->code == SW_GRPC_OK ? (struct sw_bytes){unary->answer.data, unary->answer.len} : (struct sw_bytes){0};
    unary->done(unary->context, status, answer);
    sw_buf_fini(&unary->answer);
    free(unary);
}

static const struct sw_call_events unary_events = {.message = on_unary_message, .closed = on_unary_closed};

struct sw_call *sw_call_ask(const struct sw_host *host, struct sw_h2 *h2, const char *path, struct sw_pairs metadata,
                            uint32_t seconds, struct sw_bytes request, sw_unary_done done, void *context) {
    struct unary *unary = sw_new(sizeof *unary);
    unary->done = done;
    unary->context = context;
    struct sw_call *call = sw_call_start(host, h2, path, metadata, seconds, &unary_events, unary);
    sw_call_send(call, request);
    sw_call_half_close(call);
    return call;
}

void sw_call_half_close(struct sw_call *call) {
    call->half_closed = true;
    if (call->stream)
        sw_h2_finish(call->stream, (struct sw_pairs){0});
}

/* ---- as a server ---- */

static const struct sw_pair response_headers[] = {{":status", "200"}, {"content-type", "application/grpc"}};

struct sw_call *sw_call_accept(const struct sw_host *host, struct sw_h2_stream *stream, struct sw_pairs headers,
                               const struct sw_call_events *events, void *context) {
    const char *path = NULL, *type = NULL;
    for (size_t i = 0; i < headers.count; i++) {
        if (!strcmp(headers.items[i].key, ":path"))
            path = headers.items[i].value;
        else if (!strcmp(headers.items[i].key, "content-type"))
            type = headers.items[i].value;
    }
    if (!path || !type || strncmp(type, "application/grpc", strlen("application/grpc")))
        return NULL;
    struct sw_call *call = sw_new(sizeof *call);
    *call = (struct sw_call){.host = host, .stream = stream, .events = events, .context = context, .server = true};
    call->headers = sw_arena_pairs(&call->arena, headers);
    call->path = sw_arena_str(&call->arena, path);
    sw_h2_listen(stream, &stream_events, call);
    sw_h2_respond(stream, (struct sw_pairs){response_headers, 2});
    return call;
}

void sw_call_listen(struct sw_call *call, const struct sw_call_events *events, void *context) {
    call->events = events;
    call->context = context;
}

const char *sw_call_path(const struct sw_call *call) {
    return call->path;
}

const char *sw_call_metadata(const struct sw_call *call, const char *key) {
    for (size_t i = 0; i < call->headers.count; i++)
        if (!strcmp(call->headers.items[i].key, key))
            return call->headers.items[i].value;
    return NULL;
}

void sw_call_metadata_all(const struct sw_call *call, const char *key, struct sw_vec *values) {
    for (size_t i = 0; i < call->headers.count; i++)
        if (!strcmp(call->headers.items[i].key, key))
            sw_vec_push(values, &call->headers.items[i].value);
}

void sw_call_answer(struct sw_call *call, enum sw_grpc_code code, const char *message) {
    if (call->answered || !call->stream)
        return;
    call->answered = true;
    char number[16];
    snprintf(number, sizeof number, "%d", (int)code);
    char *escaped = sw_grpc_escape(message ? message : "");
    struct sw_pair trailers[] = {{"grpc-status", number}, {"grpc-message", escaped}};
    sw_h2_finish(call->stream, (struct sw_pairs){trailers, *escaped ? 2 : 1});
    free(escaped);
}

/* ---- both ---- */

void sw_call_send(struct sw_call *call, struct sw_bytes message) {
    if (!call->stream || call->answered)
        return;
    uint8_t header[FRAME_HEADER] = {0, (uint8_t)(message.len >> 24), (uint8_t)(message.len >> 16), (uint8_t)(message.len >> 8),
                                    (uint8_t)message.len};
    struct sw_buf frame = {0};
    sw_buf_reserve(&frame, sizeof header + message.len);
    sw_buf_add(&frame, header, sizeof header);
    if (message.len)
        sw_buf_add(&frame, message.data, message.len);
    sw_h2_write(call->stream, (struct sw_bytes){frame.data, frame.len});
    sw_buf_fini(&frame);
}

size_t sw_call_queued(const struct sw_call *call) {
    return call->stream ? sw_h2_queued(call->stream) : 0;
}

void sw_call_cancel(struct sw_call *call) {
    if (call && call->stream && !call->has_status) {
        if (!call->server) {
            sw_grpc_status_set(&call->status, SW_GRPC_CANCELLED, "cancelled");
            call->has_status = true;
        }
        sw_h2_reset(call->stream, H2_CANCEL);
    }
}
