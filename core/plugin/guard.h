/* guard.h - calls a plugin's start-up so that its crash is not ours. */
#ifndef CORE_PLUGIN_GUARD_H
#define CORE_PLUGIN_GUARD_H

#include "slipway/plugin.h"

/* Calls `entry`. When it crashes, NULL is given and `*signal` is what ended it; else `*signal` is 0. Memory that it held is lost. Not
 * for calls later on: a plugin that has started is trusted to go on. [loop] */
const struct sw_plugin *sw_guard_start(sw_plugin_entry entry, const struct sw_host *host, const char **refusal, int *signal);

#endif
