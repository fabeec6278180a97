/* remote.h - the half of the plugin that talks to registries: a shared object of its own.
 *
 * libcurl and the twenty libraries behind it take 3 ms of CPU to load and to start, which most commands have no use for. So the plugin
 * loads this half when a repository is opened, or ahead of that on a thread (remote_library.h). */
#ifndef PLUGINS_REGISTRY_REMOTE_H
#define PLUGINS_REGISTRY_REMOTE_H

#include "slipway/host.h"
#include "slipway/store.h"

struct sw_remote {
    /* Starts the libraries. [any], before all others. */
    void (*load)(void);
    /* The store of bare addresses; it has no schemes. NULL: libcurl does not start. [loop] */
    const struct sw_store *(*start)(const struct sw_host *host);
    void (*stop)(void); /* [loop] */
};

/* The one symbol of the object, and its name. */
#define SW_REMOTE_SYMBOL "sw_registry_remote"
extern const struct sw_remote sw_registry_remote __attribute__((visibility("default")));

#endif
