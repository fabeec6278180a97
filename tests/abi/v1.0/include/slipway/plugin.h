/* plugin.h - the one symbol a plugin exports, and what stands behind it.
 *
 * A plugin is a shared object with a single visible function:
 *
 *     SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal);
 *
 * The host calls it once, on the loop's thread, before anything else. The plugin keeps `host`, which lives as long as the process,
 * and answers with its descriptor, or with NULL and a static text in `*refusal` that says why it cannot run here.
 *
 * The major version of the ABI is part of the symbol's name. Minor versions only add: members at the end of tables, and extensions.
 * A plugin built against an older minor loads in every newer host. */
#ifndef SLIPWAY_PLUGIN_H
#define SLIPWAY_PLUGIN_H

#include "slipway/backend.h"
#include "slipway/builder.h"
#include "slipway/document.h"
#include "slipway/files.h"
#include "slipway/graph.h"
#include "slipway/host.h"
#include "slipway/image.h"
#include "slipway/store.h"
#include "slipway/types.h"

#define SW_EXPORT __attribute__((visibility("default")))
#define SW_PLUGIN_SYMBOL "slipway_plugin_v1"

enum sw_plugin_kind { SW_PLUGIN_BUILDER = 1, SW_PLUGIN_BACKEND = 2, SW_PLUGIN_STORE = 3 };

struct sw_plugin {
    uint32_t size;
    uint32_t abi_major; /* SW_ABI_MAJOR */
    uint32_t abi_minor; /* oldest minor of the host that it can work with */
    uint32_t kind;      /* enum sw_plugin_kind */
    const char *name;   /* lower case, [a-z0-9-], unique */
    const char *version;
    const char *license;
    const char *homepage;
    const char *summary; /* one line */
    /* The table of its kind. */
    const struct sw_builder *builder;
    const struct sw_backend *backend;
    const struct sw_store *store;
    /* Called last, before the process ends; no call of the plugin is in flight. May be NULL. [loop] */
    void (*stop)(void);
};

typedef const struct sw_plugin *(*sw_plugin_entry)(const struct sw_host *host, const char **refusal);

#endif
