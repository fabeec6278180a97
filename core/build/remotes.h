/* remotes.h - the parts of struct sw_host_files that know more than a commit: remote repositories, files of the host, and files that
 * stand in for those of the commit. */
#ifndef CORE_BUILD_REMOTES_H
#define CORE_BUILD_REMOTES_H

#include "slipway/files.h"

/* The host's table for reading commits, complete. Remote repositories are mirrored below `cache_folder`. [loop] */
struct sw_host_files sw_files_table(const char *cache_folder);

struct sw_build_files;

/* Lets reads of `commit` give these files instead, where the work tree or an include has them. Borrowed until
 * sw_files_end. [loop] */
void sw_files_replace(const struct sw_commit *commit, const struct sw_build_files *files);

/* Ends the mirrors' handles. No commit of them may be used afterwards. [loop] */
void sw_files_end(void);

#endif
