/* endpoint.h - addresses of BuildKit daemons: what they mean, and where they come from when the user names none.
 *
 *   unix:///run/buildkit/buildkitd.sock       a daemon's socket
 *   tcp://HOST:PORT[?tls=|ca=&cert=&key=&name=]
 *                                             a daemon, with mutual TLS when certificates, or a folder of them, are named
 *   ssh://[USER@]HOST[:PORT][/SOCKET]         `buildctl dial-stdio` at the other end of ssh
 *   docker://                                 the BuildKit inside the user's Docker daemon
 *   docker:///SOCKET, docker://HOST:PORT      … inside that one
 *   docker+ssh://[USER@]HOST[:PORT]           … at the other end of ssh
 *   docker-container://NAME                   `buildctl dial-stdio` in a container of the user's Docker daemon
 *
 * Each may end with "?platform=linux/arm64" (joined by '&' to others), which says what it is to be used for. Connects nowhere. */
#ifndef PLUGINS_BUILDKIT_ENDPOINT_H
#define PLUGINS_BUILDKIT_ENDPOINT_H

#include "core/base/vec.h"
#include "slipway/host.h"

enum sw_endpoint_speaks { SW_ENDPOINT_BUILDKIT, SW_ENDPOINT_DOCKER, SW_ENDPOINT_CONTAINER };
enum sw_endpoint_carrier { SW_ENDPOINT_UNIX, SW_ENDPOINT_TCP, SW_ENDPOINT_SSH };

struct sw_endpoint {
    char *address; /* as it is shown */
    enum sw_endpoint_speaks speaks;
    enum sw_endpoint_carrier carrier;
    char *path;      /* UNIX: socket; SSH: the daemon's socket over there, or NULL */
    char *user;      /* SSH, or NULL */
    char *host;      /* TCP, SSH */
    char *port;      /* TCP; SSH: or NULL */
    char *container; /* CONTAINER */
    bool tls;
    bool insecure; /* TLS without a look at the daemon's certificate: docker contexts can say so */
    char *ca, *cert, *key;
    char *server_name; /* expected in the certificate; NULL: `host` */
    char *platform;    /* the only one to use it for; NULL: what it says itself */
};

void sw_endpoint_fini(struct sw_endpoint *endpoint);

/* Reads one address; the settings "buildkit-tls-ca", "-cert", "-key", "-name" and "-dir" hold for tcp:// addresses that do not name their
 * own. docker:// and docker-container:// look at DOCKER_HOST, DOCKER_CONTEXT and docker's configuration. */
bool sw_endpoint_parse(const struct sw_host *host, const char *address, struct sw_endpoint *endpoint, struct sw_error **error);

/* All addresses to use, in the user's order, as struct sw_endpoint appended to `endpoints`: the setting "buildkit-addr" (joined by
 * commas), else BUILDKIT_HOST, else the user's Docker daemon. */
bool sw_endpoints_find(const struct sw_host *host, struct sw_vec *endpoints, struct sw_error **error);

#endif
