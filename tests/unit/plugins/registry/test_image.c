#include "tests/unit/plugins/registry/test_image.h"

#include <string.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/registry/manifest.h"
#include "tests/unit/check.h"
#include "tests/unit/plugins/registry/store_calls.h"

void test_digest(const void *data, size_t len, char out[72]) {
    memcpy(out, "sha256:", 7);
    sw_sha256_hex(data, len, out + 7);
}

struct test_image test_image_new(unsigned seed, size_t layer_bytes, const char *architecture) {
    struct test_image image = {0};
    unsigned state = seed * 2654435761u + 1;
    for (size_t i = 0; i < layer_bytes; i++) {
        state = state * 1664525u + 1013904223u;
        sw_buf_putc(&image.layer, (char)(state >> 24));
    }
    test_digest(image.layer.data, image.layer.len, image.layer_digest);
    sw_buf_printf(&image.config,
                  "{\"os\":\"linux\",\"architecture\":\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}", architecture,
                  image.layer_digest);
    test_digest(image.config.data, image.config.len, image.config_digest);
    sw_buf_printf(&image.manifest,
                  "{\"schemaVersion\":2,\"mediaType\":\"" SW_TYPE_OCI_MANIFEST "\",\"config\":{\"mediaType\":\"" SW_TYPE_OCI_CONFIG
                  "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
                  "\"digest\":\"%s\",\"size\":%zu}]}",
                  image.config_digest, image.config.len, image.layer_digest, image.layer.len);
    test_digest(image.manifest.data, image.manifest.len, image.manifest_digest);
    return image;
}

void test_image_free(struct test_image *image) {
    sw_buf_fini(&image->layer);
    sw_buf_fini(&image->config);
    sw_buf_fini(&image->manifest);
}

static void must(struct sw_error *error) {
    if (error)
        fail_msg("%s", error->message);
}

void test_image_push(const struct test_image *image, const char *address, const char *tag) {
    must(store_put_blob(address, image->layer_digest, (struct sw_bytes){image->layer.data, image->layer.len}, NULL));
    must(store_put_blob(address, image->config_digest, (struct sw_bytes){image->config.data, image->config.len}, NULL));
    must(
        store_put_manifest(address, tag, SW_TYPE_OCI_MANIFEST, (struct sw_bytes){image->manifest.data, image->manifest.len}, NULL));
}
