/* peer.h - a BuildKit daemon for tests: it speaks the daemon's protocol over real sockets and TLS, and misbehaves as it is told.
 *
 * It runs no steps. A call is answered by what a daemon answers when all goes well, unless the command line says otherwise for its method.
 * It shares no code with the plugin, so that both do not agree on the same mistake. */
#ifndef TESTS_E2E_PEER_H
#define TESTS_E2E_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

/* How one method is to be answered. */
struct behaviour {
    const char *method; /* "Ping", "Control/Solve": what its path ends with */
    const char *kind;   /* see `kinds` in misbehave.c */
    const char *detail; /* behind the colon, or "" */
};

struct plan {
    const char *platform;
    const char *version;      /* "": it has no Info */
    const char *image;        /* file that is sent as the build's result, or NULL */
    const char *push_failure; /* why it cannot push, or NULL: it says that it has, and the responses say what */
    const char *refuse_cap;   /* the capability that it has not, or NULL */
    uint64_t log_bytes;       /* output of the step */
    int log;                  /* a line a call goes here */
    const char *responses[8]; /* "KEY=VALUE": of the exporter; ends with NULL */
    struct behaviour behaviours[16];
};

/* Serves one connection until it ends. Takes both; `tls` may be NULL. */
void peer_serve(const struct plan *plan, int fd, SSL *tls);

/* ---- protobuf, written by hand (messages.c) ---- */

void put_number(struct sw_buf *buf, uint32_t field, uint64_t value);
void put_bytes(struct sw_buf *buf, uint32_t field, const void *data, size_t len);
void put_text(struct sw_buf *buf, uint32_t field, const char *text);
void put_buf(struct sw_buf *buf, uint32_t field, const struct sw_buf *message);

/* Takes a length-delimited field off `data`; false at the end, or when it is malformed. Other kinds are skipped. */
bool next_bytes(const uint8_t **data, size_t *len, uint32_t *field, const uint8_t **bytes, size_t *bytes_len);

/* Writes what a request of Control/Solve or LLBBridge/Solve asks for into the log: a line for each exporter and cache, with its type and
 * attributes. Whether the result is to be pushed. */
bool log_solve(int log, const uint8_t *request, size_t len);

/* ---- messages: appended to `buf` ---- */

void workers_message(const struct plan *plan, struct sw_buf *buf);
void info_message(const struct plan *plan, struct sw_buf *buf);
void pong_message(const struct plan *plan, struct sw_buf *buf);
void solved_message(struct sw_buf *buf);
void exported_message(const struct plan *plan, struct sw_buf *buf);
void step_begins_message(struct sw_buf *buf);
void step_output_message(struct sw_buf *buf, size_t bytes);
void step_ends_message(struct sw_buf *buf);

#endif
