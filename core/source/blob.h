/* blob.h - contents of files as git keeps them. For the sources of this room. */
#ifndef CORE_SOURCE_BLOB_H
#define CORE_SOURCE_BLOB_H

#include "core/source/walk.h"

/* Appends the whole blob of an entry. */
bool sw_blob_read(const struct sw_walk_entry *entry, struct sw_buf *bytes, struct sw_error **error);

/* Its size, without reading it. */
bool sw_blob_size(const struct sw_walk_entry *entry, uint64_t *size, struct sw_error **error);

#endif
