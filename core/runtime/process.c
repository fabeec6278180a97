#include "core/runtime/process.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/runtime/cancel.h"
#include "core/runtime/loop_uv.h"
#include "core/runtime/spawn.h"
#include "core/runtime/timer.h"
#include "core/runtime/watch.h"

enum {
    READ_SIZE = 64 * 1024,
    DRAIN_MS = 1000, /* how long strays of the group may hold the output open after the child itself has ended */
};

struct stream {
    struct sw_process *process;
    struct sw_fd_watch *watch; /* NULL: ended */
    int fd;
    int number; /* 1 or 2 */
};

struct sw_process {
    struct sw_process *next;
    pid_t pid;
    bool ended; /* but not reaped yet: its id, and so its group's, stays taken until then */
    bool terminal;
    struct stream streams[2];
    struct sw_timer *timer; /* of the grace, or of draining */
    struct sw_cancel_watch *cancel;
    void (*output)(void *context, int stream, struct sw_bytes bytes);
    void (*exited)(void *context, const struct sw_process_exit *how);
    void *context;
};

static struct sw_process *running;
static uv_signal_t *child_signal; /* on while something runs */

void sw_process_kill(struct sw_process *process, int signal) {
    kill(-process->pid, signal);
}

void sw_process_kill_all(int signal) {
    for (struct sw_process *process = running; process; process = process->next)
        sw_process_kill(process, signal);
}

static struct sw_process_exit reap(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    struct sw_process_exit how = {.size = sizeof how, .status = -1};
    if (WIFEXITED(status))
        how.status = WEXITSTATUS(status);
    else if (WIFSIGNALED(status))
        how.signal = WTERMSIG(status);
    return how;
}

static void forget(struct sw_process *process) {
    struct sw_process **link = &running;
    while (*link != process)
        link = &(*link)->next;
    *link = process->next;
    if (!running) {
        sw_loop_close_handle((uv_handle_t *)child_signal);
        child_signal = NULL;
    }
}

static void finish(struct sw_process *process) {
    sw_timer_stop(process->timer);
    sw_cancel_unwatch(process->cancel);
    forget(process);
    struct sw_process_exit how = reap(process->pid);
    if (process->terminal)
        sw_spawn_reclaim_terminal();
    if (process->exited)
        process->exited(process->context, &how);
    free(process);
}

static void finish_if_over(struct sw_process *process) {
    if (process->ended && !process->streams[0].watch && !process->streams[1].watch)
        finish(process);
}

static void close_stream(struct stream *stream) {
    sw_fd_unwatch(stream->watch);
    stream->watch = NULL;
    sw_close(&stream->fd);
}

static void on_output(void *context, uint32_t events) {
    (void)events;
    static char buffer[READ_SIZE];
    struct stream *stream = context;
    struct sw_process *process = stream->process;
    ssize_t len = read(stream->fd, buffer, sizeof buffer);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len > 0) {
        if (process->output)
            process->output(process->context, stream->number, (struct sw_bytes){buffer, (size_t)len});
        return;
    }
    close_stream(stream);
    finish_if_over(process);
}

static void on_drain_over(void *context) {
    struct sw_process *process = context;
    process->timer = NULL;
    sw_process_kill(process, SIGKILL);
    close_stream(&process->streams[0]);
    close_stream(&process->streams[1]);
    finish(process);
}

static void on_ended(struct sw_process *process) {
    process->ended = true;
    sw_timer_stop(process->timer);
    process->timer = NULL;
    if (process->streams[0].watch || process->streams[1].watch)
        process->timer = sw_timer_after(DRAIN_MS, on_drain_over, process);
    finish_if_over(process);
}

static bool has_ended(const struct sw_process *process) {
    siginfo_t info = {0};
    return !waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid == process->pid;
}

static struct sw_process *find_ended(void) {
    for (struct sw_process *process = running; process; process = process->next)
        if (!process->ended && has_ended(process))
            return process;
    return NULL;
}

static void on_child_signal(uv_signal_t *signal, int number) {
    (void)signal, (void)number;
    struct sw_process *process;
    while ((process = find_ended())) /* from the start each time: a callback may start and end children */
        on_ended(process);
}

static void watch_children(void) {
    if (child_signal)
        return;
    child_signal = sw_new(sizeof *child_signal);
    uv_signal_init(sw_loop_uv(), child_signal);
    child_signal->data = child_signal;
    uv_signal_start(child_signal, on_child_signal, SIGCHLD);
}

static void on_grace_over(void *context) {
    struct sw_process *process = context;
    process->timer = NULL;
    sw_process_kill(process, SIGKILL);
}

static void on_cancelled(void *context) {
    struct sw_process *process = context;
    sw_process_kill(process, SIGTERM);
    if (!process->timer)
        process->timer = sw_timer_after(SW_PROCESS_GRACE_MS, on_grace_over, process);
}

static void open_stream(struct sw_process *process, int number, int fd) {
    struct stream *stream = &process->streams[number - 1];
    *stream = (struct stream){.process = process, .fd = fd, .number = number};
    if (fd >= 0)
        stream->watch = sw_fd_watch(fd, SW_FD_READ, on_output, stream);
}

struct sw_process *sw_process_spawn(const struct sw_process_options *options, struct sw_error **error) {
    struct sw_spawned child;
    watch_children(); /* before the child can end */
    if (!sw_spawn(options, &child, error)) {
        if (!running) {
            sw_loop_close_handle((uv_handle_t *)child_signal);
            child_signal = NULL;
        }
        return NULL;
    }
    struct sw_process *process = sw_new(sizeof *process);
    process->next = running;
    process->pid = child.pid;
    process->terminal = options->flags & SW_PROCESS_TERMINAL;
    process->output = options->output;
    process->exited = options->exited;
    process->context = options->context;
    running = process;
    open_stream(process, 1, child.output[0]);
    open_stream(process, 2, child.output[1]);
    process->cancel = sw_cancel_watch(options->cancel, on_cancelled, process);
    return process;
}
