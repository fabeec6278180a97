#include "core/graph/image.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"

struct sw_image {
    struct sw_arena arena;
    const char *reference;
    const char *repo;
    const char *platform;
    const char *manifest_digest;
    const char *config_digest;
    const char *index_digest;
    const char *config;
    const char *build_config;
    const char *media_type;
    struct sw_bytes manifest;
    json_t *config_json;
    struct sw_layer *layers;
    size_t layer_count;
};

char *sw_config_platform(const json_t *config) {
    const char *os = json_string_value(json_object_get(config, "os"));
    const char *arch = json_string_value(json_object_get(config, "architecture"));
    const char *variant = json_string_value(json_object_get(config, "variant"));
    return sw_format("%s/%s%s%s", os ? os : "linux", arch ? arch : "amd64", variant && *variant ? "/" : "", variant ? variant : "");
}

/* Makes the number of history entries that stand for layers equal to the number of layers: images of other tools get this wrong. */
static void fit_history(json_t *config, size_t layer_count) {
    json_t *history = json_object_get(config, "history");
    if (!json_is_array(history)) {
        history = json_array();
        json_object_set_new(config, "history", history);
    }
    size_t index, layers = 0;
    json_t *entry;
    json_array_foreach(history, index, entry) {
        if (json_is_true(json_object_get(entry, "empty_layer")))
            continue;
        if (layers < layer_count)
            layers++;
        else
            json_object_set_new(entry, "empty_layer", json_true());
    }
    for (; layers < layer_count; layers++)
        json_array_append_new(history, json_object());
}

static const char *make_build_config(struct sw_arena *arena, const json_t *config, size_t layer_count) {
    sw_cleanup_json json_t *copy = json_deep_copy(config);
    json_object_del(copy, "rootfs");
    json_object_del(copy, "created");
    fit_history(copy, layer_count);
    sw_cleanup_free char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
    return sw_arena_str(arena, text);
}

static bool read_layers(struct sw_image *image, const json_t *layers, const json_t *diff_ids, struct sw_error **error) {
    size_t count = json_array_size(layers);
    if (count != json_array_size(diff_ids))
        return sw_fail(error, SW_ERROR_CORRUPT, "the manifest lists %zu layers, the config %zu", count, json_array_size(diff_ids));
    image->layers = sw_arena_new(&image->arena, count * sizeof *image->layers);
    for (size_t i = 0; i < count; i++) {
        const json_t *layer = json_array_get(layers, i);
        const char *media_type = json_string_value(json_object_get(layer, "mediaType"));
        const char *digest = json_string_value(json_object_get(layer, "digest"));
        const char *diff_id = json_string_value(json_array_get(diff_ids, i));
        json_int_t bytes = json_integer_value(json_object_get(layer, "size"));
        if (!media_type || !sw_digest_valid(digest) || !sw_digest_valid(diff_id) || bytes < 0)
            return sw_fail(error, SW_ERROR_CORRUPT, "layer %zu has no usable media type, size or digest", i + 1);
        image->layers[i] = (struct sw_layer){
            .size = sizeof(struct sw_layer),
            .media_type = sw_arena_str(&image->arena, media_type),
            .digest = sw_arena_str(&image->arena, digest),
            .diff_id = sw_arena_str(&image->arena, diff_id),
            .bytes = (uint64_t)bytes,
        };
    }
    image->layer_count = count;
    return true;
}

static bool read_parts(struct sw_image *image, const struct sw_image_parts *parts, struct sw_error **error) {
    struct sw_arena *arena = &image->arena;
    image->reference = sw_arena_str(arena, parts->reference);
    image->repo = sw_arena_str(arena, parts->repo);
    image->manifest = sw_arena_bytes(arena, parts->manifest);
    image->config = sw_arena_strn(arena, parts->config.data, parts->config.len);
    sw_cleanup_json json_t *manifest = json_loadb(parts->manifest.data, parts->manifest.len, JSON_REJECT_DUPLICATES, NULL);
    image->config_json = json_loadb(parts->config.data, parts->config.len, 0, NULL);
    if (!json_is_object(manifest) || !json_is_object(image->config_json))
        return sw_fail(error, SW_ERROR_CORRUPT, "manifest or config is no JSON object");
    if (!sw_digest_valid(parts->manifest_digest))
        return sw_fail(error, SW_ERROR_CORRUPT, "manifest digest \"%s\" is malformed", parts->manifest_digest);
    image->manifest_digest = sw_arena_str(arena, parts->manifest_digest);
    char digest[7 + SW_SHA256_HEX] = "sha256:";
    sw_sha256_hex(parts->config.data, parts->config.len, digest + 7);
    const char *named = json_string_value(json_object_get(json_object_get(manifest, "config"), "digest"));
    if (!named || strcmp(named, digest) != 0)
        return sw_fail(error, SW_ERROR_CORRUPT, "the config is not the one that the manifest names");
    image->config_digest = sw_arena_str(arena, digest);
    const char *media_type = json_string_value(json_object_get(manifest, "mediaType"));
    image->media_type = sw_arena_str(arena, media_type ? media_type : "application/vnd.oci.image.manifest.v1+json");
    const json_t *diff_ids = json_object_get(json_object_get(image->config_json, "rootfs"), "diff_ids");
    if (!read_layers(image, json_object_get(manifest, "layers"), diff_ids, error))
        return false;
    sw_cleanup_free char *platform = sw_config_platform(image->config_json);
    image->platform = sw_arena_str(arena, platform);
    image->build_config = make_build_config(arena, image->config_json, image->layer_count);
    return true;
}

struct sw_image *sw_image_new(const struct sw_image_parts *parts, struct sw_error **error) {
    struct sw_image *image = sw_new(sizeof *image);
    if (read_parts(image, parts, error))
        return image;
    sw_image_free(image);
    return NULL;
}

struct sw_image *sw_image_unresolved(const char *reference, const char *platform) {
    struct sw_image *image = sw_new(sizeof *image);
    image->reference = sw_arena_str(&image->arena, reference);
    image->platform = sw_arena_str(&image->arena, platform);
    image->config = "{}";
    image->config_json = json_object();
    image->build_config = make_build_config(&image->arena, image->config_json, 0);
    return image;
}

void sw_image_set_index(struct sw_image *image, const char *digest) {
    image->index_digest = sw_arena_str(&image->arena, digest);
}

void sw_image_free(struct sw_image *image) {
    if (!image)
        return;
    json_decref(image->config_json);
    sw_arena_fini(&image->arena);
    free(image);
}

const char *sw_image_repo(const struct sw_image *image) {
    return image->repo;
}

struct sw_bytes sw_image_manifest(const struct sw_image *image) {
    return image->manifest;
}

const char *sw_image_media_type(const struct sw_image *image) {
    return image->media_type;
}

const char *sw_image_build_config(const struct sw_image *image) {
    return image->build_config;
}

const char *sw_image_label(const struct sw_image *image, const char *name) {
    const json_t *config = json_object_get(image->config_json, "config");
    return json_string_value(json_object_get(json_object_get(config, "Labels"), name));
}

static const char *image_reference(const struct sw_image *image) {
    return image->reference;
}

static const char *image_platform(const struct sw_image *image) {
    return image->platform;
}

static const char *image_manifest_digest(const struct sw_image *image) {
    return image->manifest_digest;
}

static const char *image_config_digest(const struct sw_image *image) {
    return image->config_digest;
}

static const char *image_index_digest(const struct sw_image *image) {
    return image->index_digest;
}

static const char *image_config(const struct sw_image *image) {
    return image->config;
}

static size_t image_layer_count(const struct sw_image *image) {
    return image->layer_count;
}

static struct sw_layer image_layer(const struct sw_image *image, size_t index) {
    return index < image->layer_count ? image->layers[index] : (struct sw_layer){.size = sizeof(struct sw_layer)};
}

const struct sw_host_image sw_host_image_table = {
    .size = sizeof(struct sw_host_image),
    .reference = image_reference,
    .platform = image_platform,
    .manifest_digest = image_manifest_digest,
    .config_digest = image_config_digest,
    .config = image_config,
    .layer_count = image_layer_count,
    .layer = image_layer,
    .repo = sw_image_repo,
    .index_digest = image_index_digest,
};
