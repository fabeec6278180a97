/* program.h - whether a root file system has the program that a step asks for.
 *
 * Runtimes end with 1 when there is none, which cannot be told from a program's own 1. */
#ifndef PLUGINS_LOCAL_PROGRAM_H
#define PLUGINS_LOCAL_PROGRAM_H

#include "core/base/fsroot.h"

enum sw_program { SW_PROGRAM_FOUND, SW_PROGRAM_MISSING, SW_PROGRAM_NOT_EXECUTABLE };

/* `name` as execvp takes it; `path` is the value of PATH, NULL: the default one. */
enum sw_program sw_program_find(struct sw_fsroot *root, const char *name, const char *cwd, const char *path);

#endif
