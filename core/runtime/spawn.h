/* spawn.h - starting one child: fork, descriptors, exec. What becomes of it afterwards is process.h's. */
#ifndef CORE_RUNTIME_SPAWN_H
#define CORE_RUNTIME_SPAWN_H

#include <sys/types.h>

#include "slipway/host.h"

struct sw_spawned {
    pid_t pid;     /* also the id of its process group */
    int output[2]; /* read ends of its standard output and error, non-blocking; -1 when it has the host's */
};

/* Starts the child in a session and group of its own (with SW_PROCESS_TERMINAL: only a group, in the terminal's foreground). All
 * other descriptors are closed for it, signals are as new, and the kernel kills it when the calling thread ends. */
bool sw_spawn(const struct sw_process_options *options, struct sw_spawned *child, struct sw_error **error);

/* Takes the terminal's foreground back from a child that had it. */
void sw_spawn_reclaim_terminal(void);

#endif
