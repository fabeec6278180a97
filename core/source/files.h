/* files.h - the ABI's table for reading commits (struct sw_host_files), filled with what this room can do.
 *
 * `open_remote`, `host_files_checksum` and `host_files_list` know the plan they are asked for: core/build puts them in, with
 * sw_remotes_commit (remote.h) and the functions below. */
#ifndef CORE_SOURCE_FILES_H
#define CORE_SOURCE_FILES_H

#include "slipway/files.h"

extern const struct sw_host_files sw_host_files_table;

/* werf's checksum of files below `root` (a folder on the host) that `paths` name and `filters` match: "" when none do. A path that
 * is not there is SW_ERROR_NOT_FOUND. */
bool sw_host_files_checksum(const char *root, struct sw_strings paths, const struct sw_filter *filters, size_t filter_count,
                            char out[65], struct sw_error **error);

/* Visits the files below `root` that `paths` name, as host_files_list of slipway/files.h says. */
bool sw_host_files_list(const char *root, struct sw_strings paths, sw_file_visit visit, void *context, struct sw_error **error);

#endif
