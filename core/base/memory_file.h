/* memory_file.h - bytes behind a file descriptor, for whoever wants one. */
#ifndef CORE_BASE_MEMORY_FILE_H
#define CORE_BASE_MEMORY_FILE_H

#include "slipway/types.h"

/* A file in memory that holds `data`, at its start; to be closed. -1 on failure. */
int sw_memory_file(const void *data, size_t len, struct sw_error **error);

#endif
