/* overlay.h - overlayfs mounts that nobody can see.
 *
 * A mount is made, but not attached to any path: its descriptor is the root of the merged files, to be used with openat and its
 * kin, or to be moved into the namespace of a step. It is gone when the last descriptor is closed, so also when the process is
 * killed. Thread-safe. */
#ifndef PLUGINS_LOCAL_OVERLAY_H
#define PLUGINS_LOCAL_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "slipway/types.h"

/* The kernel's own limit. */
enum { SW_OVERLAY_LOWERS = 500 };

enum sw_overlay_way {
    SW_OVERLAY_BEST = 0,      /* the newest interface that the kernel has */
    SW_OVERLAY_STRINGS = 1,   /* layers named one by one (Linux 6.5) */
    SW_OVERLAY_OLD_MOUNT = 2, /* mount(2): few layers, since its options must fit one page */
};

struct sw_overlay {
    const int *lowers; /* folders, topmost first; at least one if there is no upper, and two if nothing else makes them differ */
    size_t lower_count;
    int upper;    /* -1: read-only */
    int work;     /* an empty folder on the same file system, a new one for each mount */
    bool devices; /* device nodes in it can be opened */
    enum sw_overlay_way way;
};

/* The descriptor of the merged root (O_PATH), to be closed; -1 and `error`. */
int sw_overlay_mount(const struct sw_overlay *overlay, struct sw_error **error);

/* Whether mounts here are made inside a user namespace, and whiteouts and opaque folders are marked accordingly. */
bool sw_overlay_in_user_namespace(void);

#endif
