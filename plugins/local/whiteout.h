/* whiteout.h - how layers and overlayfs say that something below is gone. */
#ifndef PLUGINS_LOCAL_WHITEOUT_H
#define PLUGINS_LOCAL_WHITEOUT_H

#include <sys/stat.h>

#include "slipway/types.h"

#define SW_WHITEOUT_PREFIX ".wh."
#define SW_WHITEOUT_META ".wh..wh." /* reserved names; the only one in use is: */
#define SW_WHITEOUT_OPAQUE ".wh..wh..opq"

#define SW_OVERLAY_OPAQUE "trusted.overlay.opaque"
#define SW_OVERLAY_OPAQUE_USER "user.overlay.opaque" /* with userxattr */

/* Whether a status is overlayfs's mark of a removed name. */
bool sw_whiteout_is_device(const struct stat *status);

#endif
