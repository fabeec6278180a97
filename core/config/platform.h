/* platform.h - names of platforms, "os/arch[/variant]", brought into one form as containerd does: `linux/x86_64` is `linux/amd64`. */
#ifndef CORE_CONFIG_PLATFORM_H
#define CORE_CONFIG_PLATFORM_H

#include "slipway/types.h"

/* The usual form of `platform`; parts that are missing come from `host`. To be freed. NULL and SW_ERROR_CONFIG when it is none. */
char *sw_platform_normalize(const char *platform, const char *host, struct sw_error **error);

#endif
