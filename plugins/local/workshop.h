/* workshop.h - what all work of the local backend shares: the host, the store, the runtime. One a process, made on first use. */
#ifndef PLUGINS_LOCAL_WORKSHOP_H
#define PLUGINS_LOCAL_WORKSHOP_H

#include <pthread.h>

#include "core/base/vec.h"
#include "plugins/local/runtime.h"

struct sw_workshop {
    const struct sw_host *host;
    struct sw_strlist platforms; /* that steps can run as: sw_platforms_find */
    pthread_mutex_t lock;        /* of what follows; each is set once */
    struct sw_localstore *store;
    int folder; /* the backend's data folder */
    char *seccomp;
    struct sw_runtime *runtime;
};

void sw_workshop_init(struct sw_workshop *workshop, const struct sw_host *host);
void sw_workshop_fini(struct sw_workshop *workshop);

/* Opens the store. Blocks: not on the loop. Thread-safe, as the next one. */
struct sw_localstore *sw_workshop_store(struct sw_workshop *workshop, struct sw_error **error);

/* Chooses the runtime and compiles the filter. */
bool sw_workshop_runtime(struct sw_workshop *workshop, struct sw_error **error);

#endif
