/* cache_option.h - where daemons take cached steps from and put them to: the options --cache-from and --cache-to. */
#ifndef PLUGINS_BUILDKIT_CACHE_OPTION_H
#define PLUGINS_BUILDKIT_CACHE_OPTION_H

#include "core/base/arena.h"
#include "slipway/host.h"

/* Reads the option `name` ("cache-from", "cache-to") as the host has it, a value a line: "type=registry,ref=HOST/NAME[,KEY=VALUE…]", or just
 * a reference. `image` is put in for %image%, as tags have it. The pairs are types with their attributes, joined by commas. Allocated
 * in `arena`. SW_ERROR_USAGE when one cannot be read. [loop] */
bool sw_cache_option_read(const struct sw_host *host, const char *name, const char *image, struct sw_arena *arena,
                          struct sw_pairs *caches, struct sw_error **error);

#endif
