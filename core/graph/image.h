/* image.h - a container image whose manifest and config are known (struct sw_image of the ABI).
 *
 * Made from the bytes that a store or backend gave, which are checked here: an image that exists is well formed. */
#ifndef CORE_GRAPH_IMAGE_H
#define CORE_GRAPH_IMAGE_H

#include <jansson.h>

#include "slipway/image.h"

struct sw_image_parts {
    const char *reference;       /* as the user wrote it */
    const char *repo;            /* address that its blobs can be fetched from; NULL: only on this host */
    const char *manifest_digest; /* "sha256:…" */
    struct sw_bytes manifest;    /* OCI image manifest or Docker manifest, schema 2 */
    struct sw_bytes config;
};

/* NULL and SW_ERROR_CORRUPT when the parts do not fit together. */
struct sw_image *sw_image_new(const struct sw_image_parts *parts, struct sw_error **error);

/* An image that nobody looked up: no digest, config "{}", no layers. */
struct sw_image *sw_image_unresolved(const char *reference, const char *platform);

/* Remembers the index that the image was found through; before anybody else has the image. */
void sw_image_set_index(struct sw_image *image, const char *digest);

void sw_image_free(struct sw_image *image);

const char *sw_image_repo(const struct sw_image *image); /* NULL: only on this host */

/* The manifest's bytes and media type, as they were given. */
struct sw_bytes sw_image_manifest(const struct sw_image *image);
const char *sw_image_media_type(const struct sw_image *image);

/* The image config without `rootfs` and `created`, its history made to fit its layers: what a graph's config nodes hold.
 * Borrowed. */
const char *sw_image_build_config(const struct sw_image *image);

/* Value of a label of the config, or NULL. Borrowed. */
const char *sw_image_label(const struct sw_image *image, const char *name);

/* "os/arch[/variant]" of an OCI config; to be freed. */
char *sw_config_platform(const json_t *config);

extern const struct sw_host_image sw_host_image_table;

#endif
