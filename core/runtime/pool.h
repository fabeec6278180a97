/* pool.h - long or blocking work on threads, its completion on the loop's thread.
 *
 * Work must not wait for other work of the pool: when all threads did so, none would be left to end it. */
#ifndef CORE_RUNTIME_POOL_H
#define CORE_RUNTIME_POOL_H

#include <stdint.h>

/* Runs `work` on a pool thread, then `after` (may be NULL) on the loop's thread. [loop] */
void sw_pool_run(void (*work)(void *context), void (*after)(void *context), void *context);

/* Number of processors that this process may use: how many pieces parallel work should be cut into. [any] */
uint32_t sw_pool_width(void);

#endif
