/* sync_memory.h - remembers when a content was first seen at a path.
 *
 * Git knows no times of files, and a commit's time changes with each commit. A daemon takes a file as unchanged when its size and time are;
 * so a file gets the time at which its content was first seen here, and a fraction of a second that stands for the content. */
#ifndef PLUGINS_BUILDKIT_SYNC_MEMORY_H
#define PLUGINS_BUILDKIT_SYNC_MEMORY_H

#include "plugins/buildkit/sync_source.h"

/* Sets the times of `items`, and rewrites `file` (NULL: nothing is remembered) when something changed. A file that cannot be read or
 * written costs speed only. [pool] */
void sw_sync_memory_apply(const char *file, struct sw_sync_item *items, size_t count);

#endif
