/* solve.h - one solve of the host: a daemon is chosen, what is wanted is built there, and results are brought home. [loop] */
#ifndef PLUGINS_BUILDKIT_SOLVE_H
#define PLUGINS_BUILDKIT_SOLVE_H

#include "plugins/buildkit/pool.h"
#include "slipway/backend.h"

/* As struct sw_backend.solve. */
void sw_solve_start(const struct sw_host *host, struct sw_pool *pool, const struct sw_solve *solve);

/* Ends a solve that cannot even begin, in a later turn; takes `error`. */
void sw_solve_refuse(const struct sw_host *host, const struct sw_solve *solve, struct sw_error *error);

#endif
