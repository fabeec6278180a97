/* blobs.h - layers of images as files of the host's store. */
#ifndef CORE_BUILD_BLOBS_H
#define CORE_BUILD_BLOBS_H

#include "core/build/session.h"

/* Names the build whose store answers sw_blob_table; NULL: none. [loop] */
void sw_blobs_serve(struct sw_build *build);

/* Path of a blob in the host's store, whether it is there or not. `digest` must be valid. To be freed. */
char *sw_blob_path(const struct sw_host *host, const char *digest);

#endif
