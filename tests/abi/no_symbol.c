/* A shared object that is no plugin. */
#include "slipway/plugin.h"

SW_EXPORT int slipway_plugin(void);

SW_EXPORT int slipway_plugin(void) {
    return 1;
}
