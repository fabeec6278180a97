/* http.h - HTTP requests on the host's loop: libcurl's multi interface, driven by the host's descriptors and timers.
 *
 * One call is one request and one answer. Redirects, authentication and retries are not its business (exchange.h); what it adds to
 * libcurl is bounds on everything that a server can send. All functions are [loop] but where
 * they say otherwise. */
#ifndef PLUGINS_REGISTRY_HTTP_H
#define PLUGINS_REGISTRY_HTTP_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "slipway/host.h"

struct sw_http;
struct sw_http_call;

enum sw_http_failure {
    SW_HTTP_OK = 0,
    SW_HTTP_RESOLVE,         /* the name has no address */
    SW_HTTP_CONNECT,         /* nobody listens, or the network does not lead there */
    SW_HTTP_PROXY,           /* the proxy did not let us through */
    SW_HTTP_TLS_PROTOCOL,    /* the other side does not speak TLS as we do */
    SW_HTTP_TLS_CERTIFICATE, /* the certificate was not accepted */
    SW_HTTP_BROKEN,          /* the connection ended before the answer did */
    SW_HTTP_TIMEOUT,         /* it was too slow */
    SW_HTTP_LIMIT,           /* the answer is not what HTTP allows, or greater than we read */
    SW_HTTP_REFUSED,         /* the sink did not take the body */
    SW_HTTP_SOURCE,          /* what was to be sent could not be read */
};

/* An answer, borrowed during `done`. */
struct sw_answer {
    uint32_t status;
    struct sw_strlist headers; /* "Name: value", of the last header block */
    struct sw_buf body;        /* unless the sink got it */
    bool body_cut;             /* of an error: it was longer than we read */
    char *url;
};

/* The value of the first header `name`; NULL when there is none. Borrowed. */
const char *sw_answer_header(const struct sw_answer *answer, const char *name);

/* All values of header `name`, borrowed strings in a new list to be ended with sw_vec_fini. */
struct sw_vec sw_answer_headers(const struct sw_answer *answer, const char *name);
struct sw_strings sw_header_values(const struct sw_vec *values);

/* How to trust a server. Strings may be NULL. Lives as long as the calls that use it. */
struct sw_tls {
    bool verify;
    char *ca;   /* certificates in PEM to trust instead of the system's */
    char *cert; /* client's certificate file */
    char *key;
};

/* Borrowed until `done`, but for the strings and `body`, which are copied or read from there: they must live as long. */
struct sw_http_request {
    const char *method;
    const char *url;
    struct sw_strings headers;
    const struct sw_tls *tls;
    const char *proxy; /* "": none */
    bool has_body;
    struct sw_bytes body;
    int body_fd; /* -1: `body` */
    uint64_t body_offset;
    uint64_t body_bytes; /* of the descriptor */
    uint64_t limit;      /* of the answer's body, when the answer is a success */
    uint32_t patience;   /* seconds without progress; 0: 60 */
    bool once;           /* bytes that were sent must not be sent again behind the caller's back */
    bool bulk;           /* a big body: gets a connection of its own */
    /* Gets the body of a 2xx answer in pieces; false ends the call with SW_HTTP_REFUSED. NULL: it is collected. */
    bool (*sink)(void *context, const struct sw_answer *answer, const void *data, size_t len);
    void (*sent)(void *context, uint64_t bytes); /* of the body so far; may be NULL */
    /* `text` says what was wrong, for a person. */
    void (*done)(void *context, const struct sw_answer *answer, enum sw_http_failure failure, const char *text);
    void *context;
};

/* Starts libcurl, once and before all else. [any] */
void sw_http_load(void);

/* NULL: libcurl does not start. */
struct sw_http *sw_http_new(const struct sw_host *host);
/* No call may be open. */
void sw_http_free(struct sw_http *http);

struct sw_http_call *sw_http_send(struct sw_http *http, const struct sw_http_request *request);

/* Ends a call whose `done` has not come; it will not come any more. Takes NULL. Not from inside a sink. */
void sw_http_cancel(struct sw_http_call *call);

#endif
