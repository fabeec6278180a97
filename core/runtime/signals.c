#include "core/runtime/signals.h"

#include <signal.h>
#include <stddef.h>

#include "core/base/alloc.h"
#include "core/runtime/cancel.h"
#include "core/runtime/log.h"
#include "core/runtime/loop_uv.h"
#include "core/runtime/process.h"
#include "core/runtime/progress.h"
#include "core/runtime/undo.h"

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
enum { COUNT = sizeof numbers / sizeof *numbers };

static uv_signal_t *handles[COUNT];
static void (*on_force)(int exit_code);
static int first_signal;

static void end_now(int number) {
    sw_process_kill_all(SIGKILL);
    sw_undo_all();
    on_force(128 + number);
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)handle;
    if (number == SIGUSR1) {
        sw_progress_show_running();
        return;
    }
    if (first_signal) {
        end_now(number);
        return;
    }
    first_signal = number;
    sw_log(SW_LOG_WARN, NULL, "stopping; a second signal ends it at once");
    sw_cancel_fire(sw_cancel_root());
}

void sw_signals_start(void (*force)(int exit_code)) {
    on_force = force;
    first_signal = 0;
    for (int i = 0; i < COUNT; i++) {
        handles[i] = sw_new(sizeof *handles[i]);
        uv_signal_init(sw_loop_uv(), handles[i]);
        handles[i]->data = handles[i];
        uv_signal_start(handles[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)handles[i]);
    }
}

void sw_signals_stop(void) {
    for (int i = 0; i < COUNT; i++) {
        if (handles[i])
            sw_loop_close_handle((uv_handle_t *)handles[i]);
        handles[i] = NULL;
    }
}

int sw_signals_exit_code(void) {
    return first_signal ? 128 + first_signal : 0;
}
