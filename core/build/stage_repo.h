/* stage_repo.h - a repository that stages are looked up in: the project's own, or a secondary one. */
#ifndef CORE_BUILD_STAGE_REPO_H
#define CORE_BUILD_STAGE_REPO_H

#include "core/base/vec.h"
#include "core/build/stage_id.h"
#include "slipway/store.h"

struct sw_stage_repo {
    const char *address;
    const char *name; /* as it stands in names of images */
    const struct sw_store *store;
    struct sw_repo *repo; /* NULL while nothing has been asked */
    struct sw_stage_index index;
    struct sw_vec waiters; /* for the listing */
    bool listing;
    bool listed;
    struct sw_error *error; /* of the listing */
};

/* Lists the repository's tags into its index, once; later calls are answered at once, and so is a failure. [loop] */
void sw_stage_repo_list(struct sw_stage_repo *place, struct sw_cancel *cancel, sw_done done, void *context);

/* Nothing may be in flight; `repo` stays the caller's. */
void sw_stage_repo_fini(struct sw_stage_repo *place);

#endif
