/* runtime.h - choosing the OCI runtime that runs the steps, by trying. */
#ifndef PLUGINS_LOCAL_RUNTIME_H
#define PLUGINS_LOCAL_RUNTIME_H

#include "plugins/local/step.h"
#include "plugins/local/store.h"

struct sw_runtime_wish {
    struct sw_localstore *store;
    const char *setting; /* a program's name or path that the user asks for; NULL: crun, else runc */
    const char *seccomp; /* sw_seccomp_program */
    int folder;          /* where the answer is kept until the program changes */
};

/* The first one that can run a step here, under the filter. To be freed. */
struct sw_runtime *sw_runtime_choose(const struct sw_runtime_wish *wish, struct sw_error **error);
void sw_runtime_free(struct sw_runtime *runtime);

#endif
