/* test_image.h - a small image to push and pull. */
#ifndef TESTS_UNIT_PLUGINS_REGISTRY_TEST_IMAGE_H
#define TESTS_UNIT_PLUGINS_REGISTRY_TEST_IMAGE_H

#include "core/base/buf.h"
#include "slipway/types.h"

struct test_image {
    struct sw_buf layer;
    char layer_digest[72];
    struct sw_buf config;
    char config_digest[72];
    struct sw_buf manifest;
    char manifest_digest[72];
};

/* `seed` makes images differ; `layer_bytes` is the size of the one layer. */
struct test_image test_image_new(unsigned seed, size_t layer_bytes, const char *architecture);
void test_image_free(struct test_image *image);

/* Pushes everything, the manifest under `tag` (or NULL). */
void test_image_push(const struct test_image *image, const char *address, const char *tag);

/* "sha256:…" of bytes. */
void test_digest(const void *data, size_t len, char out[72]);

#endif
