#include "plugins/registry/manifest.h"

#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/registry/strict_json.h"

enum { MAX_ENTRIES = 4096, MAX_TYPE = 256 };

void sw_manifest_view_fini(struct sw_manifest_view *view) {
    sw_arena_fini(&view->arena);
    memset(view, 0, sizeof *view);
}

/* The media type of a header without its parameters; "" for the ones that say nothing. */
static const char *bare_type(const char *content_type, char out[MAX_TYPE]) {
    size_t len = content_type ? strcspn(content_type, "; \t") : 0;
    if (len >= MAX_TYPE)
        len = 0;
    memcpy(out, len ? content_type : "", len);
    out[len] = 0;
    static const char *const generic[] = {"application/json", "text/plain", "application/octet-stream"};
    for (size_t i = 0; i < sizeof generic / sizeof *generic; i++)
        if (!strcasecmp(out, generic[i]))
            *out = 0;
    return out;
}

static bool is_index_type(const char *type) {
    return !strcmp(type, SW_TYPE_OCI_INDEX) || !strcmp(type, SW_TYPE_DOCKER_LIST);
}

static bool is_manifest_type(const char *type) {
    return !strcmp(type, SW_TYPE_OCI_MANIFEST) || !strcmp(type, SW_TYPE_DOCKER_MANIFEST);
}

static bool is_schema1(const char *type, const json_t *root) {
    const json_t *version = json_object_get(root, "schemaVersion");
    return strstr(type, "distribution.manifest.v1+") || (json_is_integer(version) && json_integer_value(version) == 1);
}

static bool read_entry(struct sw_arena *arena, const json_t *value, const char *what, struct sw_entry *entry,
                       struct sw_error **error) {
    const char *digest = sw_json_text(value, "digest");
    const char *type = sw_json_text(value, "mediaType");
    if (!json_is_object(value))
        return sw_fail(error, SW_ERROR_CORRUPT, "%s is no descriptor", what);
    if (!digest || !sw_digest_valid(digest))
        return sw_fail(error, SW_ERROR_CORRUPT, "%s has no valid sha256 digest", what);
    if (!sw_json_size(value, "size", &entry->bytes))
        return sw_fail(error, SW_ERROR_CORRUPT, "the size of %s (%s) is no whole number from 0 to 2^53 - 1", what, digest);
    if (!type || !*type)
        return sw_fail(error, SW_ERROR_CORRUPT, "%s (%s) has no media type", what, digest);
    entry->digest = sw_arena_str(arena, digest);
    entry->media_type = sw_arena_str(arena, type);
    return true;
}

static void read_platform(const json_t *value, struct sw_entry *entry) {
    const json_t *platform = json_object_get(value, "platform");
    const char *reference_type = sw_json_text(json_object_get(value, "annotations"), "vnd.docker.reference.type");
    if (json_is_object(platform)) {
        entry->has_platform = true;
        entry->platform =
            sw_platform_of(sw_json_text(platform, "os"), sw_json_text(platform, "architecture"), sw_json_text(platform, "variant"));
    }
    entry->attestation = (reference_type && !strcmp(reference_type, "attestation-manifest")) ||
                         (entry->has_platform && !strcmp(entry->platform.os, "unknown"));
}

static bool read_entries(struct sw_manifest_view *view, const json_t *list, struct sw_error **error) {
    const char *what = view->is_index ? "an entry of the index" : "a layer of the manifest";
    if (!json_is_array(list))
        return sw_fail(error, SW_ERROR_CORRUPT, "the %s has no list of %s", view->is_index ? "index" : "manifest",
                       view->is_index ? "manifests" : "layers");
    view->count = json_array_size(list);
    if (view->count > MAX_ENTRIES)
        return sw_fail(error, SW_ERROR_CORRUPT, "the %s has %zu entries, more than %d", view->is_index ? "index" : "manifest",
                       view->count, MAX_ENTRIES);
    view->entries = sw_arena_new(&view->arena, (view->count + 1) * sizeof *view->entries);
    for (size_t i = 0; i < view->count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!read_entry(&view->arena, value, what, &view->entries[i], error))
            return false;
        if (view->is_index)
            read_platform(value, &view->entries[i]);
    }
    return true;
}

/* Finds out what the document is: the header and the body must agree, and its members must fit. */
static bool decide_type(const json_t *root, const char *header, struct sw_manifest_view *view, struct sw_error **error) {
    const char *own = sw_json_text(root, "mediaType");
    const json_t *version = json_object_get(root, "schemaVersion");
    bool as_index = json_is_array(json_object_get(root, "manifests"));
    bool as_manifest = json_object_get(root, "config") || json_object_get(root, "layers");
    if (is_schema1(own ? own : header, root)) {
        sw_fail(error, SW_ERROR_UNSUPPORTED, "the image is in the old schema 1 format");
        if (error)
            *error = sw_error_hint(*error, "push it again with a newer tool");
        return false;
    }
    if (!json_is_integer(version) || json_integer_value(version) != 2)
        return sw_fail(error, SW_ERROR_CORRUPT, "the manifest's schemaVersion is not 2");
    if (own && *own && *header && strcmp(own, header))
        return sw_fail(error, SW_ERROR_CORRUPT, "the manifest says that it is \"%.100s\", its header \"%.100s\"", own, header);
    if (as_index && as_manifest)
        return sw_fail(error, SW_ERROR_CORRUPT, "the manifest has members of both an index and an image");
    const char *type = own && *own   ? own
                       : *header     ? header
                       : as_index    ? SW_TYPE_OCI_INDEX
                       : as_manifest ? SW_TYPE_OCI_MANIFEST
                                     : "";
    if (!is_index_type(type) && !is_manifest_type(type))
        return sw_fail(error, SW_ERROR_UNSUPPORTED, "\"%.100s\" is not the media type of an image or an index", type);
    view->is_index = is_index_type(type);
    if (view->is_index ? as_manifest : as_index)
        return sw_fail(error, SW_ERROR_CORRUPT, "the manifest's members do not fit its media type \"%s\"", type);
    view->media_type = sw_arena_str(&view->arena, type);
    return true;
}

bool sw_manifest_parse(const char *content_type, struct sw_bytes body, struct sw_manifest_view *view, struct sw_error **error) {
    char header[MAX_TYPE];
    if (body.len > SW_MANIFEST_MAX)
        return sw_fail(error, SW_ERROR_CORRUPT, "the manifest is greater than 4 MiB");
    sw_cleanup_json json_t *root = sw_strict_json(body, "the manifest", error);
    if (!root || !decide_type(root, bare_type(content_type, header), view, error))
        goto failed;
    if (!view->is_index &&
        !read_entry(&view->arena, json_object_get(root, "config"), "the manifest's config", &view->config, error))
        goto failed;
    if (read_entries(view, json_object_get(root, view->is_index ? "manifests" : "layers"), error))
        return true;
failed:
    sw_manifest_view_fini(view);
    return false;
}

static bool fail_no_platform(const struct sw_manifest_view *index, const struct sw_platform *wanted, struct sw_error **error) {
    struct sw_buf there = {0};
    for (size_t i = 0; i < index->count; i++) {
        if (!index->entries[i].has_platform || index->entries[i].attestation)
            continue;
        sw_cleanup_free char *one = sw_platform_format(&index->entries[i].platform);
        sw_buf_printf(&there, "%s%s", there.len ? ", " : "", one);
    }
    sw_cleanup_free char *asked = sw_platform_format(wanted);
    sw_fail(error, SW_ERROR_NOT_FOUND, "the image is not there for %s", asked);
    if (error)
        *error = sw_error_hint(*error, "it has: %s", there.len ? there.data : "no platforms at all");
    sw_buf_fini(&there);
    return false;
}

const struct sw_entry *sw_manifest_choose(const struct sw_manifest_view *index, const struct sw_platform *platform,
                                          struct sw_error **error) {
    const struct sw_entry *best = NULL;
    const struct sw_entry *nameless = NULL;
    size_t nameless_count = 0;
    int best_rank = 0;
    for (size_t i = 0; i < index->count; i++) {
        const struct sw_entry *entry = &index->entries[i];
        bool image = is_manifest_type(entry->media_type) || is_index_type(entry->media_type);
        if (entry->attestation || !image)
            continue;
        if (!entry->has_platform) {
            nameless = entry;
            nameless_count++;
            continue;
        }
        int rank = sw_platform_rank(platform, &entry->platform);
        if (rank > best_rank) {
            best = entry;
            best_rank = rank;
        }
    }
    if (best)
        return best;
    if (nameless_count == 1)
        return nameless;
    fail_no_platform(index, platform, error);
    return NULL;
}

bool sw_manifest_check_config(const struct sw_manifest_view *manifest, struct sw_bytes config, struct sw_platform *platform,
                              struct sw_error **error) {
    const char *type = manifest->config.media_type;
    if (strcmp(type, SW_TYPE_OCI_CONFIG) && strcmp(type, SW_TYPE_DOCKER_CONFIG))
        return sw_fail(error, SW_ERROR_UNSUPPORTED, "it is an artifact of type \"%.100s\", not an image", type);
    sw_cleanup_json json_t *root = sw_strict_json(config, "the image's config", error);
    if (!root)
        return false;
    const json_t *diff_ids = json_object_get(json_object_get(root, "rootfs"), "diff_ids");
    if (!json_is_array(diff_ids) && !(json_is_null(diff_ids) && !manifest->count))
        return sw_fail(error, SW_ERROR_CORRUPT, "the image's config has no rootfs.diff_ids");
    if (json_array_size(diff_ids) != manifest->count)
        return sw_fail(error, SW_ERROR_CORRUPT, "the image's config names %zu layers, its manifest %zu", json_array_size(diff_ids),
                       manifest->count);
    size_t i;
    const json_t *one;
    json_array_foreach(diff_ids, i, one) {
        if (!json_is_string(one) || !sw_digest_valid(json_string_value(one)))
            return sw_fail(error, SW_ERROR_CORRUPT, "diff_ids[%zu] of the image's config is no sha256 digest", i);
    }
    *platform = sw_platform_of(sw_json_text(root, "os"), sw_json_text(root, "architecture"), sw_json_text(root, "variant"));
    return true;
}
