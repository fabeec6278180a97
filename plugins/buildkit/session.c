#include "plugins/buildkit/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/buildkit/dial.h"
#include "plugins/buildkit/random_id.h"
#include "plugins/buildkit/services.h"
#include "plugins/buildkit/wire.h"

enum { CLOSE_POLL_MS = 5 };

struct sw_session {
    const struct sw_host *host;
    struct sw_daemon *daemon;
    struct sw_served *served;
    char id[SW_RANDOM_ID_SIZE];
    struct sw_h2 *h2;         /* inner; NULL: not open yet */
    struct sw_call *tunnel;   /* Control/Session, or NULL */
    struct sw_stream *stream; /* Docker's route, or NULL */
    bool dialing;
    void (*opened)(void *context, struct sw_error *error); /* NULL: was called */
    void *open_context;
    bool closing;
    void (*closed)(void *context);
    void *close_context;
};

const char *sw_session_id(const struct sw_session *session) {
    return session->id;
}

static void say_opened(struct sw_session *session, struct sw_error *error) {
    void (*opened)(void *context, struct sw_error *error) = session->opened;
    session->opened = NULL;
    if (opened)
        opened(session->open_context, error);
    else
        sw_error_free(error);
}

/* ---- the inner connection ---- */

static void on_request(void *context, struct sw_h2_stream *stream, struct sw_pairs headers) {
    struct sw_session *session = context;
    struct sw_call *call = sw_call_accept(session->host, stream, headers, &sw_service_idle_events, NULL);
    if (!call)
        return;
    for (size_t i = 0; i < sw_service_count; i++) {
        if (strcasecmp(sw_services[i].path, sw_call_path(call)))
            continue;
        sw_services[i].serve(session->served, call);
        return;
    }
    sw_call_answer(call, SW_GRPC_UNIMPLEMENTED, "unknown method");
}

static void tunnel_write(void *context, struct sw_bytes bytes) {
    struct sw_session *session = context;
    sw_cleanup_buf struct sw_buf message = {0};
    sw_wire_bytes(&message, 1, bytes);
    if (session->tunnel)
        sw_call_send(session->tunnel, (struct sw_bytes){message.data, message.len});
}

static size_t tunnel_pending(void *context) {
    struct sw_session *session = context;
    return session->tunnel ? sw_call_queued(session->tunnel) : 0;
}

static void stream_write(void *context, struct sw_bytes bytes) {
    struct sw_session *session = context;
    sw_stream_write(session->stream, bytes);
}

static size_t stream_pending(void *context) {
    struct sw_session *session = context;
    return sw_stream_pending(session->stream);
}

/* ---- in the control connection ---- */

static void on_tunnel_message(void *context, struct sw_bytes message) {
    struct sw_session *session = context;
    struct sw_wire_field field;
    while (sw_wire_next(&message, &field) > 0)
        if (field.number == 1 && field.type == SW_WIRE_BYTES && session->h2)
            sw_h2_receive(session->h2, field.bytes);
}

static void on_tunnel_drained(void *context) {
    struct sw_session *session = context;
    if (session->h2)
        sw_h2_pump(session->h2);
}

static void on_tunnel_closed(void *context, const struct sw_grpc_status *status) {
    struct sw_session *session = context;
    session->tunnel = NULL;
    if (!session->closing && status->code != SW_GRPC_OK)
        sw_served_fail(session->served, sw_daemon_error(session->daemon, status, "for a session"));
    if (session->h2)
        sw_h2_lose(session->h2);
}

static const struct sw_call_events tunnel_events = {
    .message = on_tunnel_message, .drained = on_tunnel_drained, .closed = on_tunnel_closed};

static void on_turn(void *context) {
    say_opened(context, NULL);
}

static void open_tunnel(struct sw_session *session, struct sw_pairs metadata) {
    struct sw_h2_carrier carrier = {tunnel_write, tunnel_pending, session};
    session->tunnel = sw_call_start(session->host, session->daemon->h2, "/moby.buildkit.v1.Control/Session", metadata, 0,
                                    &tunnel_events, session);
    session->h2 = sw_h2_new(SW_H2_SERVER, &carrier, on_request, NULL, session);
    sw_h2_pump(session->h2);
    session->dialing = true;
    session->host->timers->after(0, on_turn, session);
}

/* ---- on a connection of its own ---- */

static void on_stream_data(void *context, struct sw_bytes bytes) {
    struct sw_session *session = context;
    sw_h2_receive(session->h2, bytes);
}

static void on_stream_drained(void *context) {
    struct sw_session *session = context;
    sw_h2_pump(session->h2);
}

static void on_stream_ended(void *context, struct sw_error *error) {
    struct sw_session *session = context;
    if (error && !session->closing)
        sw_served_fail(session->served, error);
    else
        sw_error_free(error);
    sw_h2_lose(session->h2);
}

static const struct sw_stream_events stream_events = {
    .data = on_stream_data, .drained = on_stream_drained, .ended = on_stream_ended};

static void on_dialed(void *context, struct sw_stream *stream, struct sw_bytes early, struct sw_error *error) {
    struct sw_session *session = context;
    session->dialing = false;
    if (error) {
        say_opened(session, error);
        return;
    }
    struct sw_h2_carrier carrier = {stream_write, stream_pending, session};
    session->stream = stream;
    session->h2 = sw_h2_new(SW_H2_SERVER, &carrier, on_request, NULL, session);
    sw_stream_listen(stream, &stream_events, session);
    sw_h2_pump(session->h2);
    if (early.len)
        sw_h2_receive(session->h2, early);
    say_opened(session, NULL);
}

/* ---- opening and closing ---- */

struct sw_session *sw_session_open(struct sw_daemon *daemon, struct sw_served *served, const char *shared_key,
                                   void (*done)(void *context, struct sw_error *error), void *context) {
    struct sw_session *session = sw_new(sizeof *session);
    *session = (struct sw_session){
        .host = daemon->host, .daemon = sw_daemon_ref(daemon), .served = served, .opened = done, .open_context = context};
    sw_random_id(session->id);
    struct sw_vec headers = {.width = sizeof(struct sw_pair)};
    sw_vec_push(&headers, &(struct sw_pair){"x-docker-expose-session-uuid", session->id});
    sw_vec_push(&headers, &(struct sw_pair){"x-docker-expose-session-name", "slipway"});
    sw_vec_push(&headers, &(struct sw_pair){"x-docker-expose-session-sharedkey", shared_key});
    for (size_t i = 0; i < sw_service_count; i++)
        sw_vec_push(&headers, &(struct sw_pair){"x-docker-expose-session-grpc-method", sw_services[i].path});
    struct sw_pairs metadata = {headers.data, headers.len};
    if (sw_daemon_is_docker(daemon)) {
        session->dialing = true;
        sw_dial_session(session->host, daemon->endpoint, metadata, on_dialed, session);
    } else {
        open_tunnel(session, metadata);
    }
    sw_vec_fini(&headers);
    return session;
}

static void finish(void *context) {
    struct sw_session *session = context;
    if ((session->dialing && session->opened) || session->served->jobs || session->tunnel) {
        session->host->timers->after(CLOSE_POLL_MS, finish, session);
        return;
    }
    void (*closed)(void *context) = session->closed;
    void *close_context = session->close_context;
    sw_h2_free(session->h2);
    sw_stream_free(session->stream);
    sw_daemon_unref(session->daemon);
    free(session);
    closed(close_context);
}

void sw_session_close(struct sw_session *session, const struct sw_host *host, void (*done)(void *context), void *context) {
    if (!session) {
        host->timers->after(0, done, context);
        return;
    }
    session->closing = true;
    session->closed = done;
    session->close_context = context;
    if (session->h2)
        sw_h2_lose(session->h2);
    if (session->tunnel) {
        sw_call_half_close(session->tunnel);
        sw_call_cancel(session->tunnel);
    }
    host->timers->after(0, finish, session);
}
