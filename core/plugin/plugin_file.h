/* plugin_file.h - whether a file may be loaded at all: it must be a shared object for this machine, which only root or the user who
 * runs the host can have put there. */
#ifndef CORE_PLUGIN_PLUGIN_FILE_H
#define CORE_PLUGIN_PLUGIN_FILE_H

/* NULL when `path` (without symlinks) may be loaded, else the reason, to be freed. */
char *sw_plugin_file_check(const char *path);

#endif
