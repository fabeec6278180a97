/* mounts.h - getting the files of a step's mounts: snapshots mounted, caches locked, sockets found. */
#ifndef PLUGINS_LOCAL_MOUNTS_H
#define PLUGINS_LOCAL_MOUNTS_H

#include "plugins/local/stack.h"
#include "plugins/local/step.h"
#include "plugins/local/store.h"

struct sw_mounts_wish {
    struct sw_stacks *stacks;
    const struct sw_op_exec *op;
    const char *plan_id;
    const struct sw_work *work;
};

struct sw_mounts {
    struct sw_localstore *store;
    struct sw_vec mounts; /* of struct sw_step_mount */
    struct sw_vec drafts; /* of struct sw_draft *: upper layers of writable binds, thrown away */
    struct sw_vec caches; /* of struct held_cache */
};

enum sw_mounts_got {
    SW_MOUNTS_GOT,
    SW_MOUNTS_BUSY, /* somebody has a locked cache: ask again later */
    SW_MOUNTS_FAILED,
};

/* All or nothing. */
enum sw_mounts_got sw_mounts_get(const struct sw_mounts_wish *wish, struct sw_mounts *mounts, struct sw_error **error);
void sw_mounts_fini(struct sw_mounts *mounts);

#endif
