/* plugins.h - finds plugins, loads them, and keeps those that are loaded and those that were refused. All on the loop's thread.
 *
 * A plugin that cannot be used is refused by name, with the reason, and the rest works on. Plugins stay loaded until the process
 * ends. They come from the installed folder, from SLIPWAY_PLUGIN_PATH and from the host's own configuration, never from a project. */
#ifndef CORE_PLUGIN_PLUGINS_H
#define CORE_PLUGIN_PLUGINS_H

#include "slipway/plugin.h"

struct sw_plugins;

struct sw_plugin_refusal {
    const char *path;
    const char *reason;
};

struct sw_plugins *sw_plugins_new(const struct sw_host *host);

/* Stops all plugins, the last one first, and frees the set. Takes NULL. */
void sw_plugins_free(struct sw_plugins *plugins);

/* Loads from all places in their order: the installed folder, the folders in SLIPWAY_PLUGIN_PATH (separated by ':'), then
 * `configured` files and folders. */
void sw_plugins_load_all(struct sw_plugins *plugins, struct sw_strings configured);

/* Loads a file, or all files "*.so" of a folder in bytewise order. A file that is loaded already is left out; a folder that does not
 * exist is refused when it was named `explicitly`. */
enum sw_plugins_origin { SW_PLUGINS_DEFAULT, SW_PLUGINS_EXPLICIT };
void sw_plugins_load(struct sw_plugins *plugins, const char *path, enum sw_plugins_origin origin);

/* Takes in a plugin that is linked in, under a path to be shown: for tests. */
void sw_plugins_add(struct sw_plugins *plugins, const char *path, sw_plugin_entry entry);

/* Folder of the installed plugins, found from where the program is. To be freed. */
char *sw_plugins_installed_folder(void);

/* What is there, in order of loading. Borrowed from the set. */
size_t sw_plugins_count(const struct sw_plugins *plugins);
const struct sw_plugin *sw_plugins_at(const struct sw_plugins *plugins, size_t index);
const char *sw_plugins_path_at(const struct sw_plugins *plugins, size_t index);
size_t sw_plugins_refused_count(const struct sw_plugins *plugins);
struct sw_plugin_refusal sw_plugins_refused_at(const struct sw_plugins *plugins, size_t index);

/* Look-ups; NULL: none. */
const struct sw_plugin *sw_plugins_find(const struct sw_plugins *plugins, uint32_t kind, const char *name);
const struct sw_plugin *sw_plugins_builder_of(const struct sw_plugins *plugins, const char *key);
/* The store with the longest scheme that `address` begins with. */
const struct sw_plugin *sw_plugins_store_of(const struct sw_plugins *plugins, const char *address);

#endif
