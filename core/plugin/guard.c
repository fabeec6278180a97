#include "core/plugin/guard.h"

#include <setjmp.h>
#include <signal.h>

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
enum { COUNT = sizeof crashes / sizeof *crashes };

static sigjmp_buf before;
static volatile sig_atomic_t inside;

static void on_crash(int number) {
    if (inside)
        siglongjmp(before, number);
    signal(number, SIG_DFL); /* another thread's: as if we had not been here */
    raise(number);
}

const struct sw_plugin *sw_guard_start(sw_plugin_entry entry, const struct sw_host *host, const char **refusal, int *signal) {
    struct sigaction old[COUNT], handler = {.sa_handler = on_crash, .sa_flags = SA_NODEFER};
    const struct sw_plugin *volatile plugin = NULL;
    for (int i = 0; i < COUNT; i++)
        sigaction(crashes[i], &handler, &old[i]);
    *signal = sigsetjmp(before, 1);
    if (!*signal) {
        inside = 1;
        plugin = entry(host, refusal);
    }
    inside = 0;
    for (int i = 0; i < COUNT; i++)
        sigaction(crashes[i], &old[i], NULL);
    return plugin;
}
