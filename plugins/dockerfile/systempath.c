#include "plugins/dockerfile/systempath.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "plugins/dockerfile/text.h"

static bool is_windows(const struct sw_df_platform *platform) {
    return platform->os && strcmp(platform->os, "windows") == 0;
}

static const char *with_slashes(const struct sw_df_platform *platform, struct sw_arena *arena, const char *path) {
    return is_windows(platform) ? sw_df_translate(arena, path, '\\', '/') : path;
}

static const char *clean(struct sw_arena *arena, const char *path, enum sw_df_end_slash end) {
    sw_cleanup_free char *text = sw_path_clean(path);
    bool slash = end == SW_DF_KEEP_SLASH && text[0] && text[1] && sw_df_has_suffix(path, "/");
    return sw_arena_format(arena, "%s%s", text, slash ? "/" : "");
}

static const char *join(struct sw_arena *arena, const char *a, const char *b) {
    sw_cleanup_free char *text = sw_path_join(a, b);
    return sw_arena_str(arena, text);
}

bool sw_df_path_without_drive(const struct sw_df_platform *platform, const char *path, enum sw_df_end_slash end, const char **out,
                              struct sw_df_failure *failure) {
    *out = path;
    if (!is_windows(platform))
        return true;
    if (strlen(path) == 2 && path[1] == ':')
        return sw_df_fail(failure, "No relative path specified in %s", sw_df_quote(failure->arena, path));
    const char *slashes = with_slashes(platform, failure->arena, path), *colon = strchr(slashes, ':');
    if (sw_df_has_prefix(slashes, "//"))
        return sw_df_fail(failure, "UNC paths are not supported");
    if (colon && (colon - slashes != 1 || (*slashes | 0x20) != 'c'))
        return sw_df_fail(failure, "The specified path is not on the system drive (C:)");
    *out = clean(failure->arena, colon ? colon + 1 : slashes, end);
    return true;
}

bool sw_df_path_is_absolute(const struct sw_df_platform *platform, const char *path, struct sw_arena *arena) {
    struct sw_df_failure ignored = {.arena = arena};
    const char *plain;
    return sw_df_path_without_drive(platform, path, SW_DF_DROP_SLASH, &plain, &ignored) && *plain == '/';
}

/* The end of `path` as it was written, which cleaning has taken off. */
static const char *with_end(struct sw_arena *arena, const char *path, const char *written) {
    if (sw_df_has_suffix(written, "/") && !sw_df_has_suffix(path, "/"))
        return sw_arena_format(arena, "%s/", path);
    if (sw_df_has_suffix(written, "/."))
        return sw_arena_format(arena, "%s%s.", path, strcmp(path, "/") == 0 ? "" : "/");
    return path;
}

static bool normalize(const struct sw_df_platform *platform, const char *parent, const char *path, enum sw_df_end_slash end,
                      const char **out, struct sw_df_failure *failure) {
    struct sw_arena *arena = failure->arena;
    const char *written = with_slashes(platform, arena, path);
    parent = with_slashes(platform, arena, *parent ? parent : "/");
    if (!sw_df_path_without_drive(platform, parent, end, &parent, failure))
        return false;
    if (*parent != '/')
        parent = join(arena, "/", parent);
    if (!sw_df_path_without_drive(platform, *written ? written : parent, end, out, failure))
        return false;
    if (**out != '/')
        *out = join(arena, parent, *out);
    if (end == SW_DF_KEEP_SLASH)
        *out = with_end(arena, *out, written);
    return true;
}

bool sw_df_path_normalize(const struct sw_df_platform *platform, const char *parent, const char *path, enum sw_df_end_slash end,
                          const char **out, struct sw_df_failure *failure) {
    return normalize(platform, parent, path, end, out, failure) || sw_df_fail_prefix(failure, "removing drive letter: ");
}
