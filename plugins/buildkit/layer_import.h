/* layer_import.h - a layer as a daemon made it becomes a blob of the host's store.
 *
 * On the way it is made to look like one of the local backend: no time is newer than the build's, no fractions of seconds, and what the
 * daemon put there to mount things on is left out. Equal layers give equal blobs. Blocks: [pool]. */
#ifndef PLUGINS_BUILDKIT_LAYER_IMPORT_H
#define PLUGINS_BUILDKIT_LAYER_IMPORT_H

#include "slipway/host.h"

struct sw_layer_import {
    const struct sw_host *host;
    int fd; /* file that holds the layer */
    uint64_t at;
    uint64_t bytes;
    int64_t epoch;
    struct sw_strings stubs; /* paths (relative) that are left out where they are empty: mount points of the step */
};

struct sw_layer_made {
    char digest[72];
    char diff_id[72];
    uint64_t bytes;
    uint64_t entries;
    char media_type[80];
};

/* The layer may be compressed by gzip. */
bool sw_layer_import(const struct sw_layer_import *import, struct sw_layer_made *made, struct sw_error **error);

/* Replaces `*fd`, a layer that may be compressed by gzip, by a file with its tar. */
bool sw_layer_unpack(const struct sw_host *host, int *fd, struct sw_error **error);

/* Opens a file without a name in the store's folder of blobs. */
int sw_layer_temporary(const struct sw_host *host, struct sw_error **error);

#endif
