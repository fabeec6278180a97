/* call.h - one gRPC call in either role: messages framed on an HTTP/2 stream.
 *
 * All functions are [loop]. A call's handle is gone once `closed` was called. */
#ifndef PLUGINS_BUILDKIT_CALL_H
#define PLUGINS_BUILDKIT_CALL_H

#include "core/base/vec.h"
#include "plugins/buildkit/grpc_status.h"
#include "plugins/buildkit/h2.h"
#include "slipway/host.h"

struct sw_call;

struct sw_call_events {
    /* A whole message; valid during the call. May be NULL. */
    void (*message)(void *context, struct sw_bytes message);
    /* The peer sends no more. May be NULL. */
    void (*half_closed)(void *context);
    /* There is room to send more. May be NULL. */
    void (*drained)(void *context);
    /* It is over. For a client `status` is the peer's answer; for a server it says whether the peer was still there. */
    void (*closed)(void *context, const struct sw_grpc_status *status);
};

/* ---- as a client ---- */

/* Begins a call of "/SERVICE/METHOD". `seconds` is its deadline, 0: none. Never NULL: on a lost connection, `closed` comes by a timer. */
struct sw_call *sw_call_start(const struct sw_host *host, struct sw_h2 *h2, const char *path, struct sw_pairs metadata,
                              uint32_t seconds, const struct sw_call_events *events, void *context);

/* Asks once, sends `request` and waits for one answer. `done` gets the last message (empty unless the status is OK). */
typedef void (*sw_unary_done)(void *context, const struct sw_grpc_status *status, struct sw_bytes answer);
struct sw_call *sw_call_ask(const struct sw_host *host, struct sw_h2 *h2, const char *path, struct sw_pairs metadata,
                            uint32_t seconds, struct sw_bytes request, sw_unary_done done, void *context);

/* ---- as a server ---- */

/* Takes a request that has come. NULL when it is no gRPC call; the stream is answered then. */
struct sw_call *sw_call_accept(const struct sw_host *host, struct sw_h2_stream *stream, struct sw_pairs headers,
                               const struct sw_call_events *events, void *context);

/* Changes who listens. */
void sw_call_listen(struct sw_call *call, const struct sw_call_events *events, void *context);

const char *sw_call_path(const struct sw_call *call);                                          /* "/SERVICE/METHOD" */
const char *sw_call_metadata(const struct sw_call *call, const char *key);                     /* first value, or NULL */
void sw_call_metadata_all(const struct sw_call *call, const char *key, struct sw_vec *values); /* appends const char * */

/* Ends it with a status; what was sent goes out before. */
void sw_call_answer(struct sw_call *call, enum sw_grpc_code code, const char *message);

/* ---- both ---- */

void sw_call_send(struct sw_call *call, struct sw_bytes message);
size_t sw_call_queued(const struct sw_call *call);
void sw_call_half_close(struct sw_call *call); /* client: nothing more is sent */
void sw_call_cancel(struct sw_call *call);     /* `closed` still comes; takes NULL */

#endif
