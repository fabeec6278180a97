/* timer.h - calls after a time. All on the loop's thread. */
#ifndef CORE_RUNTIME_TIMER_H
#define CORE_RUNTIME_TIMER_H

#include <stdint.h>

struct sw_timer;

/* Calls `fire` once, in `ms` milliseconds. The handle is gone when it fires. */
struct sw_timer *sw_timer_after(uint64_t ms, void (*fire)(void *context), void *context);

/* Ends a timer that has not fired. Takes NULL. */
void sw_timer_stop(struct sw_timer *timer);

/* Lets the loop end although this timer is due. */
void sw_timer_background(struct sw_timer *timer);

#endif
