#include "plugins/buildkit/cache_option.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"

static const char IMAGE[] = "%image%";

/* A name as it can stand in a tag. */
static void put_slug(struct sw_buf *out, const char *image) {
    for (const char *c = image; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' || *c == '.';
        sw_buf_putc(out, plain ? *c : '-');
    }
}

static void put_filled(struct sw_buf *out, const char *text, size_t len, const char *image) {
    for (size_t i = 0; i < len;) {
        if (len - i >= sizeof IMAGE - 1 && !strncmp(text + i, IMAGE, sizeof IMAGE - 1)) {
            put_slug(out, image);
            i += sizeof IMAGE - 1;
        } else {
            sw_buf_putc(out, text[i++]);
        }
    }
}

/* What buildctl takes from the variables of GitHub's runners. The token goes to the daemon, and nowhere else. */
static void put_runner(struct sw_buf *attributes) {
    static const char *const variables[][2] = {
        {"token", "ACTIONS_RUNTIME_TOKEN"}, {"url", "ACTIONS_CACHE_URL"}, {"url_v2", "ACTIONS_RESULTS_URL"}};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i][1]);
        sw_cleanup_free char *key = sw_format("%s=", variables[i][0]);
        const char *given = attributes->len ? strstr(sw_buf_text(attributes), key) : NULL;
        if (value && *value && !given)
            sw_buf_printf(attributes, "%s%s%s", attributes->len ? "," : "", key, value);
    }
}

static bool refuse(const char *name, const char *text, const char *why, struct sw_error **error) {
    sw_fail(error, SW_ERROR_USAGE, "--%s \"%s\": %s", name, text, why);
    if (error)
        *error = sw_error_hint(
            *error, "write type=registry,ref=HOST/NAME, or another type that the daemon has (gha, s3, azblob) with its attributes");
    return false;
}

static bool read_one(const char *name, const char *text, const char *image, struct sw_arena *arena, struct sw_pair *cache,
                     struct sw_error **error) {
    sw_cleanup_buf struct sw_buf attributes = {0};
    const char *type = strchr(text, '=') ? NULL : "registry";
    if (type) {
        sw_buf_puts(&attributes, "ref=");
        put_filled(&attributes, text, strlen(text), image);
    }
    for (const char *at = text; !type || at != text;) {
        size_t len = strcspn(at, ",");
        if (!memchr(at, '=', len))
            return refuse(name, text, "each part is KEY=VALUE", error);
        if (!strncmp(at, "type=", 5)) {
            type = sw_arena_strn(arena, at + 5, len - 5);
        } else {
            sw_buf_puts(&attributes, attributes.len ? "," : "");
            put_filled(&attributes, at, len, image);
        }
        at += len;
        if (!*at++)
            break;
    }
    if (!type || !*type)
        return refuse(name, text, "it has no type", error);
    if (!strcmp(type, "local") || !strcmp(type, "inline"))
        return refuse(name, text,
                      *type == 'l' ? "a folder is of no use here: the host's own store keeps stages"
                                   : "images are the same on every backend, so they carry no cache",
                      error);
    if (!strcmp(type, "gha"))
        put_runner(&attributes);
    *cache = (struct sw_pair){type, sw_arena_str(arena, sw_buf_text(&attributes))};
    return true;
}

bool sw_cache_option_read(const struct sw_host *host, const char *name, const char *image, struct sw_arena *arena,
                          struct sw_pairs *caches, struct sw_error **error) {
    const char *setting = host->setting("buildkit", name);
    sw_cleanup_vec struct sw_vec pairs = {.width = sizeof(struct sw_pair)};
    while (setting && *setting) {
        size_t len = strcspn(setting, "\n");
        const char *text = sw_arena_strn(arena, setting, len);
        struct sw_pair cache;
        if (*text && !read_one(name, text, image, arena, &cache, error))
            return false;
        if (*text)
            sw_vec_push(&pairs, &cache);
        setting += len + (setting[len] == '\n');
    }
    *caches = (struct sw_pairs){sw_arena_copy(arena, pairs.data, pairs.len * sizeof(struct sw_pair)), pairs.len};
    return true;
}
