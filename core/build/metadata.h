/* metadata.h - records that go with images: what werf's cleanup wants to find in a repository (names of images to keep, and which commits
 * they were built for), and the inputs of each stage that was built, which explain the next build. */
#ifndef CORE_BUILD_METADATA_H
#define CORE_BUILD_METADATA_H

#include "core/build/session.h"

/* Publishes the records of all images that are not there yet. [loop] */
void sw_metadata_publish(struct sw_build *build, sw_done done, void *context);

#endif
