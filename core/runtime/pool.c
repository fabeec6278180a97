#include "core/runtime/pool.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/runtime/loop_uv.h"

enum { MIN_THREADS = 8, MAX_THREADS = 64 };

struct job {
    uv_work_t uv;
    void (*work)(void *context);
    void (*after)(void *context);
    void *context;
};

static void on_thread(uv_work_t *uv) {
    struct job *job = uv->data;
    job->work(job->context);
}

static void on_done(uv_work_t *uv, int status) {
    (void)status; /* jobs are never cancelled behind our back */
    struct job *job = uv->data;
    if (job->after)
        job->after(job->context);
    free(job);
}

uint32_t sw_pool_width(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set))
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (uint32_t)count : 1;
}

/* libuv reads the number of threads from the environment when the first job comes. Twice the processors, since jobs also wait for
 * disks. The variable is taken back so that children do not inherit it. */
static void queue_first(uv_work_t *uv) {
    uint32_t threads = 2 * sw_pool_width();
    threads = threads < MIN_THREADS ? MIN_THREADS : threads > MAX_THREADS ? MAX_THREADS : threads;
    char text[16];
    snprintf(text, sizeof text, "%u", threads);
    sw_hash_prepare();
    setenv("UV_THREADPOOL_SIZE", text, 1);
    uv_queue_work(sw_loop_uv(), uv, on_thread, on_done);
    unsetenv("UV_THREADPOOL_SIZE");
}

void sw_pool_run(void (*work)(void *context), void (*after)(void *context), void *context) {
    static bool used;
    struct job *job = sw_new(sizeof *job);
    *job = (struct job){.work = work, .after = after, .context = context};
    job->uv.data = job;
    if (!used) {
        used = true;
        queue_first(&job->uv);
        return;
    }
    uv_queue_work(sw_loop_uv(), &job->uv, on_thread, on_done);
}
