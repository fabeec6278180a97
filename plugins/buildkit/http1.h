/* http1.h - what Docker's API needs of HTTP/1.1: one request on one connection, its answer, or the connection itself after an upgrade.
 *
 * All functions are [loop]. */
#ifndef PLUGINS_BUILDKIT_HTTP1_H
#define PLUGINS_BUILDKIT_HTTP1_H

#include "core/base/buf.h"
#include "plugins/buildkit/stream.h"

struct sw_http1_answer {
    uint32_t status;
    struct sw_bytes body;     /* at most 1 MiB; empty when it went into `sink` */
    struct sw_stream *stream; /* after an upgrade: the callee takes it */
    struct sw_bytes early;    /* bytes of the new protocol that came with the answer */
};

struct sw_http1_request {
    const char *method;
    const char *path;
    struct sw_pairs headers; /* besides Host and the body's */
    struct sw_bytes body;    /* copied */
    int body_fd;             /* -1, or a file to send `body_bytes` of from its start; the caller's until `done` */
    uint64_t body_bytes;
    uint32_t patience_s;      /* gives up when the answer has not begun by then; 0: waits */
    const char *upgrade;      /* protocol to change to ("h2c", "tcp"), or NULL */
    int sink;                 /* -1, or where the body of an answer with status 200 goes; the caller's until `done` */
    struct sw_vertex *vertex; /* shows what has come; may be NULL */
    /* `answer` is valid during the call; NULL with an error. The stream is gone unless the answer has it. */
    void (*done)(void *context, const struct sw_http1_answer *answer, struct sw_error *error);
    void *context;
};

struct sw_http1;

/* Takes `stream`. */
struct sw_http1 *sw_http1_start(const struct sw_host *host, struct sw_stream *stream, const struct sw_http1_request *request);

/* Ends it; `done` gets a CANCELLED error, from inside. Not from inside `done`. Takes NULL. */
void sw_http1_abandon(struct sw_http1 *http);

/* ---- parsing, pure ---- */

struct sw_http1_head {
    size_t bytes; /* of the head, with the empty line */
    uint32_t status;
    bool chunked;
    bool has_length;
    uint64_t length;
};

/* Reads an answer's head at the start of `bytes`. 1: done; 0: more is needed; -1: malformed. */
int sw_http1_read_head(struct sw_bytes bytes, struct sw_http1_head *head);

#endif
