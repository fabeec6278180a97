#include "plugins/dockerfile/dirhash.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/text.h"

/* Files of the context that the ignore file leaves and those of contextAddFiles, as paths relative to it, sorted. */
struct listing {
    struct sw_strlist files;
    struct sw_map added; /* path -> SHA-256 of what contextAddFiles puts there, whatever the commit has */
    const struct sw_df_context *context;
    size_t skip; /* length of the context's folder and its slash */
};

static void fini(struct listing *listing) {
    sw_strlist_fini(&listing->files);
    sw_map_fini(&listing->added, NULL);
}
#define cleanup_listing __attribute__((cleanup(fini)))

static bool visit_added(void *data, const struct sw_file *file) {
    struct listing *listing = data;
    const char *folder = listing->context->project_folder;
    size_t skip = *folder ? strlen(folder) + 1 : 0;
    sw_map_set(&listing->added, file->path + skip, (void *)sw_arena_str(listing->context->arena, file->id));
    return true;
}

static bool visit(void *data, const struct sw_file *file) {
    struct listing *listing = data;
    if (!sw_map_has(&listing->added, file->path + listing->skip))
        sw_strlist_add(&listing->files, file->path + listing->skip);
    return true;
}

static bool list_files(struct listing *listing, struct sw_error **error) {
    const struct sw_df_context *context = listing->context;
    struct sw_filter ignore = sw_df_context_filter(context);
    listing->skip = *context->folder ? strlen(context->folder) + 1 : 0;
    if (context->added.count && !context->files->host_files_list(context->plan, context->added, visit_added, listing, error))
        return false;
    if (!context->files->list(context->commit, context->folder, &ignore, 1, visit, listing, error))
        return false;
    for (size_t i = 0; i < listing->added.len; i++)
        sw_strlist_add(&listing->files, listing->added.entries[i].key);
    if (listing->added.len)
        sw_strlist_sort(&listing->files);
    return true;
}

static void base64(const uint8_t *in, size_t len, struct sw_buf *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)in[i] << 16 | (i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0) | (i + 2 < len ? in[i + 2] : 0);
        for (size_t j = 0; j < 4; j++)
            sw_buf_putc(out, i + j <= len ? digits[group >> (18 - 6 * j) & 63] : '=');
    }
}

/* Adds the line of one file: the hash of its bytes (of a symlink: its target), and `name`. */
static bool add_line(const struct listing *listing, struct sw_sha256 *hash, const char *path, const char *name,
                     struct sw_error **error) {
    const struct sw_df_context *context = listing->context;
    char digest[SW_SHA256_HEX];
    const char *added = sw_map_get(&listing->added, path);
    if (!added) {
        sw_cleanup_free char *whole = sw_path_join(context->folder, path);
        struct sw_bytes bytes;
        if (!context->files->read(context->commit, whole, &bytes, error))
            return false;
        sw_sha256_hex(bytes.data, bytes.len, digest);
        context->files->free_bytes(&bytes);
    }
    sw_cleanup_free char *line = sw_format("%s  %s\n", added ? added : digest, name);
    sw_sha256_add(hash, line, strlen(line));
    return true;
}

static bool add_lines(const struct listing *listing, const char *path, struct sw_sha256 *hash, struct sw_error **error) {
    bool root = strcmp(path, ".") == 0;
    size_t len = root ? 0 : strlen(path);
    for (size_t i = 0; i < listing->files.len; i++) {
        const char *file = listing->files.items[i];
        if (!root && strcmp(file, path) == 0) {
            sw_cleanup_free char *name = sw_path_base(path);
            return add_line(listing, hash, file, name, error);
        }
        if (!root && (strncmp(file, path, len) != 0 || file[len] != '/'))
            continue;
        sw_cleanup_free char *name = root ? sw_format("/%s", file) : sw_strdup(file + len);
        if (!add_line(listing, hash, file, name, error))
            return false;
    }
    return true;
}

static const char *hash_of(const struct listing *listing, const char *path, struct sw_error **error) {
    uint8_t digest[SW_SHA256_SIZE];
    sw_cleanup_buf struct sw_buf text = {0};
    struct sw_sha256 *hash = sw_sha256_new();
    bool ok = add_lines(listing, path, hash, error);
    sw_sha256_final(hash, digest);
    sw_sha256_free(hash);
    sw_buf_puts(&text, "h1:");
    base64(digest, sizeof(digest), &text);
    return ok ? sw_arena_str(listing->context->arena, sw_buf_text(&text)) : NULL;
}

const char *sw_df_dirhash(const struct sw_df_context *context, const char *path, struct sw_error **error) {
    cleanup_listing struct listing listing = {.context = context};
    return list_files(&listing, error) ? hash_of(&listing, path, error) : NULL;
}

static void add_once(struct sw_strlist *list, const char *text) {
    if (!sw_strlist_has(list, text))
        sw_strlist_add(list, text);
}

/* Adds the files and folders that `pattern` matches; false when there are none. */
static bool add_matches(const struct listing *listing, const char *pattern, struct sw_strlist *matches) {
    sw_cleanup_free char *rooted = sw_path_join("/", pattern);
    const char *clean = rooted + 1;
    if (!*clean) {
        add_once(matches, ".");
        return true;
    }
    size_t before = matches->len;
    bool known = false;
    for (size_t i = 0; i < listing->files.len; i++) {
        const char *file = listing->files.items[i];
        for (const char *end = strchrnul(file, '/');; end = strchrnul(end + 1, '/')) {
            sw_cleanup_free char *path = sw_strndup(file, (size_t)(end - file));
            if (sw_path_match(clean, path) == 1) {
                known = known || sw_strlist_has(matches, path);
                add_once(matches, path);
            }
            if (!*end)
                break;
        }
    }
    return known || matches->len > before;
}

bool sw_df_dirhash_checksum(void *data, struct sw_strings sources, char out[65], struct sw_error **error) {
    const struct sw_df_context *context = data;
    cleanup_listing struct listing listing = {.context = context};
    sw_cleanup_strlist struct sw_strlist matches = {0}, hashes = {0};
    bool ok = list_files(&listing, error);
    for (size_t i = 0; ok && i < sources.count; i++) {
        if (sw_df_has_prefix(sources.items[i], "http://") || sw_df_has_prefix(sources.items[i], "https://"))
            continue;
        ok = add_matches(&listing, sources.items[i], &matches) ||
             sw_fail(error, SW_ERROR_CONFIG, "\"%s\" matches no file of the context", sources.items[i]);
    }
    sw_strlist_sort(&matches);
    for (size_t i = 0; ok && i < matches.len; i++) {
        const char *hash = hash_of(&listing, matches.items[i], error);
        ok = hash != NULL;
        if (ok)
            sw_strlist_add(&hashes, hash);
    }
    sw_join256(sw_strlist_view(&hashes), out);
    return ok;
}
