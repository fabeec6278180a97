/* remote_library.h - loading the half of the plugin that talks to registries. All functions are [loop]. */
#ifndef PLUGINS_REGISTRY_REMOTE_LIBRARY_H
#define PLUGINS_REGISTRY_REMOTE_LIBRARY_H

#include "plugins/registry/remote.h"

/* Begins to load it on a thread. */
void sw_remote_prepare(void);

/* Its store, loaded and started now at the latest. NULL: `error` says why it cannot be. */
const struct sw_store *sw_remote_store(const struct sw_host *host, struct sw_error **error);

/* Ends it, if it was loaded. */
void sw_remote_end(void);

#endif
