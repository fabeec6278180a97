#include "core/build/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/hash.h"

void sw_made_manifest_fini(struct sw_made_manifest *made) {
    free(made->config);
    free(made->manifest);
    *made = (struct sw_made_manifest){0};
}

static const char *oci_layer_type(const char *media_type) {
    static const char *const table[][2] = {
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", "application/vnd.oci.image.layer.v1.tar+zstd"},
        {"application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar"},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(media_type, table[i][0]) == 0)
            return table[i][1];
    return media_type;
}

static json_t *descriptor(const char *media_type, const char *digest, uint64_t bytes) {
    return json_pack("{s:s, s:s, s:I}", "mediaType", media_type, "digest", digest, "size", (json_int_t)bytes);
}

static void digest_of(const char *text, char out[7 + 64 + 1]) {
    memcpy(out, "sha256:", 7);
    sw_sha256_hex(text, strlen(text), out + 7);
}

void sw_manifest_make(const json_t *config, const struct sw_layer *layers, size_t layer_count, struct sw_made_manifest *made) {
    made->config = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
    digest_of(made->config, made->config_digest);
    json_t *list = json_array();
    for (size_t i = 0; i < layer_count; i++)
        json_array_append_new(list, descriptor(oci_layer_type(layers[i].media_type), layers[i].digest, layers[i].bytes));
    sw_cleanup_json json_t *manifest =
        json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType", SW_OCI_MANIFEST, "config",
                  descriptor(SW_OCI_CONFIG, made->config_digest, strlen(made->config)), "layers", list);
    made->manifest = json_dumps(manifest, JSON_COMPACT);
    digest_of(made->manifest, made->manifest_digest);
}

void sw_manifest_replace_config(struct sw_bytes manifest, const char *config, struct sw_made_manifest *made) {
    sw_cleanup_json json_t *json = json_loadb(manifest.data, manifest.len, 0, NULL);
    json_t *entry = json_object_get(json, "config");
    made->config = sw_strdup(config);
    digest_of(config, made->config_digest);
    json_object_set_new(entry, "digest", json_string(made->config_digest));
    json_object_set_new(entry, "size", json_integer((json_int_t)strlen(config)));
    made->manifest = json_dumps(json, JSON_COMPACT);
    digest_of(made->manifest, made->manifest_digest);
}

bool sw_manifest_config(const json_t *manifest, struct sw_descriptor *config) {
    json_t *object = json_object_get(manifest, "config");
    *config = (struct sw_descriptor){
        .size = sizeof *config,
        .media_type = json_string_value(json_object_get(object, "mediaType")),
        .digest = json_string_value(json_object_get(object, "digest")),
        .bytes = (uint64_t)json_integer_value(json_object_get(object, "size")),
    };
    return config->media_type && sw_digest_valid(config->digest);
}

void sw_config_set_label(json_t *config, const char *name, const char *value) {
    json_t *inner = json_object_get(config, "config");
    if (!json_is_object(inner)) {
        inner = json_object();
        json_object_set_new(config, "config", inner);
    }
    json_t *labels = json_object_get(inner, "Labels");
    if (!json_is_object(labels)) {
        labels = json_object();
        json_object_set_new(inner, "Labels", labels);
    }
    json_object_set_new(labels, name, json_string(value));
}
