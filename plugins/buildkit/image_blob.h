/* image_blob.h - a blob of an image that only this host has, as the session's content service gives it to a daemon. */
#ifndef PLUGINS_BUILDKIT_IMAGE_BLOB_H
#define PLUGINS_BUILDKIT_IMAGE_BLOB_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "slipway/host.h"

struct sw_image_blob {
    char digest[72];
    uint64_t bytes;
    char *text;                   /* of a manifest or config, else NULL */
    const struct sw_image *image; /* of a layer: see sw_host_blob.open_layer */
    size_t index;
    int fd; /* of a layer that was opened, else -1 */
};

void sw_image_blob_free(void *blob);

/* Adds manifest, config and layers of `image` to `blobs` (by digest). Writes the manifest's digest: the manifest is made anew, and
 * names the same layers and config. */
void sw_image_blobs_add(const struct sw_host *host, const struct sw_image *image, struct sw_map *blobs, char manifest[72]);

#endif
