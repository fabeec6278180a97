/* solver.h - runs what is missing of graphs: all solves of the process, side by side.
 *
 * A solve is planned against the store first; then its tasks run as soon as what they need is there. Solves that need the same
 * snapshot or blob share the task; another process that is making it is waited for, and what it made is taken. All on the loop,
 * the work itself on threads. */
#ifndef PLUGINS_LOCAL_SOLVER_H
#define PLUGINS_LOCAL_SOLVER_H

#include "plugins/local/workers.h"
#include "plugins/local/workshop.h"
#include "slipway/backend.h"

struct sw_solver;

struct sw_solver *sw_solver_new(struct sw_workshop *workshop, struct sw_workers *workers);

/* No solve may be running. */
void sw_solver_free(struct sw_solver *solver);

/* `solve` as in struct sw_backend. */
void sw_solver_solve(struct sw_solver *solver, const struct sw_solve *solve);

#endif
