/* connect.h - makes the connection of an endpoint: a socket, or ssh.
 *
 * The part of dial.h that blocks. sw_connect_run is [pool]; the others are [loop]. */
#ifndef PLUGINS_BUILDKIT_CONNECT_H
#define PLUGINS_BUILDKIT_CONNECT_H

#include "plugins/buildkit/endpoint.h"
#include "plugins/buildkit/stream.h"

struct sw_connect {
    const struct sw_endpoint *endpoint;
    int fd;
    int child;      /* 0: none */
    int complaints; /* takes the child's standard error, or -1 */
    struct sw_error *error;
};

void sw_connect_init(struct sw_connect *made, const struct sw_endpoint *endpoint);

/* Connects: sets `fd` or `error`. Gives up behind ten seconds. */
void sw_connect_run(struct sw_connect *made);

/* Makes the stream of a connection; TLS where the endpoint says so. Takes what is in `made`. */
struct sw_stream *sw_connect_stream(const struct sw_host *host, struct sw_connect *made, struct sw_error **error);

/* Closes what was not taken. */
void sw_connect_fini(struct sw_connect *made);

#endif
