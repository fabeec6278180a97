/* copyfile.h - a regular file's content and xattrs from one descriptor to another. */
#ifndef PLUGINS_LOCAL_COPYFILE_H
#define PLUGINS_LOCAL_COPYFILE_H

#include "core/base/vec.h"
#include "slipway/types.h"

/* Copies everything by reflink, in the kernel, or by reading, whichever works; holes stay holes. -1 and errno. */
int sw_copyfile_content(int from, int to);

/* Writes all of it. -1 and errno. */
int sw_copyfile_write(int to, const void *data, size_t len);

#endif
