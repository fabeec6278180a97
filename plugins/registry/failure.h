/* failure.h - from what went wrong with a registry to an error that a person can act on. */
#ifndef PLUGINS_REGISTRY_FAILURE_H
#define PLUGINS_REGISTRY_FAILURE_H

#include "plugins/registry/endpoint.h"

/* What to do about missing or wrong credentials; takes the registry's host. */
#define SW_LOGIN_HINT "log in, as by \"docker login %s\": credentials are read from ~/.docker/config.json and its helpers"

/* The first error of an answer's body. A zeroed one is empty; members may be NULL. */
struct sw_complaint {
    char *code;    /* "MANIFEST_UNKNOWN" */
    char *message; /* cleaned: one line, no escape sequences, at most 500 bytes */
};

void sw_complaint_fini(struct sw_complaint *complaint);
#define sw_cleanup_complaint __attribute__((cleanup(sw_complaint_fini)))

/* Reads a body of the distribution specification's form, or of the others that registries and proxies send. */
void sw_complaint_read(struct sw_bytes body, struct sw_complaint *complaint);

/* An error for an answer that is no success. `path` is the repository, or NULL. */
struct sw_error *sw_failure_of_answer(const struct sw_endpoint *endpoint, const struct sw_answer *answer, const char *path);

/* An error for a call that got no whole answer. */
struct sw_error *sw_failure_of_call(const struct sw_endpoint *endpoint, enum sw_http_failure failure, const char *text);

/* Whether another try can help. */
bool sw_failure_is_transient(enum sw_http_failure failure);

/* Logs what the registry says in Warning headers (RFC 7234, code 299), once a text. */
void sw_failure_show_warnings(struct sw_endpoint *endpoint, const struct sw_answer *answer);

#endif
