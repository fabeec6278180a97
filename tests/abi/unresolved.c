/* A plugin that needs a function which no library has. */
#include "slipway/plugin.h"

const struct sw_plugin *function_of_no_library(void);

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal);

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal) {
    (void)host, (void)refusal;
    return function_of_no_library();
}
