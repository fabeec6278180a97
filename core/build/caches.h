/* caches.h - cache repositories (--cache-repo): near copies of stages, asked before the primary repository for what it is known to
 * have. */
#ifndef CORE_BUILD_CACHES_H
#define CORE_BUILD_CACHES_H

#include "core/build/session.h"

/* Copies the stages that this run built, or whose layers it downloaded from the primary repository, into the caches that lack them. What
 * fails is a warning. [loop] */
void sw_caches_fill(struct sw_build *build, sw_done done, void *context);

#endif
