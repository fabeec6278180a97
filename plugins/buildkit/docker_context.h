/* docker_context.h - which Docker daemon the user's configuration means: DOCKER_HOST, DOCKER_CONTEXT, the current context of
 * config.json, the default socket, in this order. */
#ifndef PLUGINS_BUILDKIT_DOCKER_CONTEXT_H
#define PLUGINS_BUILDKIT_DOCKER_CONTEXT_H

#include "slipway/types.h"

struct sw_docker_place {
    char *host;            /* "unix:///run/docker.sock", "tcp://…", "ssh://…" */
    char *ca, *cert, *key; /* NULL: none */
    bool tls;
    bool insecure;
};

void sw_docker_place_fini(struct sw_docker_place *place);

bool sw_docker_place_find(struct sw_docker_place *place, struct sw_error **error);

#endif
