#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/runtime/process.h"
#include "core/runtime/timer.h"

struct run {
    struct sw_process *process;
    struct sw_timer *timer;
    struct sw_buf streams[2];
    size_t limit;
    bool timed_out;
    bool too_long;
    void (*done)(void *context, const struct sw_process_result *result);
    void *context;
};

static void on_output(void *context, int stream, struct sw_bytes bytes) {
    struct run *run = context;
    struct sw_buf *kept = &run->streams[stream - 1];
    size_t room = run->limit - kept->len;
    if (bytes.len > room && !run->too_long) {
        run->too_long = true;
        sw_process_kill(run->process, SIGKILL);
    }
    sw_buf_add(kept, bytes.data, bytes.len < room ? bytes.len : room);
}

static void on_timeout(void *context) {
    struct run *run = context;
    run->timer = NULL;
    run->timed_out = true;
    sw_process_kill(run->process, SIGKILL);
}

/* What a child says may be a secret: it does not stay behind in freed memory. */
static void wipe(struct sw_buf *buf) {
    if (buf->data)
        explicit_bzero(buf->data, buf->cap);
    sw_buf_fini(buf);
}

static void on_exited(void *context, const struct sw_process_exit *how) {
    struct run *run = context;
    struct sw_process_result result = {
        .exit = *how,
        .output = {sw_buf_text(&run->streams[0]), run->streams[0].len},
        .errors = {sw_buf_text(&run->streams[1]), run->streams[1].len},
        .timed_out = run->timed_out,
        .too_long = run->too_long,
    };
    sw_timer_stop(run->timer);
    run->done(run->context, &result);
    wipe(&run->streams[0]);
    wipe(&run->streams[1]);
    free(run);
}

bool sw_process_run(const struct sw_process_options *options, uint64_t timeout_ms, size_t limit,
                    void (*done)(void *context, const struct sw_process_result *result), void *context, struct sw_error **error) {
    struct run *run = sw_new(sizeof *run);
    run->limit = limit;
    run->done = done;
    run->context = context;
    struct sw_process_options own = *options;
    own.output = on_output;
    own.exited = on_exited;
    own.context = run;
    run->process = sw_process_spawn(&own, error);
    if (!run->process) {
        free(run);
        return false;
    }
    if (timeout_ms)
        run->timer = sw_timer_after(timeout_ms, on_timeout, run);
    return true;
}
