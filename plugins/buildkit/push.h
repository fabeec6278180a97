/* push.h - results that a daemon puts into the registry itself.
 *
 * It pushes by digest, so that nothing is under a name before the host has looked at it: the host reads which layers there are, and
 * writes config and manifest as for every other backend. Daemons before 0.13 cannot set the times in layers, Docker's own has no such
 * exporter: their results come here, and so do those that a daemon fails to push. All functions are pure. */
#ifndef PLUGINS_BUILDKIT_PUSH_H
#define PLUGINS_BUILDKIT_PUSH_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "plugins/buildkit/daemon.h"
#include "slipway/backend.h"

struct sw_push {
    const char *repo; /* NULL: the result comes here */
    int64_t epoch;
    bool insecure;     /* the registry speaks plain http, or has a certificate that nobody knows */
    char *base_config; /* owned; with the layers that stay as they are */
};

/* How the result with `parts` (of struct sw_stack_part) of a solve leaves the daemon. */
void sw_push_init(struct sw_push *push, const struct sw_host *host, const struct sw_solve *solve, const struct sw_daemon *daemon,
                  const struct sw_vec *parts);
void sw_push_fini(struct sw_push *push);

/* Attributes of the exporter "image". All memory is `arena`'s. */
struct sw_pairs sw_push_attributes(const struct sw_push *push, struct sw_arena *arena);

#endif
