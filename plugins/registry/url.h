/* url.h - where a request goes: resolving what servers answer, and which of it may be followed.
 *
 * A registry tells its client where to go next (redirects, upload locations, token realms). A hostile one must not send it to the
 * host's own network, nor carry credentials to strangers. Parsing is libcurl's. */
#ifndef PLUGINS_REGISTRY_URL_H
#define PLUGINS_REGISTRY_URL_H

#include "slipway/types.h"

/* A zeroed one is empty. */
struct sw_url {
    char *text; /* absolute, without fragment */
    char *scheme;
    char *host; /* lower case, without brackets */
    char *path;
    uint32_t port; /* the scheme's own when none was given */
};

void sw_url_fini(struct sw_url *url);
#define sw_cleanup_url __attribute__((cleanup(sw_url_fini)))

/* Resolves `location` against `base` (NULL: it must be absolute). Only http and https, without user information. */
bool sw_url_resolve(const char *base, const char *location, struct sw_url *url, struct sw_error **error);

/* Whether scheme, host and port are equal: only then credentials may go along. */
bool sw_url_same_origin(const struct sw_url *a, const struct sw_url *b);

/* Whether a server at `from` may send us to `to`: never from https to http (unless `insecure`), and to a loopback, link-local,
 * private or unspecified address only from one of the same kind. */
bool sw_url_may_follow(const struct sw_url *from, const struct sw_url *to, bool insecure, struct sw_error **error);

/* Whether a host name means this machine: localhost, 127.0.0.0/8, ::1. */
bool sw_host_is_loopback(const char *host);

/* `text` percent-encoded for the value of a query. To be freed. */
char *sw_url_escape(const char *text);

#endif
