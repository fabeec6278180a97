#include "plugins/buildkit/filter.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/glob.h"
#include "core/base/ignore.h"
#include "core/base/path.h"

struct sw_filter_rules {
    const struct sw_copy_source *source;
    struct sw_ignore *ignore; /* of the .dockerignore style */
    char *path;               /* what is copied: clean, relative */
};

struct sw_filter_rules *sw_filter_new(const struct sw_copy_source *source, struct sw_error **error) {
    struct sw_filter_rules *rules = sw_new(sizeof *rules);
    sw_cleanup_free char *clean = sw_path_join("/", source->path);
    rules->source = source;
    rules->path = sw_strdup(clean + 1);
    if (source->include_style == 0)
        rules->ignore = sw_ignore_new(source->exclude, error);
    if (source->include_style != 0 || rules->ignore)
        return rules;
    sw_filter_free(rules);
    return NULL;
}

void sw_filter_free(struct sw_filter_rules *rules) {
    if (!rules)
        return;
    sw_ignore_free(rules->ignore);
    free(rules->path);
    free(rules);
}

void sw_filter_free_p(struct sw_filter_rules **rules) {
    sw_filter_free(*rules);
}

/* Length of the part of `path` that is what the copy names; SIZE_MAX: it is not below that. */
static size_t named_part(const struct sw_filter_rules *rules, const char *path) {
    if (!*rules->path)
        return 0;
    if (!(rules->source->flags & SW_COPY_WILDCARD)) {
        size_t len = strlen(rules->path);
        bool within = !strncmp(path, rules->path, len) && (!path[len] || path[len] == '/');
        return within ? len : SIZE_MAX;
    }
    size_t depth = 1;
    for (const char *c = rules->path; *c; c++)
        depth += *c == '/';
    const char *end = path;
    for (; *end; end++)
        if (*end == '/' && --depth == 0)
            break;
    sw_cleanup_free char *head = sw_strndup(path, (size_t)(end - path));
    return sw_path_match(rules->path, head) == 1 ? (size_t)(end - path) : SIZE_MAX;
}

/* Whether a pattern matches the path or a folder above it. */
static bool matches_any(struct sw_strings patterns, const char *path) {
    for (size_t i = 0; i < patterns.count; i++) {
        sw_cleanup_free char *pattern = sw_path_clean(patterns.items[i]);
        sw_cleanup_free char *part = sw_strdup(path);
        for (;;) {
            if (!strcmp(pattern, ".") || sw_glob_match(pattern, part))
                return true;
            char *slash = strrchr(part, '/');
            if (!slash)
                break;
            *slash = '\0';
        }
    }
    return false;
}

bool sw_filter_passes(const struct sw_filter_rules *rules, const char *path, bool is_folder) {
    const struct sw_copy_source *source = rules->source;
    size_t named = named_part(rules, path);
    if (named == SIZE_MAX)
        return false;
    const char *rest = path + named + (path[named] == '/');
    if (!*rest && is_folder)
        return true; /* the folder that is copied */
    const char *base = strrchr(path, '/');
    const char *inside = *rest ? rest : base ? base + 1 : path;
    if (source->include.count && !matches_any(source->include, inside))
        return false;
    if (rules->ignore)
        return !sw_ignore_match_from_root(rules->ignore, inside);
    return !matches_any(source->exclude, inside);
}
