/* session.h - the session of a build: the daemon calls us through it, for files, secrets, agents, credentials, and to hand its output
 * over.
 *
 * HTTP/2 in the server's role, in a stream of the control connection (Control/Session) or on a connection of its own that Docker hands
 * over (POST /session). What is served is in services.h. All functions are [loop]. */
#ifndef PLUGINS_BUILDKIT_SESSION_H
#define PLUGINS_BUILDKIT_SESSION_H

#include "plugins/buildkit/daemon.h"
#include "plugins/buildkit/served.h"

struct sw_session;

/* Opens a session that serves `served`, which lives until it is closed. `done` may fail. */
struct sw_session *sw_session_open(struct sw_daemon *daemon, struct sw_served *served, const char *shared_key,
                                   void (*done)(void *context, struct sw_error *error), void *context);

const char *sw_session_id(const struct sw_session *session);

/* Closes it; `done` comes in a later turn, when nothing of `served` is used any more. NULL closes at once. */
void sw_session_close(struct sw_session *session, const struct sw_host *host, void (*done)(void *context), void *context);

#endif
