/* pull.h - reading manifests from a registry, and resolving a reference to the image of one platform. [loop] */
#ifndef PLUGINS_REGISTRY_PULL_H
#define PLUGINS_REGISTRY_PULL_H

#include "plugins/registry/endpoint.h"
#include "slipway/store.h"

/* Fetches a manifest or index by tag or digest, verified. `done` comes exactly once, never from inside the call. */
void sw_pull_manifest(struct sw_endpoint *endpoint, const char *path, const char *tag_or_digest, struct sw_cancel *cancel,
                      sw_manifest_done done, void *context);

typedef void (*sw_resolve_done)(void *context, const struct sw_resolved *resolved, struct sw_error *error);

/* Follows a reference through indexes to the manifest and config for `platform`. As above. */
void sw_pull_resolve(struct sw_client *client, const char *reference, const char *platform, struct sw_cancel *cancel,
                     sw_resolve_done done, void *context);

#endif
