/* resolve.h - from a reference of a base image to the image itself, asked once a build. */
#ifndef CORE_BUILD_RESOLVE_H
#define CORE_BUILD_RESOLVE_H

#include "core/build/session.h"

typedef void (*sw_resolved_done)(void *context, const struct sw_image *image, struct sw_error *error);

/* Names of this project's own stages are known without asking a store. [loop] */
void sw_resolve_image(struct sw_job *job, const char *reference, const char *platform, sw_resolved_done done, void *context);

/* Frees an entry of sw_build.resolved. */
void sw_resolution_free(void *resolution);

#endif
