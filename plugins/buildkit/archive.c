#include "plugins/buildkit/archive.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "plugins/buildkit/tar.h"

enum { JSON_BYTES_LIMIT = 8 * 1024 * 1024, LINKS_LIMIT = 8 };

struct sw_archive_member {
    uint64_t at;
    uint64_t bytes;
    char *link; /* of a symlink: name of what it leads to */
};

static void free_member(void *value) {
    struct sw_archive_member *member = value;
    if (member)
        free(member->link);
    free(member);
}

void sw_archive_fini(struct sw_archive *archive) {
    sw_map_fini(&archive->members, free_member);
    sw_vec_fini(&archive->layers);
    json_decref(archive->config);
    *archive = (struct sw_archive){.fd = -1};
}

static bool incomplete(const char *what, struct sw_error **error) {
    return sw_fail(error, SW_ERROR_CORRUPT, "the daemon exported an image without %s", what);
}

/* ---- members ---- */

static bool list(struct sw_archive *archive, uint64_t bytes, struct sw_error **error) {
    struct sw_tar tar = {archive->fd, 0, bytes};
    struct sw_tar_entry entry = {0};
    int got;
    while ((got = sw_tar_next(&tar, &entry, error)) > 0) {
        struct sw_archive_member *member = sw_new(sizeof *member);
        *member = (struct sw_archive_member){.at = entry.data, .bytes = entry.bytes};
        if (entry.type == '2') {
            sw_cleanup_free char *folder = sw_path_dir(sw_buf_text(&entry.name));
            member->link = sw_path_join(folder, sw_buf_text(&entry.link));
        }
        free_member(sw_map_set(&archive->members, sw_buf_text(&entry.name), member));
    }
    sw_tar_entry_fini(&entry);
    return got == 0;
}

static const struct sw_archive_member *find(const struct sw_archive *archive, const char *name) {
    const struct sw_archive_member *member = name ? sw_map_get(&archive->members, name) : NULL;
    for (int i = 0; member && member->link; i++)
        member = i < LINKS_LIMIT ? sw_map_get(&archive->members, member->link) : NULL;
    return member;
}

static json_t *load(const struct sw_archive *archive, const char *name, struct sw_error **error) {
    const struct sw_archive_member *member = find(archive, name);
    if (!member || member->bytes > JSON_BYTES_LIMIT) {
        incomplete(name ? name : "a manifest", error);
        return NULL;
    }
    sw_cleanup_free char *text = sw_new((size_t)member->bytes + 1);
    if (!sw_tar_read(archive->fd, text, (size_t)member->bytes, member->at, error))
        return NULL;
    json_t *json = json_loadb(text, (size_t)member->bytes, 0, NULL);
    if (!json)
        incomplete(name, error);
    return json;
}

static bool add_layer(struct sw_archive *archive, const char *name, struct sw_error **error) {
    const struct sw_archive_member *member = find(archive, name);
    if (!member)
        return incomplete("one of its layers", error);
    sw_vec_push(&archive->layers, &(struct sw_archive_layer){member->at, member->bytes});
    return true;
}

/* ---- docker's archive ---- */

static bool read_docker(struct sw_archive *archive, struct sw_error **error) {
    sw_cleanup_json json_t *list_json = load(archive, "manifest.json", error);
    json_t *manifest = json_array_get(list_json, 0), *layer;
    size_t i;
    if (!manifest)
        return list_json ? incomplete("a manifest", error) : false;
    archive->config = load(archive, json_string_value(json_object_get(manifest, "Config")), error);
    if (!archive->config)
        return false;
    json_array_foreach(json_object_get(manifest, "Layers"), i,
                       layer) if (!add_layer(archive, json_string_value(layer), error)) return false;
    return true;
}

/* ---- OCI layouts ---- */

/* Name of the member that holds a descriptor's blob; NULL when it cannot be one. To be freed. */
static char *blob_name(const json_t *descriptor) {
    const char *digest = json_string_value(json_object_get(descriptor, "digest"));
    return digest && sw_digest_valid(digest) ? sw_format("blobs/sha256/%s", digest + strlen("sha256:")) : NULL;
}

static json_t *load_blob(const struct sw_archive *archive, const json_t *descriptor, struct sw_error **error) {
    sw_cleanup_free char *name = blob_name(descriptor);
    return load(archive, name, error);
}

static bool read_oci(struct sw_archive *archive, struct sw_error **error) {
    json_t *json = load(archive, "index.json", error);
    for (int depth = 0; depth < 3 && json && json_object_get(json, "manifests"); depth++) {
        json_t *inner = load_blob(archive, json_array_get(json_object_get(json, "manifests"), 0), error);
        json_decref(json);
        json = inner;
    }
    sw_cleanup_json json_t *manifest = json;
    json_t *layer;
    size_t i;
    if (!manifest)
        return false;
    archive->config = load_blob(archive, json_object_get(manifest, "config"), error);
    if (!archive->config)
        return false;
    json_array_foreach(json_object_get(manifest, "layers"), i, layer) {
        sw_cleanup_free char *name = blob_name(layer);
        if (!add_layer(archive, name, error))
            return false;
    }
    return true;
}

bool sw_archive_open(int fd, uint64_t bytes, struct sw_archive *archive, struct sw_error **error) {
    *archive = (struct sw_archive){.fd = fd, .layers = {.width = sizeof(struct sw_archive_layer)}};
    bool ok = list(archive, bytes, error) &&
              (sw_map_has(&archive->members, "index.json") ? read_oci(archive, error) : read_docker(archive, error));
    size_t diff_ids = ok ? json_array_size(json_object_get(json_object_get(archive->config, "rootfs"), "diff_ids")) : 0;
    if (ok && diff_ids != archive->layers.len)
        ok = incomplete("all of its layers", error);
    if (!ok)
        sw_archive_fini(archive);
    return ok;
}
