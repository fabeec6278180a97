/* loop.h - the one event loop of the process.
 *
 * Everything asynchronous ends up as a call on the thread that runs this loop, "the loop's thread". The loop knows nothing of what
 * it drives: timers, descriptors, children and pool work are modules of their own. There is one loop a process because the table
 * that plugins get has no place for a second one. Tests start and end it as often as they like. */
#ifndef CORE_RUNTIME_LOOP_H
#define CORE_RUNTIME_LOOP_H

#include <stdbool.h>

#include "slipway/types.h"

/* Starts the loop; the calling thread becomes the loop's thread. */
bool sw_loop_start(struct sw_error **error);

/* Turns until `sw_loop_stop`, or until nothing is left that could happen. [loop] */
void sw_loop_run(void);

/* Makes `sw_loop_run` return after the current turn. [any] */
void sw_loop_stop(void);

/* Closes what is still open (their callbacks are not called) and frees the loop. [loop] */
void sw_loop_end(void);

/* Calls `call` on the loop's thread, in a later turn and in the order of the requests. [any] */
void sw_loop_later(void (*call)(void *context), void *context);

/* Whether the caller is the loop's thread. [any] */
bool sw_loop_is_here(void);

/* Monotonic time in milliseconds. [any] */
uint64_t sw_loop_now(void);

#endif
