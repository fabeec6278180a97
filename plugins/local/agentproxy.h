/* agentproxy.h - an ssh agent's socket for a step: with the owner and mode that the mount asks for, which the user's own socket has not.
 *
 * What comes in on the new socket goes to the agent's, and back. The thread that does it ends with the step. */
#ifndef PLUGINS_LOCAL_AGENTPROXY_H
#define PLUGINS_LOCAL_AGENTPROXY_H

#include <sys/types.h>

#include "slipway/types.h"

struct sw_agentproxy;

struct sw_agentproxy_options {
    const char *agent; /* path of the agent's socket on the host */
    int folder;        /* where the new one is made … */
    const char *name;  /* … under this name */
    uid_t uid;
    gid_t gid;
    mode_t mode;
};

/* Strings are copied. NULL and `error`. */
struct sw_agentproxy *sw_agentproxy_start(const struct sw_agentproxy_options *options, struct sw_error **error);

/* Ends it, with all connections. Takes NULL. */
void sw_agentproxy_stop(struct sw_agentproxy *proxy);

#endif
