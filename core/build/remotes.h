/* remotes.h - the parts of struct sw_host_files that know the plan they are asked for: remote repositories and files of the host. */
#ifndef CORE_BUILD_REMOTES_H
#define CORE_BUILD_REMOTES_H

#include "slipway/files.h"

/* The host's table for reading commits, complete. Remote repositories are mirrored below `cache_folder`. [loop] */
struct sw_host_files sw_files_table(const char *cache_folder);

/* Ends the mirrors' handles. No commit of them may be used afterwards. [loop] */
void sw_files_end(void);

#endif
