/* caches.h - cache repositories (--cache-repo): near copies of stages, asked before the primary repository for what it is known to
 * have. */
#ifndef CORE_BUILD_CACHES_H
#define CORE_BUILD_CACHES_H

#include "core/build/session.h"

/* Copies the stages that this run built, or whose layers it downloaded from the primary repository, into the caches that lack them. What
 * fails is a warning. [loop] */
void sw_caches_fill(struct sw_build *build, sw_done done, void *context);

/* The next cache that is to be asked, the first one with `*next` 0, and moves `*next` past it; NULL when there is none any more. [loop] */
const struct sw_extra_repo *sw_cache_next(const struct sw_build *build, size_t *next);

/* A cache that fails costs time, never the build: it is warned of once and left alone for the rest of the build, unless just one thing in
 * it is broken. The caller keeps `error`. [loop] */
void sw_cache_failed(struct sw_build *build, const struct sw_extra_repo *cache, const struct sw_error *error);

#endif
