#include "plugins/registry/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/registry/layout_files.h"
#include "plugins/registry/manifest.h"
#include "plugins/registry/reference.h"
#include "plugins/registry/strict_json.h"

#define REF_NAME "org.opencontainers.image.ref.name"
#define FULL_NAME "io.containerd.image.name"

bool sw_layout_parse(const char *text, struct sw_layout *layout, struct sw_error **error) {
    const char *folder = text + strlen("oci:");
    size_t len = strcspn(folder, ":");
    if (!len)
        return sw_fail(error, SW_ERROR_CONFIG, "\"%s\" names no folder: an OCI layout is oci:FOLDER or oci:FOLDER:NAME", text);
    layout->folder = sw_strndup(folder, len);
    layout->name = sw_strdup(folder[len] ? folder + len + 1 : "");
    return true;
}

void sw_layout_fini(struct sw_layout *layout) {
    free(layout->folder);
    free(layout->name);
    memset(layout, 0, sizeof *layout);
}

void sw_layout_manifest_fini(struct sw_layout_manifest *manifest) {
    free(manifest->media_type);
    free(manifest->digest);
    sw_buf_fini(&manifest->body);
    memset(manifest, 0, sizeof *manifest);
}

/* --- the index --- */

static json_t *new_index(void) {
    return json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType", SW_TYPE_OCI_INDEX, "manifests");
}

/* The index, or an empty one where there is none; NULL and `error` else. */
static json_t *read_index(const struct sw_layout *layout, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0};
    bool missing = false;
    if (!sw_layout_read_index(layout->folder, &text, &missing, error))
        return NULL;
    if (missing)
        return new_index();
    sw_cleanup_free char *what = sw_format("%s/index.json", layout->folder);
    json_t *index = sw_strict_json((struct sw_bytes){text.data, text.len}, what, error);
    if (index && !json_is_array(json_object_get(index, "manifests"))) {
        json_decref(index);
        sw_fail(error, SW_ERROR_CORRUPT, "%s has no list of manifests", what);
        return NULL;
    }
    return index;
}

static const char *annotation(const json_t *entry, const char *key) {
    return sw_json_text(json_object_get(entry, "annotations"), key);
}

static char *ref_name(const struct sw_layout *layout, const char *tag) {
    return *layout->name ? sw_format("%s:%s", layout->name, tag) : sw_strdup(tag);
}

/* The entry with annotation `key` of `value`; borrowed. */
static json_t *entry_named(const json_t *index, const char *key, const char *value) {
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(index, "manifests"), i, entry) {
        const char *name = annotation(entry, key);
        if (name && !strcmp(name, value))
            return entry;
    }
    return NULL;
}

static json_t *entry_with_digest(const json_t *index, const char *digest) {
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(index, "manifests"), i, entry) {
        const char *own = sw_json_text(entry, "digest");
        if (own && !strcmp(own, digest))
            return entry;
    }
    return NULL;
}

bool sw_layout_list(const struct sw_layout *layout, struct sw_strlist *tags, struct sw_error **error) {
    sw_cleanup_json json_t *index = read_index(layout, error);
    size_t prefix = *layout->name ? strlen(layout->name) + 1 : 0;
    size_t i;
    const json_t *entry;
    if (!index)
        return false;
    json_array_foreach(json_object_get(index, "manifests"), i, entry) {
        const char *name = annotation(entry, REF_NAME);
        if (!name || (prefix && (strncmp(name, layout->name, prefix - 1) || name[prefix - 1] != ':')))
            continue;
        if (sw_tag_valid(name + prefix, strlen(name + prefix)))
            sw_strlist_add(tags, name + prefix);
    }
    return true;
}

/* --- manifests --- */

static bool load_manifest(const struct sw_layout *layout, const char *digest, const char *media_type,
                          struct sw_layout_manifest *manifest, struct sw_error **error) {
    sw_cleanup_manifest_view struct sw_manifest_view view = {0};
    if (!sw_digest_valid(digest))
        return sw_fail(error, SW_ERROR_CORRUPT, "\"%.100s\" is not a sha256 digest", digest);
    if (!sw_layout_read_blob(layout->folder, digest, SW_MANIFEST_MAX, &manifest->body, error) ||
        !sw_manifest_parse(media_type, (struct sw_bytes){manifest->body.data, manifest->body.len}, &view, error)) {
        sw_layout_manifest_fini(manifest);
        return false;
    }
    manifest->media_type = sw_strdup(view.media_type);
    manifest->digest = sw_strdup(digest);
    return true;
}

static bool load_entry(const struct sw_layout *layout, const json_t *entry, struct sw_layout_manifest *manifest,
                       struct sw_error **error) {
    const char *digest = sw_json_text(entry, "digest");
    if (!digest)
        return sw_fail(error, SW_ERROR_CORRUPT, "an entry of %s/index.json has no digest", layout->folder);
    return load_manifest(layout, digest, sw_json_text(entry, "mediaType"), manifest, error);
}

bool sw_layout_get_manifest(const struct sw_layout *layout, const char *tag_or_digest, struct sw_layout_manifest *manifest,
                            struct sw_error **error) {
    if (strchr(tag_or_digest, ':'))
        return load_manifest(layout, tag_or_digest, NULL, manifest, error);
    sw_cleanup_json json_t *index = read_index(layout, error);
    if (!index)
        return false;
    sw_cleanup_free char *name = ref_name(layout, tag_or_digest);
    const json_t *entry = entry_named(index, REF_NAME, name);
    if (!entry)
        return sw_fail(error, SW_ERROR_NOT_FOUND, "there is no image \"%s\" in %s", name, layout->folder);
    return load_entry(layout, entry, manifest, error);
}

static bool fail_not_one(const struct sw_layout *layout, const json_t *index, struct sw_error **error) {
    struct sw_buf names = {0};
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(index, "manifests"), i, entry) {
        const char *name = annotation(entry, REF_NAME);
        if (name && names.len < 1000)
            sw_buf_printf(&names, "%s%s", names.len ? ", " : "", name);
    }
    sw_fail(error, SW_ERROR_NOT_FOUND, "%s holds %zu images and none was named", layout->folder, i);
    if (error && names.len)
        *error = sw_error_hint(*error, "choose one of: %s", names.data);
    sw_buf_fini(&names);
    return false;
}

/* The entry whose name ends with the tag `name`: what other tools write with a host and path in front. */
static json_t *entry_tagged(const json_t *index, const char *name) {
    size_t i;
    size_t len = strlen(name);
    json_t *entry;
    json_array_foreach(json_object_get(index, "manifests"), i, entry) {
        const char *own = annotation(entry, REF_NAME);
        size_t own_len = own ? strlen(own) : 0;
        if (own_len > len && own[own_len - len - 1] == ':' && !strcmp(own + own_len - len, name))
            return entry;
    }
    return NULL;
}

bool sw_layout_find(const struct sw_layout *layout, struct sw_layout_manifest *manifest, struct sw_error **error) {
    const char *at = strchr(layout->name, '@');
    sw_cleanup_json json_t *index = read_index(layout, error);
    const json_t *entry = NULL;
    if (!index)
        return false;
    const json_t *list = json_object_get(index, "manifests");
    if (at) {
        entry = entry_with_digest(index, at + 1);
        if (!entry)
            return load_manifest(layout, at + 1, NULL, manifest, error);
    } else if (!*layout->name) {
        if (json_array_size(list) != 1)
            return fail_not_one(layout, index, error);
        entry = json_array_get(list, 0);
    } else {
        entry = entry_named(index, REF_NAME, layout->name);
        if (!entry)
            entry = entry_named(index, FULL_NAME, layout->name);
        if (!entry)
            entry = entry_tagged(index, layout->name);
    }
    if (!entry)
        return sw_fail(error, SW_ERROR_NOT_FOUND, "there is no image \"%s\" in %s", layout->name, layout->folder);
    return load_entry(layout, entry, manifest, error);
}

/* Changes the index under its lock: `change` returns whether anything was. */
static bool change_index(const struct sw_layout *layout, bool (*change)(json_t *index, void *context), void *context,
                         struct sw_error **error) {
    sw_cleanup_close int lock = sw_layout_lock(layout->folder, error);
    if (lock < 0)
        return false;
    sw_cleanup_json json_t *index = read_index(layout, error);
    if (!index)
        return false;
    if (!change(index, context))
        return true;
    char *text = json_dumps(index, JSON_COMPACT | JSON_PRESERVE_ORDER);
    bool written = sw_layout_write_index(layout->folder, (struct sw_bytes){text, strlen(text)}, error);
    free(text);
    return written;
}

struct naming {
    const char *name;
    const char *digest;
    const char *media_type;
    uint64_t bytes;
};

static bool set_name(json_t *index, void *context) {
    const struct naming *naming = context;
    json_t *list = json_object_get(index, "manifests");
    json_t *old = entry_named(index, REF_NAME, naming->name);
    const char *old_digest = sw_json_text(old, "digest");
    if (old_digest && !strcmp(old_digest, naming->digest))
        return false;
    json_t *entry = json_pack("{s:s, s:s, s:I, s:{s:s}}", "mediaType", naming->media_type, "digest", naming->digest, "size",
                              (json_int_t)naming->bytes, "annotations", REF_NAME, naming->name);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_array_get(list, i) == old) {
            json_array_set_new(list, i, entry);
            return true;
        }
    json_array_append_new(list, entry);
    return true;
}

bool sw_layout_put_manifest(const struct sw_layout *layout, const char *tag, const char *media_type, struct sw_bytes body,
                            char digest[72], struct sw_error **error) {
    memcpy(digest, "sha256:", 7);
    sw_sha256_hex(body.data, body.len, digest + 7);
    if (!sw_layout_write_blob(layout->folder, digest, body, error))
        return false;
    if (!tag)
        return true;
    sw_cleanup_free char *name = ref_name(layout, tag);
    struct naming naming = {.name = name, .digest = digest, .media_type = media_type, .bytes = body.len};
    return change_index(layout, set_name, &naming, error);
}

/* Removes entries of this repository's that have the name or the digest. */
struct unnaming {
    const struct sw_layout *layout;
    const char *name; /* or NULL */
    const char *digest;
};

static bool is_ours(const struct sw_layout *layout, const char *name) {
    size_t len = strlen(layout->name);
    return !len || (name && !strncmp(name, layout->name, len) && name[len] == ':');
}

static bool remove_names(json_t *index, void *context) {
    const struct unnaming *unnaming = context;
    json_t *list = json_object_get(index, "manifests");
    bool changed = false;
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *entry = json_array_get(list, i);
        const char *name = annotation(entry, REF_NAME);
        const char *digest = sw_json_text(entry, "digest");
        bool hit = unnaming->name ? name && !strcmp(name, unnaming->name)
                                  : digest && !strcmp(digest, unnaming->digest) && is_ours(unnaming->layout, name);
        if (!hit)
            continue;
        json_array_remove(list, i);
        changed = true;
    }
    return changed;
}

bool sw_layout_remove(const struct sw_layout *layout, const char *tag_or_digest, struct sw_error **error) {
    bool by_digest = strchr(tag_or_digest, ':') != NULL;
    sw_cleanup_free char *name = by_digest ? NULL : ref_name(layout, tag_or_digest);
    struct unnaming unnaming = {.layout = layout, .name = name, .digest = tag_or_digest};
    if (!sw_layout_exists(layout->folder))
        return true;
    return change_index(layout, remove_names, &unnaming, error);
}

/* --- blobs --- */

bool sw_layout_get_blob(const struct sw_layout *layout, const char *digest, uint64_t bytes, struct sw_buf *out,
                        struct sw_error **error) {
    if (bytes > SW_CONFIG_MAX)
        return sw_fail(error, SW_ERROR_CORRUPT, "blob %s is greater than 8 MiB", digest);
    if (!sw_layout_read_blob(layout->folder, digest, SW_CONFIG_MAX, out, error))
        return false;
    return out->len == bytes || sw_fail(error, SW_ERROR_CORRUPT, "blob %s has %zu bytes, not %" PRIu64, digest, out->len, bytes);
}

bool sw_layout_has_blob(const struct sw_layout *layout, const char *digest, uint64_t bytes) {
    uint64_t there;
    sw_cleanup_close int fd = sw_layout_open_blob(layout->folder, digest, &there, NULL);
    return fd >= 0 && there == bytes;
}

bool sw_layout_fetch_blob(const struct sw_layout *layout, const char *digest, uint64_t bytes, int fd, struct sw_error **error) {
    uint64_t there;
    sw_cleanup_close int from = sw_layout_open_blob(layout->folder, digest, &there, error);
    if (from < 0)
        return false;
    return sw_layout_copy(from, fd, digest, bytes, error);
}

bool sw_layout_put_blob(const struct sw_layout *layout, const char *digest, uint64_t bytes, int fd, struct sw_error **error) {
    if (sw_layout_has_blob(layout, digest, bytes))
        return true;
    return sw_layout_store_blob(layout->folder, digest, bytes, fd, error);
}
