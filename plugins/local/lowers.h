/* lowers.h - looking a name up in the layers below. */
#ifndef PLUGINS_LOCAL_LOWERS_H
#define PLUGINS_LOCAL_LOWERS_H

#include "core/base/fsroot.h"

struct sw_lowers;

/* `folders`: the topmost first. */
struct sw_lowers *sw_lowers_new(const int *folders, size_t count, struct sw_error **error);
void sw_lowers_free(struct sw_lowers *lowers);

/* The layer that shows `path`, and its status; NULL when none does, or a whiteout hides it. */
struct sw_fsroot *sw_lowers_find(struct sw_lowers *lowers, const char *path, struct stat *status);

#endif
