/* imagefiles.h - reading files of a finished image (extension slipway.files/1). */
#ifndef PLUGINS_LOCAL_IMAGEFILES_H
#define PLUGINS_LOCAL_IMAGEFILES_H

#include "plugins/local/workers.h"
#include "plugins/local/workshop.h"
#include "slipway/backend.h"

/* The table; both must live as long as the plugin. */
const struct sw_backend_files *sw_imagefiles_table(struct sw_workshop *workshop, struct sw_workers *workers);

#endif
