/* manifest.h - the manifest and config of a built image, as they are stored.
 *
 * Canonical: the same layers and config always give the same bytes. */
#ifndef CORE_BUILD_MANIFEST_H
#define CORE_BUILD_MANIFEST_H

#include <jansson.h>

#include "slipway/image.h"
#include "slipway/store.h"

struct sw_made_manifest {
    char *config; /* bytes of the config blob */
    char *manifest;
    char config_digest[7 + 64 + 1];
    char manifest_digest[7 + 64 + 1];
};

void sw_made_manifest_fini(struct sw_made_manifest *made);
#define sw_cleanup_made_manifest __attribute__((cleanup(sw_made_manifest_fini)))

#define SW_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define SW_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define SW_DOCKER_MANIFEST_LIST "application/vnd.docker.distribution.manifest.list.v2+json"

/* Makes both from a complete image config (with rootfs and history) and its layers. Docker's layer types become OCI's, as one
 * manifest must not mix them. */
void sw_manifest_make(const json_t *config, const struct sw_layer *layers, size_t layer_count, struct sw_made_manifest *made);

/* Makes the manifest of an image that has another config: all else stays as `manifest` has it. */
void sw_manifest_replace_config(struct sw_bytes manifest, const char *config, struct sw_made_manifest *made);

/* Descriptor of the config that an image's manifest names, borrowed from `manifest`. False when it names none. */
bool sw_manifest_config(const json_t *manifest, struct sw_descriptor *config);

/* Sets labels of an image config in place. */
void sw_config_set_label(json_t *config, const char *name, const char *value);

#endif
