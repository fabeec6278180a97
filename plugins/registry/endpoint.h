/* endpoint.h - what this process knows of one registry host.
 *
 * Scheme, trust, pauses it asked for, and which blobs it was seen to hold. There is one for each host and it lives as long as the
 * plugin, so that all requests to a host share what was learned. All functions are [loop]. */
#ifndef PLUGINS_REGISTRY_ENDPOINT_H
#define PLUGINS_REGISTRY_ENDPOINT_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "plugins/registry/http.h"
#include "plugins/registry/url.h"

struct sw_auth;
struct sw_exchange;

/* The plugin's own world. A zeroed one with `host` and `http` set is ready. */
struct sw_client {
    const struct sw_host *host;
    struct sw_http *http;
    struct sw_map endpoints;       /* struct sw_endpoint by host */
    struct sw_exchange *exchanges; /* that are open: exchange.c */
    uint32_t patience;             /* seconds without progress after which a call fails; 0: the usual */
};

enum sw_scheme { SW_SCHEME_UNKNOWN = 0, SW_SCHEME_HTTP, SW_SCHEME_HTTPS };

struct sw_endpoint {
    struct sw_client *client;
    char *host;      /* as references name it, lower case: "docker.io" */
    char *authority; /* where its API is: "registry-1.docker.io" */
    bool insecure;   /* plain http and unverified certificates are fine */
    bool loopback;
    enum sw_scheme scheme; /* that answered */
    struct sw_tls tls;
    struct sw_auth *auth;
    struct sw_vec mirrors; /* struct sw_endpoint *, to be read from first; of Docker Hub only */
    uint64_t paused_until; /* by the host's clock, in milliseconds */
    uint64_t requests;
    uint64_t retries;
    struct sw_map warnings; /* that it sent and that were shown */
    struct sw_map blobs;    /* "PATH@DIGEST" of blobs that are known to be there */
    struct sw_map uploads;  /* "PATH@DIGEST" of blobs on their way: upload.c */
};

/* The endpoint of a host, made on first use. NULL when its certificates cannot be read. Borrowed. */
struct sw_endpoint *sw_client_endpoint(struct sw_client *client, const char *host, struct sw_error **error);

/* Where to read from, in turn: the mirrors of the endpoint, and at last itself. NULL behind the last one. */
struct sw_endpoint *sw_endpoint_source(struct sw_endpoint *endpoint, size_t turn);

/* Frees all endpoints. No request may be open. */
void sw_client_fini(struct sw_client *client);

/* The scheme to try first; the second one, or SW_SCHEME_UNKNOWN. */
enum sw_scheme sw_endpoint_first_scheme(const struct sw_endpoint *endpoint);
enum sw_scheme sw_endpoint_other_scheme(const struct sw_endpoint *endpoint, enum sw_scheme tried);

/* "https://HOST" PATH. To be freed. */
char *sw_endpoint_url(const struct sw_endpoint *endpoint, enum sw_scheme scheme, const char *path);

/* Whether one more retry is within what a struggling registry can bear; counts it then. */
bool sw_endpoint_may_retry(struct sw_endpoint *endpoint);

void sw_endpoint_remember_blob(struct sw_endpoint *endpoint, const char *path, const char *digest);
bool sw_endpoint_knows_blob(const struct sw_endpoint *endpoint, const char *path, const char *digest);
void sw_endpoint_forget_blobs(struct sw_endpoint *endpoint);

/* Whether a list of settings ("true", or hosts separated by commas) names `host`. `setting` may be NULL. */
bool sw_setting_names_host(const char *setting, const char *host);

#endif
