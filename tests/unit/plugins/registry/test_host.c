#include "tests/unit/plugins/registry/test_host.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/vec.h"

enum { GIVE_UP_MS = 60000, MAX_WATCHES = 256, HASTE = 50 };

struct sw_timer {
    uint64_t at;
    void (*fire)(void *context);
    void *context;
    struct sw_timer *next;
};

struct sw_fd_watch {
    int fd;
    uint32_t events;
    void (*ready)(void *context, uint32_t events);
    void *context;
    struct sw_fd_watch *next;
};

struct sw_cancel_watch {
    struct sw_cancel *cancel;
    void (*fire)(void *context);
    void *context;
    struct sw_cancel_watch *next;
};

struct sw_cancel {
    bool fired;
    struct sw_cancel_watch *watches;
};

static struct sw_timer *timers;
static struct sw_fd_watch *watches;
static struct sw_credential credential;
static unsigned credential_asked;
static char last_log[1024];
static struct {
    const char *name;
    const char *value;
} settings[16];

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static struct sw_timer *exactly_after(uint64_t ms, void (*fire)(void *context), void *context) {
    struct sw_timer *timer = sw_new(sizeof *timer);
    timer->at = now() + ms;
    timer->fire = fire;
    timer->context = context;
    struct sw_timer **at = &timers;
    while (*at && (*at)->at <= timer->at)
        at = &(*at)->next;
    timer->next = *at;
    *at = timer;
    return timer;
}

/* The plugin's pauses pass faster than for others: nobody wants to wait for a back-off. */
static struct sw_timer *after(uint64_t ms, void (*fire)(void *context), void *context) {
    return exactly_after(ms / HASTE, fire, context);
}

static void stop(struct sw_timer *timer) {
    struct sw_timer **at = &timers;
    while (*at && *at != timer)
        at = &(*at)->next;
    if (*at)
        *at = timer->next;
    free(timer);
}

void test_host_after(uint64_t ms, void (*fire)(void *context), void *context) {
    exactly_after(ms, fire, context);
}

static struct sw_fd_watch *watch(int fd, uint32_t events, void (*ready)(void *context, uint32_t events), void *context) {
    struct sw_fd_watch *one = sw_new(sizeof *one);
    *one = (struct sw_fd_watch){fd, events, ready, context, watches};
    watches = one;
    return one;
}

static void change(struct sw_fd_watch *one, uint32_t events) {
    one->events = events;
}

static void unwatch(struct sw_fd_watch *one) {
    struct sw_fd_watch **at = &watches;
    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
    free(one);
}

/* The pool: work is done at once, its end comes from the loop. */
struct work {
    void (*after)(void *context);
    void *context;
};

static void on_work_done(void *context) {
    struct work work = *(struct work *)context;
    free(context);
    work.after(work.context);
}

static void run_work(void (*work)(void *context), void (*done)(void *context), void *context) {
    struct work *one = sw_new(sizeof *one);
    *one = (struct work){done, context};
    work(context);
    after(0, on_work_done, one);
}

static uint32_t width(void) {
    return 1;
}

static bool cancelled(const struct sw_cancel *cancel) {
    return cancel->fired;
}

static struct sw_cancel_watch *watch_cancel(struct sw_cancel *cancel, void (*fire)(void *context), void *context) {
    struct sw_cancel_watch *one = sw_new(sizeof *one);
    *one = (struct sw_cancel_watch){cancel, fire, context, cancel->watches};
    cancel->watches = one;
    return one;
}

static void unwatch_cancel(struct sw_cancel_watch *one) {
    struct sw_cancel_watch **at = &one->cancel->watches;
    while (*at && *at != one)
        at = &(*at)->next;
    if (*at)
        *at = one->next;
    free(one);
}

struct sw_cancel *test_cancel_new(void) {
    return sw_new(sizeof(struct sw_cancel));
}

void test_cancel_fire(struct sw_cancel *cancel) {
    cancel->fired = true;
    while (cancel->watches) {
        struct sw_cancel_watch *one = cancel->watches;
        cancel->watches = one->next;
        one->fire(one->context);
        free(one);
    }
}

void test_cancel_free(struct sw_cancel *cancel) {
    free(cancel);
}

struct lookup {
    void (*done)(void *context, const struct sw_credential *credential, struct sw_error *error);
    void *context;
};

static void on_credential(void *context) {
    struct lookup lookup = *(struct lookup *)context;
    free(context);
    lookup.done(lookup.context, &credential, NULL);
}

static void find_credential(const char *registry,
                            void (*done)(void *context, const struct sw_credential *credential, struct sw_error *error),
                            void *context) {
    (void)registry;
    struct lookup *lookup = sw_new(sizeof *lookup);
    *lookup = (struct lookup){done, context};
    credential_asked++;
    after(0, on_credential, lookup);
}

void test_host_credential(struct sw_credential value) {
    credential = value;
    credential_asked = 0;
}

unsigned test_host_credential_asked(void) {
    return credential_asked;
}

static void log_line(const char *plugin, uint32_t level, const char *text) {
    (void)plugin;
    (void)level;
    snprintf(last_log, sizeof last_log, "%s", text);
}

const char *test_host_last_log(void) {
    return last_log;
}

static const char *setting(const char *plugin, const char *name) {
    (void)plugin;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (settings[i].name && !strcmp(settings[i].name, name))
            return settings[i].value;
    return NULL;
}

void test_host_set(const char *name, const char *value) {
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!settings[i].name || !strcmp(settings[i].name, name)) {
            settings[i].name = name;
            settings[i].value = value;
            return;
        }
}

static void ignore_bytes(struct sw_vertex *vertex, uint64_t done, uint64_t total) {
    (void)vertex;
    (void)done;
    (void)total;
}

static void fire_timers(void) {
    uint64_t time = now();
    while (timers && timers->at <= time) {
        struct sw_timer *timer = timers;
        timers = timer->next;
        timer->fire(timer->context);
        free(timer);
    }
}

static uint32_t events_of(short revents) {
    return (revents & (POLLIN | POLLHUP | POLLERR) ? SW_FD_READ : 0) | (revents & POLLOUT ? SW_FD_WRITE : 0);
}

/* Callbacks may end any watch: each is looked up again before it is called. */
static void call_ready(const struct pollfd *polled, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct sw_fd_watch *one = watches;
        while (one && one->fd != polled[i].fd)
            one = one->next;
        uint32_t events = events_of(polled[i].revents);
        if (one && polled[i].revents && events)
            one->ready(one->context, events);
    }
}

bool test_host_run(const bool *flag) {
    uint64_t end = now() + GIVE_UP_MS;
    while (!*flag) {
        struct pollfd polled[MAX_WATCHES];
        size_t count = 0;
        for (struct sw_fd_watch *one = watches; one && count < MAX_WATCHES; one = one->next)
            polled[count++] = (struct pollfd){
                .fd = one->fd,
                .events = (short)((one->events & SW_FD_READ ? POLLIN : 0) | (one->events & SW_FD_WRITE ? POLLOUT : 0))};
        uint64_t time = now();
        if (time > end || (!count && !timers))
            return false;
        uint64_t wait = !timers ? 1000 : timers->at > time ? timers->at - time : 0;
        poll(polled, count, (int)(wait < 1000 ? wait : 1000));
        call_ready(polled, count);
        fire_timers();
    }
    return true;
}

const struct sw_host *test_host(void) {
    static const struct sw_host_pool pool = {sizeof pool, run_work, width};
    static const struct sw_host_timers timer_table = {sizeof timer_table, after, stop, now};
    static const struct sw_host_fds fds = {sizeof fds, watch, change, unwatch};
    static const struct sw_host_cancel cancel = {sizeof cancel, cancelled, watch_cancel, unwatch_cancel};
    static const struct sw_host_credential credentials = {.size = sizeof credentials, .find = find_credential};
    static const struct sw_host_progress progress = {.size = sizeof progress, .bytes = ignore_bytes};
    static const struct sw_host host = {
        .size = sizeof host,
        .version = "test",
        .log = log_line,
        .setting = setting,
        .pool = &pool,
        .timers = &timer_table,
        .fds = &fds,
        .cancel = &cancel,
        .credential = &credentials,
        .progress = &progress,
    };
    return &host;
}
