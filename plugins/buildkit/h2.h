/* h2.h - one HTTP/2 connection in either role, over anything that carries bytes.
 *
 * nghttp2 does the protocol; this adds outgoing queues, lifetimes and a carrier, which is a socket or a stream of another connection.
 * Nothing here knows of gRPC. All functions are [loop]; events come from inside sw_h2_receive, sw_h2_pump and sw_h2_lose. */
#ifndef PLUGINS_BUILDKIT_H2_H
#define PLUGINS_BUILDKIT_H2_H

#include "slipway/types.h"

struct sw_h2;
struct sw_h2_stream;

enum sw_h2_role { SW_H2_CLIENT, SW_H2_SERVER };

struct sw_h2_carrier {
    void (*write)(void *context, struct sw_bytes bytes);
    size_t (*pending)(void *context); /* written, but not gone yet: above a limit, no more is written until sw_h2_pump */
    void *context;
};

struct sw_h2_events {
    /* A block of headers or trailers has come; valid during the call. */
    void (*headers)(void *context, struct sw_pairs headers);
    void (*data)(void *context, struct sw_bytes bytes);
    /* The peer sends no more. May be NULL. */
    void (*end)(void *context);
    /* There is room for more to write. May be NULL. */
    void (*drained)(void *context);
    /* The stream is over, `code` is an HTTP/2 error code or 0; its handle is gone afterwards. */
    void (*closed)(void *context, uint32_t code);
};

/* `accept` (servers): a request has come, with its headers; it says who listens by sw_h2_listen, or the stream is refused. */
struct sw_h2 *sw_h2_new(enum sw_h2_role role, const struct sw_h2_carrier *carrier,
                        void (*accept)(void *context, struct sw_h2_stream *stream, struct sw_pairs headers),
                        /* The peer says goodbye, or breaks the protocol. Called once; streams may still be alive. */
                        void (*lost)(void *context, const char *why), void *context);

/* Closes all streams, each with its event: before it returns or, called from inside an event, when that has returned. Takes NULL. */
void sw_h2_free(struct sw_h2 *h2);

/* Bytes that the carrier brought. */
void sw_h2_receive(struct sw_h2 *h2, struct sw_bytes bytes);

/* Writes what there is to write, as far as the carrier takes it. To be called when it drained. */
void sw_h2_pump(struct sw_h2 *h2);

/* The carrier is gone: closes all streams, when sw_h2_free would. */
void sw_h2_lose(struct sw_h2 *h2);

bool sw_h2_is_lost(const struct sw_h2 *h2);

/* Begins a request. NULL when the connection is lost. */
struct sw_h2_stream *sw_h2_request(struct sw_h2 *h2, struct sw_pairs headers, const struct sw_h2_events *events, void *context);

void sw_h2_listen(struct sw_h2_stream *stream, const struct sw_h2_events *events, void *context);
void sw_h2_respond(struct sw_h2_stream *stream, struct sw_pairs headers);

void sw_h2_write(struct sw_h2_stream *stream, struct sw_bytes bytes); /* copies */
size_t sw_h2_queued(const struct sw_h2_stream *stream);               /* bytes not yet given to the connection */

/* No more is written. Servers end with trailers, clients with none. */
void sw_h2_finish(struct sw_h2_stream *stream, struct sw_pairs trailers);

void sw_h2_reset(struct sw_h2_stream *stream, uint32_t code);

#endif
