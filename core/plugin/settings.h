/* settings.h - what the user has set for plugins, on the command line or in the host's configuration file. */
#ifndef CORE_PLUGIN_SETTINGS_H
#define CORE_PLUGIN_SETTINGS_H

/* Sets `name` for `plugin`, or for all plugins when it is NULL. Strings are copied; NULL as value unsets. To be done before plugins
 * are loaded, since they keep what they were told. [loop] */
void sw_settings_set(const char *plugin, const char *name, const char *value);

/* The plugin's own setting, else the one for all, else NULL. Lives until it is set anew. [any] */
const char *sw_settings_get(const char *plugin, const char *name);

/* Forgets all. [loop] */
void sw_settings_end(void);

#endif
