/* space.h - what the local backend keeps on the disk (extension slipway.space/1). */
#ifndef PLUGINS_LOCAL_SPACE_H
#define PLUGINS_LOCAL_SPACE_H

#include "plugins/local/workshop.h"
#include "slipway/backend.h"

/* The table; `workshop` must live as long as the plugin. */
const struct sw_backend_space *sw_space_table(struct sw_workshop *workshop);

#endif
