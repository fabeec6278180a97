/* work_tree.h - files of the work tree on the host, for what giterminism permits to come from there.
 *
 * Paths are relative to the repository's root. Symlinks are followed as long as they stay in the work tree, absolute ones too; without
 * loose mode each of their targets must be permitted itself. Inner header of this room. */
#ifndef CORE_CONFIG_WORK_TREE_H
#define CORE_CONFIG_WORK_TREE_H

#include "core/config/project_files.h"

bool sw_work_tree_read(const struct sw_project_files *files, const char *path, enum sw_gate gate, struct sw_buf *bytes,
                       struct sw_error **error);

/* SW_FILE_REGULAR, SW_FILE_DIRECTORY, or SW_FILE_NONE for everything else. */
enum sw_file_type sw_work_tree_type(const struct sw_project_files *files, const char *path, enum sw_gate gate);

/* Visits all files below `folder`, folders by name, without `.git`. */
void sw_work_tree_walk(const struct sw_project_files *files, const char *folder, void (*visit)(void *context, const char *path),
                       void *context);

#endif
