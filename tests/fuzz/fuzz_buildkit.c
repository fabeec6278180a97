/* Everything that a daemon can send before we trust it: HTTP/2 in both roles with gRPC in it, file packets, messages, HTTP/1 heads. The
 * first byte chooses. */
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/error.h"
#include "plugins/buildkit/call.h"
#include "plugins/buildkit/http1.h"
#include "plugins/buildkit/pack.h"
#include "plugins/buildkit/packet.h"

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

static void on_closed(void *context, const struct sw_grpc_status *status) {
    (void)context;
    sw_error_free(sw_grpc_error(status, "x", "y"));
}

static const struct sw_call_events events = {.message = drop, .closed = on_closed};

static void on_accept(void *context, struct sw_h2_stream *stream, struct sw_pairs headers) {
    (void)context;
    struct sw_call *call = sw_call_accept(&host, stream, headers, &events, NULL);
    if (call)
        sw_call_answer(call, SW_GRPC_UNIMPLEMENTED, "no");
}

static void connection(enum sw_h2_role role, struct sw_bytes bytes) {
    struct sw_h2_carrier carrier = {drop, nothing, NULL};
    struct sw_h2 *h2 = sw_h2_new(role, &carrier, on_accept, NULL, NULL);
    if (role == SW_H2_CLIENT)
        sw_call_half_close(sw_call_start(&host, h2, "/a/B", (struct sw_pairs){0}, 0, &events, NULL));
    sw_h2_receive(h2, bytes);
    sw_h2_free(h2);
}

static void messages(struct sw_bytes bytes) {
    Sw__StatusResponse *status = sw__status_response__unpack(NULL, bytes.len, bytes.data);
    Sw__PongResponse *pong = sw__pong_response__unpack(NULL, bytes.len, bytes.data);
    Sw__GatewaySolveResponse *solved = sw__gateway_solve_response__unpack(NULL, bytes.len, bytes.data);
    if (status)
        sw__status_response__free_unpacked(status, NULL);
    if (pong)
        sw__pong_response__free_unpacked(pong, NULL);
    if (solved)
        sw__gateway_solve_response__free_unpacked(solved, NULL);
}

static void statuses(struct sw_bytes bytes) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_grpc_status status = {0};
    const char *text = sw_arena_strn(&arena, bytes.data, bytes.len);
    struct sw_pair pairs[] = {{"grpc-status", "2"}, {"grpc-message", text}, {"grpc-status-details-bin", text}};
    sw_grpc_status_read((struct sw_pairs){pairs, 3}, &status);
    sw_error_free(sw_grpc_error(&status, "x", "y"));
    sw_grpc_status_fini(&status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (!len)
        return 0;
    struct sw_bytes rest = {data + 1, len - 1};
    struct sw_packet packet;
    struct sw_http1_head head;
    switch (data[0] % 6) {
    case 0:
        connection(SW_H2_CLIENT, rest);
        break;
    case 1:
        connection(SW_H2_SERVER, rest);
        break;
    case 2:
        sw_packet_read(rest, &packet);
        break;
    case 3:
        messages(rest);
        break;
    case 4:
        sw_http1_read_head(rest, &head);
        break;
    default:
        statuses(rest);
    }
    return 0;
}
