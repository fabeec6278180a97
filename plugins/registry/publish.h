/* publish.h - setting and removing what is named in a registry: manifests and tags. [loop] */
#ifndef PLUGINS_REGISTRY_PUBLISH_H
#define PLUGINS_REGISTRY_PUBLISH_H

#include "plugins/registry/endpoint.h"
#include "slipway/store.h"

/* Puts a manifest, byte for byte, under a tag or (NULL) its digest alone. `body` is copied. `done` comes exactly once, never from
 * inside the call; so with sw_remove. */
void sw_publish_manifest(struct sw_endpoint *endpoint, const char *path, const char *tag, const char *media_type,
                         struct sw_bytes body, struct sw_cancel *cancel, sw_manifest_done done, void *context);

/* Removes a tag, or a manifest by digest. Other tags of the same manifest stay, also where the registry can delete manifests only.
 * What is not there is no error. */
void sw_publish_remove(struct sw_endpoint *endpoint, const char *path, const char *tag_or_digest, struct sw_cancel *cancel,
                       sw_done done, void *context);

#endif
