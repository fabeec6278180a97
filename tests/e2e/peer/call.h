/* call.h - a call of the peer, in either direction, and the ways to end one. */
#ifndef TESTS_E2E_PEER_CALL_H
#define TESTS_E2E_PEER_CALL_H

#include <nghttp2/nghttp2.h>

#include "tests/e2e/peer/peer.h"

enum { PATH_SIZE = 256 };

struct connection;

/* A call in either direction. */
struct call {
    struct connection *connection;
    nghttp2_session *session;
    int32_t id;
    char path[PATH_SIZE];
    struct sw_buf in;
    struct sw_buf out;
    size_t out_at;
    bool deferred;
    bool finished;  /* all to be sent is in `out` */
    char status[8]; /* trailer; "": none */
    char message[256];
    uint64_t due; /* ms; when the answer is due; 0: it is not waited for */
    struct call *next;
};

struct connection {
    const struct plan *plan;
    int fd;
    SSL *tls;
    nghttp2_session *outer;
    nghttp2_session *inner; /* the daemon's side of the session, or NULL */
    struct call *calls;
    struct call *solve, *status, *tunnel;
    bool no_job;       /* the build is over, or never began */
    bool pushes;       /* the result goes into a registry, not to the client */
    struct sw_buf out; /* bytes for the socket */
    uint64_t output_left;

    bool over;
};

uint64_t peer_now(void); /* milliseconds */

/* Whether the call's path ends with `method`. */
bool is(const struct call *call, const char *method);

nghttp2_nv header(const char *name, const char *value); /* borrows both */

/* The headers of an answer, then messages, then the end with a status ("": without one). */
void respond(struct call *call);
void send_message(struct call *call, const struct sw_buf *message);
void finish(struct call *call, const char *status, const char *message);

/* The frame's header alone, and a push for what is put behind it. */
void put_header(struct call *call, uint8_t compressed, size_t size);
void resume(struct call *call);

/* All of an answer; one without a body. */
void answer(struct call *call, const struct sw_buf *message);
void refuse(struct call *call, const char *code, const char *message);

/* Whether the call was answered as the command line wants it, and not as a daemon does (misbehave.c). */
bool is_misbehaved(struct call *call);

#endif
