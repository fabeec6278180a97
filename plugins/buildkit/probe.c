#include "plugins/buildkit/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/daemon.h"
#include "plugins/buildkit/pool.h"

enum { MOST_WATCHES = 64, MOST_AT_ONCE = 16, TURN_MS = 1000 };

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

/* ---- work that blocks, on a thread a piece: a daemon that cannot be reached shall not hold up the others ---- */

struct job {
    void (*work)(void *context);
    void (*after)(void *context);
    void *context;
    pthread_t thread;
    struct sw_fd_watch *watch;
    int done[2]; /* a pipe: at its end the work is done */
};

static void *run_job(void *context) {
    struct job *job = context;
    job->work(job->context);
    close(job->done[1]);
    return NULL;
}

static void on_job_done(void *context, uint32_t events);

static void pool_run(void (*work)(void *context), void (*after)(void *context), void *context) {
    struct job *job = sw_new(sizeof *job);
    *job = (struct job){.work = work, .after = after, .context = context};
    bool piped = pipe2(job->done, O_CLOEXEC) == 0;
    if (piped && !pthread_create(&job->thread, NULL, run_job, job)) {
        job->watch = fd_watch(job->done[0], SW_FD_READ, on_job_done, job);
        return;
    }
    if (piped) {
        close(job->done[0]);
        close(job->done[1]);
    }
    work(context);
    free(job);
    timer_after(0, after, context);
}

static void on_job_done(void *context, uint32_t events) {
    struct job *job = context;
    (void)events;
    pthread_join(job->thread, NULL);
    fd_unwatch(job->watch);
    close(job->done[0]);
    timer_after(0, job->after, job->context);
    free(job);
}

static uint32_t pool_width(void) {
    return MOST_AT_ONCE;
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

static int wait_ms(void) {
    uint64_t time = now(), until = time + TURN_MS;
    for (const struct sw_timer *timer = timers; timer; timer = timer->next)
        until = timer->when < until ? timer->when : until;
    return until > time ? (int)(until - time) : 0;
}

static void turn(void) {
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
    poll(fds, count, wait_ms());
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
    size_t pending;         /* daemons that have not answered yet */
};

/* One daemon's answer; kept in the order of the user's addresses. */
struct asked {
    struct probing *probing;
    struct sw_strlist platforms;
    struct sw_error *error;
};

static void on_daemon(void *context, struct sw_daemon *daemon, struct sw_error *error) {
    struct asked *asked = context;
    asked->probing->pending--;
    asked->error = error;
    for (size_t i = 0; daemon && i < daemon->platforms.len; i++)
        if (sw_daemon_runs(daemon, daemon->platforms.items[i]))
            sw_strlist_add(&asked->platforms, daemon->platforms.items[i]);
    sw_daemon_unref(daemon);
}

static void take_answer(struct probing *probing, struct asked *asked) {
    for (size_t i = 0; i < asked->platforms.len; i++)
        if (!sw_strlist_has(probing->platforms, asked->platforms.items[i]))
            sw_strlist_add(probing->platforms, asked->platforms.items[i]);
    if (!probing->error)
        probing->error = sw_steal(&asked->error);
    sw_error_free(asked->error);
    sw_strlist_fini(&asked->platforms);
}

/* Asks some daemons at once; every step of that has a limit of its own. */
static void ask_some(const struct sw_host *host, const struct sw_vec *endpoints, size_t first, struct probing *probing) {
    struct asked asked[MOST_AT_ONCE] = {0};
    size_t count = endpoints->len - first < MOST_AT_ONCE ? endpoints->len - first : MOST_AT_ONCE;
    probing->pending = count;
    for (size_t i = 0; i < count; i++) {
        asked[i].probing = probing;
        sw_daemon_connect(host, sw_vec_at(endpoints, first + i), on_daemon, &asked[i]);
    }
    while (probing->pending || timers)
        turn();
    for (size_t i = 0; i < count; i++)
        take_answer(probing, &asked[i]);
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
    for (size_t first = 0; ok && first < endpoints.len; first += MOST_AT_ONCE)
        ask_some(&own, &endpoints, first, &probing);
    for (size_t i = 0; i < endpoints.len; i++)
        sw_endpoint_fini(sw_vec_at(&endpoints, i));
    sw_vec_fini(&endpoints);
    if (platforms->len) {
        sw_error_free(probing.error);
        return true;
    }
    return ok ? sw_pass(error, probing.error) : false;
}
