/* platform.h - platforms: "linux/arm/v7", "arm64", "windows(10.0.17763)/amd64". */
#ifndef PLUGINS_DOCKERFILE_PLATFORM_H
#define PLUGINS_DOCKERFILE_PLATFORM_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"

struct sw_df_platform {
    const char *os;
    const char *os_version;
    struct sw_strings os_features;
    const char *arch;
    const char *variant;
};

bool sw_df_platform_parse(const char *text, struct sw_df_platform *platform, struct sw_df_failure *failure);

/* The same platform under the names by which all know it. */
void sw_df_platform_normalize(struct sw_arena *arena, struct sw_df_platform *platform);

/* "os/arch[/variant]", or with version and features of the os too. */
enum sw_df_platform_parts { SW_DF_PLATFORM_PLAIN, SW_DF_PLATFORM_ALL };
const char *sw_df_platform_text(struct sw_arena *arena, const struct sw_df_platform *platform, enum sw_df_platform_parts parts);

/* The machine that this runs on. */
struct sw_df_platform sw_df_platform_host(void);

#endif
