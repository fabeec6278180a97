/* status.h - a build's progress: the daemon's Status stream becomes lines of progress. All functions are [loop]. */
#ifndef PLUGINS_BUILDKIT_STATUS_H
#define PLUGINS_BUILDKIT_STATUS_H

#include "plugins/buildkit/daemon.h"

struct sw_status;

/* Follows build `ref`; `parent` may be NULL. */
struct sw_status *sw_status_follow(struct sw_daemon *daemon, const char *ref, struct sw_vertex *parent);

/* Ends it: waits for what is still to come, then calls `done` in a later turn; what failed can be asked for until that returns. The lines
 * that are open end as `state` (enum sw_vertex_state). */
void sw_status_end(struct sw_status *status, uint32_t state, void (*done)(void *context), void *context);

/* Digest of the vertex that failed first, its output's last lines, and its message; NULL: none. Borrowed until the end. */
const char *sw_status_failed_digest(const struct sw_status *status);
const char *sw_status_failed_output(const struct sw_status *status);
const char *sw_status_failed_message(const struct sw_status *status);

/* Whether anything had to run: false when all vertices were cached so far. */
bool sw_status_ran(const struct sw_status *status);

#endif
