/* index.h - multi-platform images: one index over the images of all platforms; and what stands for an image of the project, be it
 * an index or its only platform's manifest. */
#ifndef CORE_BUILD_INDEX_H
#define CORE_BUILD_INDEX_H

#include "core/build/session.h"

/* Publishes an index for each image with several platforms; when nothing may be published, checks that it is there. Without a registry
 * there are none. [loop] */
void sw_index_publish_all(struct sw_build *build, sw_done done, void *context);

/* What stands for an image under its name. Borrowed from the build. */
struct sw_top_manifest {
    const struct sw_image *image; /* of the only platform; NULL for an index */
    const char *tag;              /* stage id, or the index's */
    const char *media_type;
    const char *digest;
    struct sw_bytes body;
};

/* False when the image is not there: it failed, or nobody wanted it. */
bool sw_top_manifest_of(const struct sw_build *build, const struct sw_project_image *image, struct sw_top_manifest *top);

#endif
