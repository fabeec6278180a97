#include "core/runtime/loop.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/runtime/loop_uv.h"

struct call {
    void (*function)(void *context);
    void *context;
    struct call *next;
};

static struct {
    bool started;
    pthread_t thread;
    uv_loop_t uv;
    uv_async_t wake;
    pthread_mutex_t lock; /* guards what follows */
    struct call *first;
    struct call **last;
    bool stop;
} loop = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct call *take_calls(bool *stop) {
    pthread_mutex_lock(&loop.lock);
    struct call *calls = loop.first;
    loop.first = NULL;
    loop.last = &loop.first;
    *stop = loop.stop;
    loop.stop = false;
    pthread_mutex_unlock(&loop.lock);
    return calls;
}

static void on_wake(uv_async_t *wake) {
    bool stop;
    struct call *call = take_calls(&stop);
    uv_unref((uv_handle_t *)wake);
    while (call) {
        struct call *next = call->next;
        call->function(call->context);
        free(call);
        call = next;
    }
    if (stop)
        uv_stop(&loop.uv);
}

bool sw_loop_start(struct sw_error **error) {
    assert(!loop.started);
    int status = uv_loop_init(&loop.uv);
    if (status)
        return sw_fail(error, SW_ERROR_INTERNAL, "cannot start the event loop: %s", uv_strerror(status));
    status = uv_async_init(&loop.uv, &loop.wake, on_wake);
    if (status) {
        uv_loop_close(&loop.uv);
        return sw_fail(error, SW_ERROR_INTERNAL, "cannot start the event loop: %s", uv_strerror(status));
    }
    loop.wake.data = NULL;
    uv_unref((uv_handle_t *)&loop.wake);
    loop.thread = pthread_self();
    loop.last = &loop.first;
    loop.stop = false;
    loop.started = true;
    signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is an error of that write */
    return true;
}

void sw_loop_run(void) {
    uv_run(sw_loop_uv(), UV_RUN_DEFAULT);
}

void sw_loop_stop(void) {
    pthread_mutex_lock(&loop.lock);
    loop.stop = true;
    pthread_mutex_unlock(&loop.lock);
    if (sw_loop_is_here())
        uv_ref((uv_handle_t *)&loop.wake);
    uv_async_send(&loop.wake);
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void sw_loop_close_handle(uv_handle_t *handle) {
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void close_leftover(uv_handle_t *handle, void *context) {
    (void)context;
    sw_loop_close_handle(handle);
}

void sw_loop_end(void) {
    if (!loop.started)
        return;
    uv_walk(&loop.uv, close_leftover, NULL);
    uv_run(&loop.uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop.uv);
    bool stop;
    for (struct call *call = take_calls(&stop), *next; call; call = next) {
        next = call->next;
        free(call);
    }
    loop.started = false;
}

void sw_loop_later(void (*function)(void *context), void *context) {
    struct call *call = sw_new(sizeof *call);
    *call = (struct call){function, context, NULL};
    pthread_mutex_lock(&loop.lock);
    *loop.last = call;
    loop.last = &call->next;
    pthread_mutex_unlock(&loop.lock);
    /* Another thread runs for a request that keeps the loop turning; only calls made here must do so themselves. */
    if (sw_loop_is_here())
        uv_ref((uv_handle_t *)&loop.wake);
    uv_async_send(&loop.wake);
}

bool sw_loop_is_here(void) {
    return loop.started && pthread_equal(loop.thread, pthread_self());
}

uint64_t sw_loop_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uv_loop_t *sw_loop_uv(void) {
    assert(loop.started);
    return &loop.uv;
}
