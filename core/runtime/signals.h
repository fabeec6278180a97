/* signals.h - what the program does when it is sent a signal. All on the loop's thread.
 *
 *  - SIGINT, SIGTERM, SIGHUP: the first one cancels the root token, and the program ends by itself when all work has. A second one
 *    does not wait for that.
 *  - SIGUSR1: what runs is printed (progress.h). */
#ifndef CORE_RUNTIME_SIGNALS_H
#define CORE_RUNTIME_SIGNALS_H

#include <stdbool.h>

/* Starts to listen. On a second signal the groups of all children are killed, all that undo.h holds is undone, and `force` is
 * called, which must end the process. */
void sw_signals_start(void (*force)(int exit_code));
void sw_signals_stop(void);

/* Exit code after a signal, 128 and its number; 0: none came. */
int sw_signals_exit_code(void);

#endif
