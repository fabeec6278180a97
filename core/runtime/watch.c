#include "core/runtime/watch.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/runtime/loop_uv.h"

struct sw_fd_watch {
    uv_poll_t uv;
    uint32_t events;
    void (*ready)(void *context, uint32_t events);
    void *context;
};

static int to_uv(uint32_t events) {
    return (events & SW_FD_READ ? UV_READABLE : 0) | (events & SW_FD_WRITE ? UV_WRITABLE : 0) |
           (events & SW_FD_CLOSED ? UV_DISCONNECT : 0);
}

static void on_poll(uv_poll_t *uv, int status, int events) {
    struct sw_fd_watch *watch = uv->data;
    uint32_t ready = (events & UV_READABLE ? SW_FD_READ : 0u) | (events & UV_WRITABLE ? SW_FD_WRITE : 0u) |
                     (events & UV_DISCONNECT ? SW_FD_CLOSED : 0u);
    if (status < 0) /* the next read or write of the caller says what is wrong */
        ready = watch->events;
    watch->ready(watch->context, ready);
}

struct sw_fd_watch *sw_fd_watch(int fd, uint32_t events, void (*ready)(void *context, uint32_t events), void *context) {
    struct sw_fd_watch *watch = sw_new(sizeof *watch);
    if (uv_poll_init(sw_loop_uv(), &watch->uv, fd)) {
        free(watch);
        return NULL;
    }
    watch->uv.data = watch;
    watch->ready = ready;
    watch->context = context;
    sw_fd_change(watch, events);
    return watch;
}

void sw_fd_change(struct sw_fd_watch *watch, uint32_t events) {
    watch->events = events;
    if (events)
        uv_poll_start(&watch->uv, to_uv(events), on_poll);
    else
        uv_poll_stop(&watch->uv);
}

void sw_fd_unwatch(struct sw_fd_watch *watch) {
    if (watch)
        sw_loop_close_handle((uv_handle_t *)&watch->uv);
}
