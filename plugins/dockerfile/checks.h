/* checks.h - whether what a context takes is committed, looked at while the stage is looked up.
 *
 * The answer needs one look at every file of the context, which takes longer than all else in a build with nothing to do, and nothing
 * depends on it until something would be built or the build would end well. So the planner answers with its stage at once, and with the
 * refusal, if it comes to one, when it is asked what comes behind. */
#ifndef PLUGINS_DOCKERFILE_CHECKS_H
#define PLUGINS_DOCKERFILE_CHECKS_H

#include "slipway/builder.h"

struct sw_df_checks;

/* For files of `commit` below `scope`; both live as long as the checks. */
struct sw_df_checks *sw_df_checks_new(const struct sw_host *host, const struct sw_commit *commit, const char *scope);

/* Waits for a look that is still being taken. Takes NULL. [loop] */
void sw_df_checks_free(struct sw_df_checks *checks);

/* What must be committed: files that both filters let through. Before the start. What the filters point to must live on. [any] */
void sw_df_checks_add(struct sw_df_checks *checks, const struct sw_filter filters[2]);

/* Begins to look, on the pool. Once. [loop] */
void sw_df_checks_start(struct sw_df_checks *checks);

/* Calls `done` when the look has been taken, which may be at once; `error` is the first refusal, given away. Once, after the start; not
 * after sw_df_checks_free. [loop] */
void sw_df_checks_wait(struct sw_df_checks *checks, void (*done)(void *context, struct sw_error *error), void *context);

#endif
