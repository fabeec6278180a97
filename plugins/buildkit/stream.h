/* stream.h - a connected socket, plain or under TLS, that reads by itself and writes when it can.
 *
 * Knows nothing of what the bytes mean. Callbacks come on the loop's thread and never from inside sw_stream_new or sw_stream_write.
 * All functions are [loop]. */
#ifndef PLUGINS_BUILDKIT_STREAM_H
#define PLUGINS_BUILDKIT_STREAM_H

#include <openssl/ssl.h>

#include "slipway/host.h"

struct sw_stream;

struct sw_stream_events {
    void (*data)(void *context, struct sw_bytes bytes);
    /* What was written has mostly left. May be NULL. */
    void (*drained)(void *context);
    /* The peer has ended it, or it broke (`error`, owned by the callee, else NULL; with what a process said that carries it). Nothing
     * comes any more; the stream is still to be freed. */
    void (*ended)(void *context, struct sw_error *error);
};

/* Takes `fd` and `tls` (NULL: plain; else a connection in client mode with its peer's name set, whose handshake is still to be
 * done). `name` is for messages. */
struct sw_stream *sw_stream_new(const struct sw_host *host, int fd, SSL *tls, const char *name);

/* Closes it and ends the child that carries it. May be called from inside a callback. Takes NULL. */
void sw_stream_free(struct sw_stream *stream);

/* Says who listens from now on. */
void sw_stream_listen(struct sw_stream *stream, const struct sw_stream_events *events, void *context);

void sw_stream_write(struct sw_stream *stream, struct sw_bytes bytes); /* copies */
size_t sw_stream_pending(const struct sw_stream *stream);              /* bytes that have not left */

/* Process whose standard streams this is: it ends with the stream. `complaints` is a file that takes its standard error, or -1; taken. */
void sw_stream_own_child(struct sw_stream *stream, int pid, int complaints);

/* From now on, what comes is docker's framing of a process's two output streams; standard error is kept for messages. */
void sw_stream_split_outputs(struct sw_stream *stream);

/* Takes bytes as if they had come, later and before all others: what was read before the stream changed its meaning. */
void sw_stream_inject(struct sw_stream *stream, struct sw_bytes bytes);

const char *sw_stream_name(const struct sw_stream *stream);

#endif
