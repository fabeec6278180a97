/* pool.h - the daemons that there are, and which one is to build what.
 *
 * Addresses come from the user's settings, once. An image goes to the same daemon each time, as long as that is there, so that caches stay
 * warm; when a daemon is gone, its images spread over the others (rendezvous hashing). All functions are [loop]. */
#ifndef PLUGINS_BUILDKIT_POOL_H
#define PLUGINS_BUILDKIT_POOL_H

#include "plugins/buildkit/daemon.h"

struct sw_pool;

/* NULL and `error` when the addresses make no sense. */
struct sw_pool *sw_pool_new(const struct sw_host *host, struct sw_error **error);
void sw_pool_free(struct sw_pool *pool);

size_t sw_pool_count(const struct sw_pool *pool);
const struct sw_endpoint *sw_pool_endpoint(const struct sw_pool *pool, size_t index);

/* Numbers of all daemons in the order in which `what` should try them; `order` has room for sw_pool_count. Pure. */
void sw_pool_rank(const struct sw_pool *pool, const char *what, size_t *order);

/* Gives a daemon that runs `platform`: the first in the order of `what` that can be reached, and that is not at one of the endpoints in
 * `avoid` (of const struct sw_endpoint *; NULL: none). When nothing has to run there (`runs` is false: files are only copied), any other
 * one will do. Connections are kept and shared. `done` gets a reference, or the reason why no daemon is left. */
void sw_pool_take(struct sw_pool *pool, const char *what, const char *platform, bool runs, const struct sw_vec *avoid,
                  void (*done)(void *context, struct sw_daemon *daemon, struct sw_error *error), void *context);

#endif
