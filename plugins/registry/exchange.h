/* exchange.h - one request to a registry, with all that it takes to have it answered.
 *
 * Finds the scheme, gets permission, follows redirects without carrying credentials to strangers, waits and tries again when the
 * registry is busy. What remains is an answer for the caller to judge, or an error. All functions are [loop]. */
#ifndef PLUGINS_REGISTRY_EXCHANGE_H
#define PLUGINS_REGISTRY_EXCHANGE_H

#include "plugins/registry/endpoint.h"

struct sw_exchange;

enum sw_repeat {
    SW_REPEAT_SAFE = 0, /* asking twice is as good as once */
    SW_REPEAT_NEVER,    /* the caller knows better what to do when the outcome is not known */
};

/* How an exchange ended. Borrowed during `done`, except `error`. */
struct sw_outcome {
    const struct sw_answer *answer; /* NULL when there is none */
    struct sw_error *error;         /* when there is no answer; the callee owns it */
    bool transient;                 /* another try may help */
};

/* `url` is a path on the endpoint ("/v2/…") or absolute. Text and lists are copied; `body` must live until `done`. */
struct sw_exchange_request {
    struct sw_endpoint *endpoint;
    const char *method;
    const char *url;
    struct sw_strings headers;
    struct sw_strings scopes;
    enum sw_repeat repeat;
    uint64_t delay; /* milliseconds to wait before the first try */
    bool has_body;
    struct sw_bytes body;
    int body_fd; /* -1: `body` */
    uint64_t body_offset;
    uint64_t body_bytes;
    uint64_t limit;
    bool bulk;
    struct sw_cancel *cancel; /* may be NULL */
    bool (*sink)(void *context, const struct sw_answer *answer, const void *data, size_t len);
    void (*sent)(void *context, uint64_t bytes);
    /* Comes exactly once, never from inside sw_exchange_start. */
    void (*done)(void *context, struct sw_outcome *outcome);
    void *context;
};

void sw_exchange_start(const struct sw_exchange_request *request);

/* Drops all open exchanges without calling their `done`. */
void sw_exchange_abandon_all(struct sw_client *client);

#endif
