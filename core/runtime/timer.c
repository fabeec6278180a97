#include "core/runtime/timer.h"

#include "core/base/alloc.h"
#include "core/runtime/loop_uv.h"

struct sw_timer {
    uv_timer_t uv;
    void (*fire)(void *context);
    void *context;
};

static void on_time(uv_timer_t *uv) {
    struct sw_timer *timer = uv->data;
    sw_loop_close_handle((uv_handle_t *)uv); /* frees in a later turn */
    timer->fire(timer->context);
}

struct sw_timer *sw_timer_after(uint64_t ms, void (*fire)(void *context), void *context) {
    struct sw_timer *timer = sw_new(sizeof *timer);
    uv_timer_init(sw_loop_uv(), &timer->uv);
    timer->uv.data = timer;
    timer->fire = fire;
    timer->context = context;
    uv_update_time(sw_loop_uv()); /* the turn may have begun long ago */
    uv_timer_start(&timer->uv, on_time, ms, 0);
    return timer;
}

void sw_timer_stop(struct sw_timer *timer) {
    if (timer)
        sw_loop_close_handle((uv_handle_t *)&timer->uv);
}

void sw_timer_background(struct sw_timer *timer) {
    uv_unref((uv_handle_t *)&timer->uv);
}
