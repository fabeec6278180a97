/* archive.h - an image as a daemon exports it: docker's archive or an OCI layout in a tar. Blocks: [pool]. */
#ifndef PLUGINS_BUILDKIT_ARCHIVE_H
#define PLUGINS_BUILDKIT_ARCHIVE_H

#include <jansson.h>

#include "core/base/map.h"
#include "core/base/vec.h"
#include "slipway/types.h"

struct sw_archive_layer {
    uint64_t at; /* in the file; compressed or not */
    uint64_t bytes;
};

struct sw_archive {
    int fd;                /* borrowed */
    struct sw_map members; /* name -> struct sw_archive_member */
    json_t *config;
    struct sw_vec layers; /* of struct sw_archive_layer, base first */
};

/* Reads the archive in `fd`, `bytes` long. */
bool sw_archive_open(int fd, uint64_t bytes, struct sw_archive *archive, struct sw_error **error);
void sw_archive_fini(struct sw_archive *archive);

#endif
