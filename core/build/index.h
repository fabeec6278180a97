/* index.h - multi-platform images: one index over the images of all platforms. */
#ifndef CORE_BUILD_INDEX_H
#define CORE_BUILD_INDEX_H

#include "core/build/session.h"

/* Publishes an index for each image with several platforms and adds its report. Without a registry there are none. [loop] */
void sw_index_publish_all(struct sw_build *build, sw_done done, void *context);

#endif
