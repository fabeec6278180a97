/* layout.h - an OCI image layout on disk, as a store: `oci-layout`, `index.json`, `blobs/sha256/HEX`.
 *
 * Tags are annotations in index.json: org.opencontainers.image.ref.name is "NAME:TAG", or the tag alone in a layout without a name.
 * Writers are kept apart by a lock on index.json.lock; readers see the index as it was before or after, never between. Blobs appear
 * whole or not at all, and what another program put there is left alone. All functions are [pool]: they block. */
#ifndef PLUGINS_REGISTRY_LAYOUT_H
#define PLUGINS_REGISTRY_LAYOUT_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "plugins/registry/platform.h"
#include "slipway/store.h"

/* "oci:FOLDER[:NAME]" taken apart. A zeroed one is empty. */
struct sw_layout {
    char *folder;
    char *name; /* "" for none */
};

/* `text` begins with "oci:". */
bool sw_layout_parse(const char *text, struct sw_layout *layout, struct sw_error **error);
void sw_layout_fini(struct sw_layout *layout);
#define sw_cleanup_layout __attribute__((cleanup(sw_layout_fini)))

/* A manifest as read. A zeroed one is empty. */
struct sw_layout_manifest {
    char *media_type;
    char *digest;
    struct sw_buf body;
};
void sw_layout_manifest_fini(struct sw_layout_manifest *manifest);

/* Adds the tags to `tags`. A folder that is not there has none. */
bool sw_layout_list(const struct sw_layout *layout, struct sw_strlist *tags, struct sw_error **error);

bool sw_layout_get_manifest(const struct sw_layout *layout, const char *tag_or_digest, struct sw_layout_manifest *manifest,
                            struct sw_error **error);

/* Reads a whole blob, verified. */
bool sw_layout_get_blob(const struct sw_layout *layout, const char *digest, uint64_t bytes, struct sw_buf *out,
                        struct sw_error **error);

/* Copies a blob into `fd` from its start, verified. */
bool sw_layout_fetch_blob(const struct sw_layout *layout, const char *digest, uint64_t bytes, int fd, struct sw_error **error);

/* Whether the blob is there with that size. */
bool sw_layout_has_blob(const struct sw_layout *layout, const char *digest, uint64_t bytes);

/* Stores what can be read from `fd`, unless the blob is there already; verified. */
bool sw_layout_put_blob(const struct sw_layout *layout, const char *digest, uint64_t bytes, int fd, struct sw_error **error);

/* Stores a manifest; under `tag`, or (NULL) as a blob alone. `digest` gets "sha256:…". */
bool sw_layout_put_manifest(const struct sw_layout *layout, const char *tag, const char *media_type, struct sw_bytes body,
                            char digest[72], struct sw_error **error);

/* Removes a tag, or all tags of a digest, from the index. Blobs stay. */
bool sw_layout_remove(const struct sw_layout *layout, const char *tag_or_digest, struct sw_error **error);

/* Finds what `name` means in the layout: a reference's text after the folder, as skopeo and BuildKit write it; "" is the only image
 * there is, "@sha256:…" at its end a digest. */
bool sw_layout_find(const struct sw_layout *layout, struct sw_layout_manifest *manifest, struct sw_error **error);

#endif
