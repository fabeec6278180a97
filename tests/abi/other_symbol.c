/* A plugin of an ABI that does not exist yet. */
#include "slipway/plugin.h"

SW_EXPORT const struct sw_plugin *slipway_plugin_v2(const struct sw_host *host, const char **refusal);

SW_EXPORT const struct sw_plugin *slipway_plugin_v2(const struct sw_host *host, const char **refusal) {
    (void)host, (void)refusal;
    return NULL;
}
