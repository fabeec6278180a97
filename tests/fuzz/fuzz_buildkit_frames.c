/* HTTP/2 of a daemon that breaks its rules, in both roles, with gRPC in it. The first byte chooses the role, the second how the bytes are cut
 * into pieces; the beginning of a connection is put before them, so that they are read as frames from the first one on. */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "plugins/buildkit/call.h"
#include "plugins/buildkit/wire.h"

static struct sw_timer *after(uint64_t ms, void (*fire)(void *context), void *context) {
    (void)ms;
    (void)fire;
    (void)context;
    return (struct sw_timer *)&after;
}

static void stop(struct sw_timer *timer) {
    (void)timer;
}

static const struct sw_host_timers timers = {.size = sizeof timers, .after = after, .stop = stop};
static const struct sw_host host = {.size = sizeof host, .timers = &timers};

static void drop(void *context, struct sw_bytes bytes) {
    (void)context;
    (void)bytes;
}

static size_t nothing(void *context) {
    (void)context;
    return 0;
}

/* A tunnel's bytes are frames again. */
static void on_message(void *context, struct sw_bytes message) {
    struct sw_h2 *inner = context;
    struct sw_wire_field field;
    while (sw_wire_next(&message, &field) > 0)
        if (inner && field.number == 1 && field.type == SW_WIRE_BYTES)
            sw_h2_receive(inner, field.bytes);
}

static void on_closed(void *context, const struct sw_grpc_status *status) {
    (void)context;
    sw_error_free(sw_grpc_error(status, "x", "y"));
}

static const struct sw_call_events events = {.message = on_message, .closed = on_closed};

static void on_server_closed(void *context, const struct sw_grpc_status *status) {
    (void)status;
    free(context);
}

static void on_half_closed(void *context) {
    sw_call_answer(*(struct sw_call **)context, SW_GRPC_OK, NULL);
}

static const struct sw_call_events server_events = {.half_closed = on_half_closed, .closed = on_server_closed};

static void on_accept(void *context, struct sw_h2_stream *stream, struct sw_pairs headers) {
    struct sw_call **call = malloc(sizeof *call);
    (void)context;
    *call = sw_call_accept(&host, stream, headers, &server_events, call);
    if (!*call)
        free(call);
    else if (sw_call_metadata(*call, "dir-name"))
        sw_call_send(*call, (struct sw_bytes){"file", 4});
}

static void feed(struct sw_h2 *h2, struct sw_bytes bytes, size_t piece) {
    const uint8_t *data = bytes.data;
    for (size_t at = 0; at < bytes.len; at += piece)
        sw_h2_receive(h2, (struct sw_bytes){data + at, bytes.len - at < piece ? bytes.len - at : piece});
}

static const char settings[] = "\0\0\0\4\0\0\0\0\0";
static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* A unary call, a stream of answers, and a tunnel with a connection in it. */
static void as_client(struct sw_bytes bytes, size_t piece) {
    struct sw_h2_carrier carrier = {drop, nothing, NULL};
    struct sw_h2 *inner = sw_h2_new(SW_H2_SERVER, &carrier, on_accept, NULL, NULL);
    struct sw_h2 *h2 = sw_h2_new(SW_H2_CLIENT, &carrier, NULL, NULL, NULL);
    sw_call_half_close(sw_call_start(&host, h2, "/a/Unary", (struct sw_pairs){0}, 5, &events, NULL));
    sw_call_half_close(sw_call_start(&host, h2, "/a/Stream", (struct sw_pairs){0}, 0, &events, NULL));
    sw_call_start(&host, h2, "/a/Tunnel", (struct sw_pairs){0}, 0, &events, inner);
    sw_h2_pump(h2);
    feed(h2, (struct sw_bytes){settings, sizeof settings - 1}, SIZE_MAX);
    feed(h2, bytes, piece);
    sw_h2_free(h2);
    sw_h2_free(inner);
}

static void as_server(struct sw_bytes bytes, size_t piece) {
    struct sw_h2_carrier carrier = {drop, nothing, NULL};
    struct sw_h2 *h2 = sw_h2_new(SW_H2_SERVER, &carrier, on_accept, NULL, NULL);
    sw_h2_pump(h2);
    feed(h2, (struct sw_bytes){preface, sizeof preface - 1}, SIZE_MAX);
    feed(h2, (struct sw_bytes){settings, sizeof settings - 1}, SIZE_MAX);
    feed(h2, bytes, piece);
    sw_h2_free(h2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len < 2)
        return 0;
    struct sw_bytes rest = {data + 2, len - 2};
    size_t piece = data[1] ? data[1] : SIZE_MAX;
    if (data[0] & 1)
        as_server(rest, piece);
    else
        as_client(rest, piece);
    return 0;
}
