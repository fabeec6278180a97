/* workers.h - threads for work that takes as long as a build step takes.
 *
 * The host's pool is for short work; a step would keep one of its threads for minutes. How many run at a time is the caller's
 * business. */
#ifndef PLUGINS_LOCAL_WORKERS_H
#define PLUGINS_LOCAL_WORKERS_H

#include "slipway/host.h"

struct sw_workers;

struct sw_workers *sw_workers_new(const struct sw_host_fds *fds);

/* Runs `work` on a thread, then `after` on the loop's. [loop] */
void sw_workers_run(struct sw_workers *workers, void (*work)(void *context), void (*after)(void *context), void *context);

/* No work may be left. */
void sw_workers_free(struct sw_workers *workers);

#endif
