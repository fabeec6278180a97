/* systempath.h - paths in the image as its operating system writes them: those of Windows may have a drive and backslashes. Paths of
 * other systems are left as they are. Results live in the arena. */
#ifndef PLUGINS_DOCKERFILE_SYSTEMPATH_H
#define PLUGINS_DOCKERFILE_SYSTEMPATH_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"
#include "plugins/dockerfile/platform.h"

/* Whether a slash at the end, which says that a folder is meant, stays. */
enum sw_df_end_slash { SW_DF_DROP_SLASH, SW_DF_KEEP_SLASH };

/* `path` without its drive, with slashes. Fails for drives other than C: and for shares. */
bool sw_df_path_without_drive(const struct sw_df_platform *platform, const char *path, enum sw_df_end_slash end, const char **out,
                              struct sw_df_failure *failure);

/* Whether `path` begins at the root. */
bool sw_df_path_is_absolute(const struct sw_df_platform *platform, const char *path, struct sw_arena *arena);

/* `path` as seen from `parent`: absolute, with slashes, without a drive. */
bool sw_df_path_normalize(const struct sw_df_platform *platform, const char *parent, const char *path, enum sw_df_end_slash end,
                          const char **out, struct sw_df_failure *failure);

#endif
