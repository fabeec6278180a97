/* watch.h - readiness of file descriptors (pipes, sockets, terminals). All on the loop's thread. */
#ifndef CORE_RUNTIME_WATCH_H
#define CORE_RUNTIME_WATCH_H

#include <stdint.h>

#include "slipway/host.h"

/* Calls `ready` whenever one of `events` (enum sw_fd_events) holds, until `sw_fd_unwatch`. The descriptor becomes non-blocking and
 * stays the caller's. NULL when it cannot be watched, as regular files cannot: they are always ready. */
struct sw_fd_watch *sw_fd_watch(int fd, uint32_t events, void (*ready)(void *context, uint32_t events), void *context);

/* Watches for other events; 0 pauses. */
void sw_fd_change(struct sw_fd_watch *watch, uint32_t events);

/* Ends the watch; `ready` is not called any more. To be called before the descriptor is closed. Takes NULL. */
void sw_fd_unwatch(struct sw_fd_watch *watch);

#endif
