/* read_file.h - files that are named on the command line; "-" is standard input. */
#ifndef CORE_CLI_READ_FILE_H
#define CORE_CLI_READ_FILE_H

#include "core/base/buf.h"
#include "slipway/types.h"

/* Appends the whole content. */
bool sw_read_file(const char *path, struct sw_buf *out, struct sw_error **error);

#endif
