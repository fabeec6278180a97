/* process.h - child processes: started, listened to, ended. All on the loop's thread. */
#ifndef CORE_RUNTIME_PROCESS_H
#define CORE_RUNTIME_PROCESS_H

#include "slipway/host.h"

/* How long a cancelled child may take to end after SIGTERM, before its group gets SIGKILL. */
enum { SW_PROCESS_GRACE_MS = 5000 };

/* Starts a child. `options` and all it points to are only borrowed for the call. Once `options->exited` was called the handle is
 * gone. When `options->cancel` is cancelled the group gets SIGTERM, and SIGKILL after the grace. */
struct sw_process *sw_process_spawn(const struct sw_process_options *options, struct sw_error **error);

/* Sends `signal` to the child's whole group. */
void sw_process_kill(struct sw_process *process, int signal);

/* Sends `signal` to the groups of all children that run. */
void sw_process_kill_all(int signal);

/* Result of a child that was waited for as a whole. `output` and `errors` hold at most the limit asked for, and are NUL-terminated;
 * all is valid during `done` only. */
struct sw_process_result {
    struct sw_process_exit exit;
    struct sw_bytes output;
    struct sw_bytes errors;
    bool timed_out;
    bool too_long; /* output went past the limit */
};

/* Runs a child to its end and keeps its output. `options->output`, `->exited` and `->context` are not used. After `timeout_ms`
 * (0: never), or when its output grows past `limit` bytes, the group is killed. `done` is called once unless the start failed. */
bool sw_process_run(const struct sw_process_options *options, uint64_t timeout_ms, size_t limit,
                    void (*done)(void *context, const struct sw_process_result *result), void *context, struct sw_error **error);

#endif
