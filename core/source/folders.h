/* folders.h - making folders of our own. For the sources of this room. */
#ifndef CORE_SOURCE_FOLDERS_H
#define CORE_SOURCE_FOLDERS_H

#include "slipway/types.h"

/* Makes `path` and what leads to it; what is there already is left as it is. */
bool sw_make_folders(const char *path, struct sw_error **error);

#endif
