/* layout_files.h - the files of an OCI layout: where they are, and how they come to be there whole or not at all.
 *
 * Digests are checked before they become part of a path; nothing is opened through a symbolic link below the layout's folder. New
 * files have no name until they are complete, so that a killed process leaves nothing behind. All functions are [pool]. */
#ifndef PLUGINS_REGISTRY_LAYOUT_FILES_H
#define PLUGINS_REGISTRY_LAYOUT_FILES_H

#include "core/base/buf.h"
#include "slipway/types.h"

/* Whether there is a layout. */
bool sw_layout_exists(const char *folder);

/* Makes the layout where there is none, and locks its index against other writers until the descriptor is closed. -1 on failure. */
int sw_layout_lock(const char *folder, struct sw_error **error);

/* Reads index.json. `missing` says that there is none, which is no failure. */
bool sw_layout_read_index(const char *folder, struct sw_buf *text, bool *missing, struct sw_error **error);

/* Replaces index.json; the caller holds the lock. */
bool sw_layout_write_index(const char *folder, struct sw_bytes text, struct sw_error **error);

/* Opens a blob to be read; -1 on failure. */
int sw_layout_open_blob(const char *folder, const char *digest, uint64_t *bytes, struct sw_error **error);

/* Reads a blob of at most `limit` bytes and checks its digest. */
bool sw_layout_read_blob(const char *folder, const char *digest, uint64_t limit, struct sw_buf *out, struct sw_error **error);

bool sw_layout_write_blob(const char *folder, const char *digest, struct sw_bytes bytes, struct sw_error **error);

/* Stores what `from` holds, read from its start, as a blob of exactly that digest and size. */
bool sw_layout_store_blob(const char *folder, const char *digest, uint64_t bytes, int from, struct sw_error **error);

/* Copies all of `from` to the start of `to`, and checks size and digest. */
bool sw_layout_copy(int from, int to, const char *digest, uint64_t bytes, struct sw_error **error);

#endif
