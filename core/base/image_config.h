/* image_config.h - what every backend has to put into the config of an image that it has built. */
#ifndef CORE_BASE_IMAGE_CONFIG_H
#define CORE_BASE_IMAGE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "slipway/types.h"

/* A layer of the image, for the config's rootfs and history. */
struct sw_config_layer {
    const char *diff_id;
    const char *title; /* created_by of an entry that the history lacks */
};

/* Completes an image config: rootfs, created, os and architecture, and a history that fits the layers; an empty history stays so. To be
 * freed; NULL and SW_ERROR_INTERNAL when it is no JSON object. [any] */
char *sw_config_complete(const char *config, const struct sw_config_layer *layers, size_t count, int64_t epoch,
                         const char *platform, struct sw_error **error);

#endif
