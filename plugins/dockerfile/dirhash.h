/* dirhash.h - the checksum of files of the context in a staged Dockerfile, as werf's Buildah engine computes it. */
#ifndef PLUGINS_DOCKERFILE_DIRHASH_H
#define PLUGINS_DOCKERFILE_DIRHASH_H

#include "plugins/dockerfile/checksum.h"

/* Writes 64 hex digits for what `sources` match: each a path relative to the context, with wildcards. Reads the files. `context` is
 * a struct sw_df_context. */
bool sw_df_dirhash_checksum(void *context, struct sw_strings sources, char out[65], struct sw_error **error);

/* "h1:…" of one file or folder of the context. Lives in the context's arena; NULL and `error` when it cannot be read. */
const char *sw_df_dirhash(const struct sw_df_context *context, const char *path, struct sw_error **error);

#endif
