/* confine.h - giving up what a process that reads foreign bytes does not need.
 *
 * For the helper program that unpacks layers: afterwards it can work on files below the folders it was given, and little else. */
#ifndef PLUGINS_LOCAL_CONFINE_H
#define PLUGINS_LOCAL_CONFINE_H

#include <stddef.h>

#include "slipway/types.h"

struct sw_confine {
    int writable;        /* a folder */
    const int *readable; /* folders */
    size_t readable_count;
};

/* Limits memory, drops capabilities and paths (where the kernel has Landlock), and allows a short list of system calls. There is no
 * way back. */
bool sw_confine(const struct sw_confine *confine, struct sw_error **error);

#endif
