#include "plugins/buildkit/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/daemon.h"
#include "plugins/buildkit/pool.h"

enum { MOST_WATCHES = 32, PATIENCE_MS = 20 * 1000 };

/* ---- a loop of our own ---- */

struct sw_fd_watch {
    int fd;
    uint32_t events;
    void (*ready)(void *context, uint32_t events);
    void *context;
    bool used;
};

struct sw_timer {
    uint64_t when;
    void (*fire)(void *context);
    void *context;
    struct sw_timer *next;
};

static struct sw_fd_watch watches[MOST_WATCHES];
static struct sw_timer *timers;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static struct sw_timer *timer_after(uint64_t ms, void (*fire)(void *context), void *context) {
    struct sw_timer *timer = sw_new(sizeof *timer);
    *timer = (struct sw_timer){.when = now() + ms, .fire = fire, .context = context, .next = timers};
    timers = timer;
    return timer;
}

static void timer_stop(struct sw_timer *timer) {
    for (struct sw_timer **link = &timers; timer && *link; link = &(*link)->next)
        if (*link == timer) {
            *link = timer->next;
            free(timer);
            return;
        }
}

static struct sw_fd_watch *fd_watch(int fd, uint32_t events, void (*ready)(void *context, uint32_t events), void *context) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    for (size_t i = 0; i < MOST_WATCHES; i++) {
        if (watches[i].used)
            continue;
        watches[i] = (struct sw_fd_watch){fd, events, ready, context, true};
        return &watches[i];
    }
    return NULL;
}

static void fd_change(struct sw_fd_watch *watch, uint32_t events) {
    if (watch)
        watch->events = events;
}

static void fd_unwatch(struct sw_fd_watch *watch) {
    if (watch)
        watch->used = false;
}

/* Work that blocks simply does. */
static void pool_run(void (*work)(void *context), void (*after)(void *context), void *context) {
    work(context);
    timer_after(0, after, context);
}

static uint32_t pool_width(void) {
    return 1;
}

static void fire_timers(void) {
    uint64_t time = now();
    for (struct sw_timer *timer = timers; timer;) {
        if (timer->when > time) {
            timer = timer->next;
            continue;
        }
        void (*fire)(void *context) = timer->fire;
        void *context = timer->context;
        timer_stop(timer);
        fire(context);
        timer = timers; /* the list may be another one now */
    }
}

static int wait_ms(uint64_t deadline) {
    uint64_t until = deadline, time = now();
    for (const struct sw_timer *timer = timers; timer; timer = timer->next)
        until = timer->when < until ? timer->when : until;
    return until > time ? (int)(until - time) : 0;
}

static void turn(uint64_t deadline) {
    struct pollfd fds[MOST_WATCHES];
    size_t numbers[MOST_WATCHES];
    nfds_t count = 0;
    for (size_t i = 0; i < MOST_WATCHES; i++) {
        if (!watches[i].used || !watches[i].events)
            continue;
        short events = (short)((watches[i].events & SW_FD_READ ? POLLIN : 0) | (watches[i].events & SW_FD_WRITE ? POLLOUT : 0));
        numbers[count] = i;
        fds[count++] = (struct pollfd){.fd = watches[i].fd, .events = events};
    }
    poll(fds, count, wait_ms(deadline));
    for (nfds_t i = 0; i < count; i++) {
        struct sw_fd_watch *watch = &watches[numbers[i]];
        if (fds[i].revents && watch->used && watch->fd == fds[i].fd)
            watch->ready(watch->context, fds[i].revents & POLLOUT ? SW_FD_READ | SW_FD_WRITE : SW_FD_READ);
    }
    fire_timers();
}

/* ---- the talk ---- */

struct probing {
    struct sw_strlist *platforms;
    struct sw_error *error; /* the first one */
    bool ended;
};

static void on_daemon(void *context, struct sw_daemon *daemon, struct sw_error *error) {
    struct probing *probing = context;
    probing->ended = true;
    if (error) {
        if (probing->error)
            sw_error_free(error);
        else
            probing->error = error;
        return;
    }
    for (size_t i = 0; i < daemon->platforms.len; i++) {
        const char *platform = daemon->platforms.items[i];
        if (!sw_strlist_has(probing->platforms, platform) && sw_daemon_runs(daemon, platform))
            sw_strlist_add(probing->platforms, platform);
    }
    sw_daemon_unref(daemon);
}

static void drain(void) {
    while (timers)
        turn(now());
}

bool sw_probe_platforms(const struct sw_host *host, struct sw_strlist *platforms, struct sw_error **error) {
    static const struct sw_host_fds fds = {sizeof fds, fd_watch, fd_change, fd_unwatch};
    static const struct sw_host_timers own_timers = {sizeof own_timers, timer_after, timer_stop, now};
    static const struct sw_host_pool pool = {sizeof pool, pool_run, pool_width};
    struct sw_host own = *host;
    own.fds = &fds;
    own.timers = &own_timers;
    own.pool = &pool;
    struct sw_vec endpoints = {.width = sizeof(struct sw_endpoint)};
    struct probing probing = {.platforms = platforms};
    bool ok = sw_endpoints_find(host, &endpoints, error);
    for (size_t i = 0; ok && i < endpoints.len; i++) {
        uint64_t deadline = now() + PATIENCE_MS;
        probing.ended = false;
        sw_daemon_connect(&own, sw_vec_at(&endpoints, i), on_daemon, &probing);
        while (!probing.ended) /* every step has a limit of its own */
            turn(deadline);
        drain();
    }
    for (size_t i = 0; i < endpoints.len; i++)
        sw_endpoint_fini(sw_vec_at(&endpoints, i));
    sw_vec_fini(&endpoints);
    if (platforms->len) {
        sw_error_free(probing.error);
        return true;
    }
    return ok ? sw_pass(error, probing.error) : false;
}
