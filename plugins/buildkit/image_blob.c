#include "plugins/buildkit/image_blob.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/hash.h"

static const char MANIFEST_TYPE[] = "application/vnd.oci.image.manifest.v1+json";
static const char CONFIG_TYPE[] = "application/vnd.oci.image.config.v1+json";

void sw_image_blob_free(void *blob) {
    struct sw_image_blob *image_blob = blob;
    if (!image_blob)
        return;
    sw_close(&image_blob->fd);
    free(image_blob->text);
    free(image_blob);
}

static struct sw_image_blob *add(struct sw_map *blobs, const char *digest) {
    struct sw_image_blob *blob = sw_new(sizeof *blob);
    blob->fd = -1;
    snprintf(blob->digest, sizeof blob->digest, "%s", digest);
    sw_image_blob_free(sw_map_set(blobs, digest, blob));
    return blob;
}

/* Adds a text under the digest that it has, which is written to `digest`. */
static void add_text(struct sw_map *blobs, char *text, char digest[72]) {
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(text, strlen(text), hex);
    snprintf(digest, 72, "sha256:%s", hex);
    struct sw_image_blob *blob = add(blobs, digest);
    blob->text = text;
    blob->bytes = strlen(text);
}

static json_t *descriptor(const char *type, const char *digest, uint64_t bytes) {
    return json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest", digest, "size", (json_int_t)bytes);
}

void sw_image_blobs_add(const struct sw_host *host, const struct sw_image *image, struct sw_map *blobs, char manifest[72]) {
    char config[72];
    char *config_text = sw_strdup(host->image->config(image));
    json_t *layers = json_array();
    for (size_t i = 0; i < host->image->layer_count(image); i++) {
        struct sw_layer layer = host->image->layer(image, i);
        json_array_append_new(layers, descriptor(layer.media_type, layer.digest, layer.bytes));
        struct sw_image_blob *blob = add(blobs, layer.digest);
        blob->bytes = layer.bytes;
        blob->image = image;
        blob->index = i;
    }
    add_text(blobs, config_text, config);
    sw_cleanup_json json_t *json = json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType", MANIFEST_TYPE, "config",
                                             descriptor(CONFIG_TYPE, config, strlen(config_text)), "layers", layers);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    add_text(blobs, text, manifest);
}
