/* manifest.h - image manifests and indexes, OCI and Docker schema 2, as they come from strangers.
 *
 * Reads the bytes strictly: what is ambiguous (an index that has layers, two different media types) is refused, for it would mean
 * different things to different readers. Nothing here fetches. */
#ifndef PLUGINS_REGISTRY_MANIFEST_H
#define PLUGINS_REGISTRY_MANIFEST_H

#include "core/base/arena.h"
#include "plugins/registry/platform.h"
#include "slipway/types.h"

#define SW_TYPE_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define SW_TYPE_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define SW_TYPE_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define SW_TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define SW_TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define SW_TYPE_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"

enum { SW_MANIFEST_MAX = 4 << 20, SW_CONFIG_MAX = 8 << 20 };

struct sw_entry {
    const char *media_type;
    const char *digest;
    uint64_t bytes;
    bool has_platform;
    bool attestation; /* describes another entry, is no image */
    struct sw_platform platform;
};

/* A zeroed one is empty. Strings live in its arena. */
struct sw_manifest_view {
    struct sw_arena arena;
    bool is_index;
    const char *media_type;
    struct sw_entry config;   /* of a manifest */
    struct sw_entry *entries; /* layers of a manifest, manifests of an index */
    size_t count;
};

void sw_manifest_view_fini(struct sw_manifest_view *view);
#define sw_cleanup_manifest_view __attribute__((cleanup(sw_manifest_view_fini)))

/* Reads `body`. `content_type` is what the header said, parameters included, or NULL; it must agree with the body. `view` has to be
 * empty. */
bool sw_manifest_parse(const char *content_type, struct sw_bytes body, struct sw_manifest_view *view, struct sw_error **error);

/* The entry of an index that runs best on `platform`; when none says its platform and there is just one, that one. NULL and
 * SW_ERROR_NOT_FOUND with the platforms that there are. */
const struct sw_entry *sw_manifest_choose(const struct sw_manifest_view *index, const struct sw_platform *platform,
                                          struct sw_error **error);

/* Checks that `config` is the config of an image with as many layers as `manifest` has, and says its platform. */
bool sw_manifest_check_config(const struct sw_manifest_view *manifest, struct sw_bytes config, struct sw_platform *platform,
                              struct sw_error **error);

#endif
