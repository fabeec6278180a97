/* image_files.h - reads files of a finished image from its layers: extension "slipway.files/1". [loop] */
#ifndef PLUGINS_BUILDKIT_IMAGE_FILES_H
#define PLUGINS_BUILDKIT_IMAGE_FILES_H

#include "slipway/backend.h"

/* As struct sw_backend_files.walk. */
void sw_image_files_walk(const struct sw_host *host, const struct sw_image *image, const char *path, struct sw_cancel *cancel,
                         bool (*visit)(void *context, const struct sw_image_file *file), sw_done done, void *context);

#endif
