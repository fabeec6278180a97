#include "plugins/local/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

struct job {
    struct sw_workers *workers;
    void (*work)(void *context);
    void (*after)(void *context);
    void *context;
    struct job *next;
};

struct sw_workers {
    const struct sw_host_fds *fds;
    int signal; /* an eventfd: jobs have ended */
    struct sw_fd_watch *watch;
    size_t running; /* the loop's own count */
    pthread_mutex_t lock;
    struct job *first, **last; /* ended ones, in order */
};

struct sw_workers *sw_workers_new(const struct sw_host_fds *fds) {
    struct sw_workers *workers = sw_new(sizeof *workers);
    workers->fds = fds;
    workers->signal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    workers->last = &workers->first;
    pthread_mutex_init(&workers->lock, NULL);
    return workers;
}

void sw_workers_free(struct sw_workers *workers) {
    if (!workers)
        return;
    sw_close(&workers->signal);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

static void hand_back(struct job *job) {
    struct sw_workers *workers = job->workers;
    pthread_mutex_lock(&workers->lock);
    *workers->last = job;
    workers->last = &job->next;
    uint64_t one = 1;
    ssize_t written = write(workers->signal, &one, sizeof one);
    (void)written;
    pthread_mutex_unlock(&workers->lock);
}

static void *run(void *context) {
    struct job *job = context;
    job->work(job->context);
    hand_back(job);
    return NULL;
}

static void on_ended(void *context, uint32_t events) {
    (void)events;
    struct sw_workers *workers = context;
    uint64_t count;
    ssize_t len = read(workers->signal, &count, sizeof count);
    (void)len;
    pthread_mutex_lock(&workers->lock);
    struct job *job = workers->first;
    workers->first = NULL;
    workers->last = &workers->first;
    pthread_mutex_unlock(&workers->lock);
    while (job) {
        struct job ended = *job;
        free(job);
        job = ended.next;
        workers->running--;
        ended.after(ended.context);
    }
    /* A watched descriptor keeps the loop alive. */
    if (!workers->running && workers->watch) {
        workers->fds->unwatch(workers->watch);
        workers->watch = NULL;
    }
}

void sw_workers_run(struct sw_workers *workers, void (*work)(void *context), void (*after)(void *context), void *context) {
    struct job *job = sw_new(sizeof *job);
    *job = (struct job){.workers = workers, .work = work, .after = after, .context = context};
    if (!workers->watch)
        workers->watch = workers->fds->watch(workers->signal, SW_FD_READ, on_ended, workers);
    workers->running++;
    /* Signals are for the loop's thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    /* Without a thread it takes longer, but is done. */
    if (pthread_create(&thread, &attributes, run, job))
        run(job);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
