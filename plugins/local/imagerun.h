/* imagerun.h - running a command in a finished image (extension slipway.run/1). What the command changes is thrown away. */
#ifndef PLUGINS_LOCAL_IMAGERUN_H
#define PLUGINS_LOCAL_IMAGERUN_H

#include "plugins/local/workers.h"
#include "plugins/local/workshop.h"
#include "slipway/backend.h"

/* The table; both must live as long as the plugin. */
const struct sw_backend_run *sw_imagerun_table(struct sw_workshop *workshop, struct sw_workers *workers);

#endif
