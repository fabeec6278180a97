/* layout_store.h - the calls of a store (sw_store) on an OCI layout: what layout.h does, run in the host's pool. [loop] */
#ifndef PLUGINS_REGISTRY_LAYOUT_STORE_H
#define PLUGINS_REGISTRY_LAYOUT_STORE_H

#include "plugins/registry/layout.h"
#include "slipway/host.h"

/* All `done`s come exactly once, never from inside the call. The layout and texts are copied. Arguments as in sw_store. */
void sw_layout_store_resolve(const struct sw_host *host, const char *reference, const char *platform,
                             void (*done)(void *context, const struct sw_resolved *resolved, struct sw_error *error),
                             void *context);
void sw_layout_store_list(const struct sw_host *host, const struct sw_layout *layout,
                          void (*done)(void *context, struct sw_strings tags, struct sw_error *error), void *context);
void sw_layout_store_get_manifest(const struct sw_host *host, const struct sw_layout *layout, const char *tag_or_digest,
                                  sw_manifest_done done, void *context);
void sw_layout_store_get_blob(const struct sw_host *host, const struct sw_layout *layout, const struct sw_descriptor *blob,
                              void (*done)(void *context, struct sw_bytes bytes, struct sw_error *error), void *context);
void sw_layout_store_fetch_blob(const struct sw_host *host, const struct sw_layout *layout, const struct sw_descriptor *blob,
                                int fd, sw_done done, void *context);
void sw_layout_store_put_blob(const struct sw_host *host, const struct sw_layout *layout, const struct sw_descriptor *blob,
                              int (*open)(void *context, struct sw_error **error), sw_done done, void *context);
void sw_layout_store_put_manifest(const struct sw_host *host, const struct sw_layout *layout, const char *tag,
                                  const char *media_type, struct sw_bytes body, sw_manifest_done done, void *context);
void sw_layout_store_remove(const struct sw_host *host, const struct sw_layout *layout, const char *tag_or_digest, sw_done done,
                            void *context);

#endif
