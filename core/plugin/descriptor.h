/* descriptor.h - whether what a plugin says about itself can be believed.
 *
 * A descriptor is foreign data: nothing of it is used before this has passed. Pure. */
#ifndef CORE_PLUGIN_DESCRIPTOR_H
#define CORE_PLUGIN_DESCRIPTOR_H

#include "slipway/plugin.h"

/* NULL when all that v1.0 of the ABI asks for is there, else the reason, to be freed. */
char *sw_descriptor_check(const struct sw_plugin *plugin);

/* "builder", "backend", "store". */
const char *sw_descriptor_kind(uint32_t kind);

/* Keys that a builder claims, or schemes that a store serves; NULL-terminated; NULL: none. */
const char *const *sw_descriptor_claims(const struct sw_plugin *plugin);

#endif
