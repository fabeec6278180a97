/* image.h - a container image whose manifest and config are known.
 *
 * Made by the host from what a store resolved or a backend built; lives as long as the build; a plugin borrows it. Everything here
 * is [any] and pure. Names follow the OCI image specification 1.1. */
#ifndef SLIPWAY_IMAGE_H
#define SLIPWAY_IMAGE_H

#include "slipway/types.h"

struct sw_layer {
    uint32_t size;
    uint32_t reserved;
    const char *media_type;
    const char *digest;  /* of the blob as stored, "sha256:…" */
    const char *diff_id; /* of the uncompressed tar, "sha256:…" */
    uint64_t bytes;      /* of the blob */
};

struct sw_host_image {
    uint32_t size;

    /* The reference that was resolved, as the user wrote it; "scratch" for the empty image. */
    const char *(*reference)(const struct sw_image *image);

    /* "os/arch[/variant]" of the image's config. */
    const char *(*platform)(const struct sw_image *image);

    /* Digest of the manifest, "sha256:…"; NULL when the image was not resolved (a graph printed without a network). */
    const char *(*manifest_digest)(const struct sw_image *image);

    /* Digest of the config blob ("image id"); NULL when not resolved. */
    const char *(*config_digest)(const struct sw_image *image);

    /* The config blob's JSON text, "{}" when not resolved. */
    const char *(*config)(const struct sw_image *image);

    size_t (*layer_count)(const struct sw_image *image);
    struct sw_layer (*layer)(const struct sw_image *image, size_t index);

    /* Address of the store's repository that the image's blobs can be fetched from: "HOST/NAME", or "oci:…" for a layout on this
     * host. NULL: only this host has them. */
    const char *(*repo)(const struct sw_image *image);

    /* Digest of the image index that the reference led to, "sha256:…"; NULL when it led to a manifest itself. */
    const char *(*index_digest)(const struct sw_image *image);
};

#endif
