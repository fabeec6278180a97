/* dial.h - from an endpoint to a connected stream.
 *
 * Sockets are connected on a pool thread, since names have to be looked up; ssh is a child whose standard streams are the connection.
 * What is spoken over the stream is not known here, but for the detour that a container's daemon is reached by. All functions are
 * [loop]. */
#ifndef PLUGINS_BUILDKIT_DIAL_H
#define PLUGINS_BUILDKIT_DIAL_H

#include "plugins/buildkit/endpoint.h"
#include "plugins/buildkit/stream.h"

/* A stream whose first byte is the daemon's, and what of the daemon's bytes came already. `early` is valid during the call; the
 * callee takes the stream. */
typedef void (*sw_dial_done)(void *context, struct sw_stream *stream, struct sw_bytes early, struct sw_error *error);

/* Connects to what listens there: a BuildKit daemon, or Docker's API. `endpoint` lives until `done`. */
void sw_dial_raw(const struct sw_host *host, const struct sw_endpoint *endpoint, sw_dial_done done, void *context);

/* Connects and goes on to where HTTP/2 of the daemon's control API begins. */
void sw_dial_control(const struct sw_host *host, const struct sw_endpoint *endpoint, sw_dial_done done, void *context);

/* As sw_dial_control, for the session that `headers` describe, by Docker's route: only for Docker endpoints. */
void sw_dial_session(const struct sw_host *host, const struct sw_endpoint *endpoint, struct sw_pairs headers, sw_dial_done done,
                     void *context);

/* What Docker said in a refusal: its "message", or the status. A new error. */
struct sw_error *sw_docker_refusal(const char *name, uint32_t status, struct sw_bytes body);

#endif
