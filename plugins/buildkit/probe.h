/* probe.h - a short talk with a daemon while the host's loop stands still.
 *
 * The host asks what a backend can do before its loop turns, and wants the answer at once. The same code that talks to daemons later runs
 * here over a small loop of its own, for at most a few seconds. [loop] */
#ifndef PLUGINS_BUILDKIT_PROBE_H
#define PLUGINS_BUILDKIT_PROBE_H

#include "core/base/vec.h"
#include "slipway/host.h"

/* Asks all daemons for their platforms, the user's first address first. False when none answers. */
bool sw_probe_platforms(const struct sw_host *host, struct sw_strlist *platforms, struct sw_error **error);

#endif
