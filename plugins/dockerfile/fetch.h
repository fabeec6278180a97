/* fetch.h - bringing what ADD names by a URL or a git reference to the host, before nodes are made of it.
 *
 * A downloaded file is kept in the plugin's folder and asked for again only if it changed. A repository is fetched by the host, as a
 * commit. So a step depends on what it adds, not on where that was. */
#ifndef PLUGINS_DOCKERFILE_FETCH_H
#define PLUGINS_DOCKERFILE_FETCH_H

#include "plugins/dockerfile/evaluate.h"
#include "plugins/dockerfile/planner.h"

struct sw_df_fetched {
    const char *folder;             /* URL: holds the file; NULL: nothing was fetched */
    const char *name;               /* URL: of the file */
    int64_t mtime;                  /* URL: Last-Modified, or 0 */
    const struct sw_commit *commit; /* GIT */
};

/* `fetched` has an element for each step number, and lives as long as the planner; NULL with an error. */
typedef void (*sw_df_fetch_done)(void *context, struct sw_df_fetched *fetched, struct sw_error *error);

/* Fetches for all steps that were evaluated and are needed by `result`. Under `offline` nothing is fetched. Answers once, possibly
 * from inside the call. [loop] */
void sw_df_fetch(struct sw_df_planner *planner, const struct sw_df_evaluation *evaluation, const struct sw_df_step *result,
                 sw_df_fetch_done done, void *context);

#endif
