#include "core/source/matcher.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/glob.h"
#include "core/base/ignore.h"
#include "core/base/path.h"
#include "core/base/vec.h"

/* A pattern cut at its slashes, to be walked along a path. */
struct walk {
    struct sw_strlist components;
    bool exception; /* ignore patterns: began with '!' */
};

enum walk_end {
    WALK_DROPPED,
    WALK_USED_UP,   /* exactly at the path's last component */
    WALK_UNDERWAY,  /* more components are left */
    WALK_UNIVERSAL, /* what is left matches everything below */
};

struct glob {
    char *trim;              /* without trailing components of stars */
    bool universal;          /* matches everything */
    bool literal;            /* the trimmed pattern is plain text: matches itself and what is below */
    struct sw_strlist forms; /* the patterns that are tried, without braces */
};

struct globs {
    struct sw_vec globs; /* struct glob */
    struct sw_vec walks; /* struct walk */
    bool universal;      /* one of them is */
};

/* One filter. */
struct part {
    char *base;
    struct globs include;
    struct globs exclude;
    struct sw_ignore *ignore;
    struct sw_vec ignore_walks;
    bool as_built; /* SW_FILTER_AS_BUILT */
};

struct sw_matcher {
    struct part *parts;
    size_t count;
};

char *sw_matcher_path(const char *path) {
    if (!path || !*path)
        return sw_strdup("");
    sw_cleanup_free char *clean = sw_path_clean(path);
    const char *text = clean + (*clean == '/');
    return sw_strdup(strcmp(text, ".") == 0 ? "" : text);
}

/* --- patterns ---------------------------------------------------------------------------------------------------------------- */

static bool only_stars(const char *text, size_t len) {
    return len > 0 && strspn(text, "*") >= len;
}

static char *trim_stars(const char *pattern) {
    size_t len = strlen(pattern);
    while (len) {
        size_t start = len;
        while (start && pattern[start - 1] != '/')
            start--;
        if (!only_stars(pattern + start, len - start))
            break;
        len = start ? start - 1 : 0;
    }
    return sw_strndup(pattern, len);
}

static void add_walk(struct sw_vec *walks, const char *pattern, bool exception) {
    struct walk *walk = sw_vec_push(walks, NULL);
    walk->exception = exception;
    for (const char *p = pattern;;) {
        size_t len = strcspn(p, "/");
        sw_strlist_take(&walk->components, sw_strndup(p, len));
        if (!p[len])
            return;
        p += len + 1;
    }
}

/* Whether a brace group of `pattern` holds a slash, so that it cannot be cut at slashes as it is. */
static bool has_deep_braces(const char *pattern) {
    size_t depth = 0;
    for (const char *p = pattern; *p; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '{')
            depth++;
        else if (*p == '}' && depth)
            depth--;
        else if (*p == '/' && depth)
            return true;
    }
    return false;
}

static void add_walks(struct sw_vec *walks, const char *pattern, bool exception) {
    if (!has_deep_braces(pattern)) {
        add_walk(walks, pattern, exception);
        return;
    }
    sw_cleanup_strlist struct sw_strlist all = {0};
    sw_glob_expand(pattern, &all);
    for (size_t i = 0; i < all.len; i++)
        add_walk(walks, all.items[i], exception);
}

static bool add_glob(struct globs *globs, const char *text, struct sw_error **error) {
    sw_cleanup_free char *pattern = sw_matcher_path(text);
    if (!sw_glob_valid(pattern))
        return sw_fail(error, SW_ERROR_CONFIG, "malformed pattern \"%s\"", text);
    struct glob *glob = sw_vec_push(&globs->globs, NULL);
    glob->trim = trim_stars(pattern);
    glob->universal = !*glob->trim;
    glob->literal = sw_glob_is_literal(glob->trim);
    globs->universal = globs->universal || glob->universal;
    sw_cleanup_free char *below = glob->universal ? sw_strdup("**/*") : sw_format("%s/**/*", glob->trim);
    sw_glob_expand(pattern, &glob->forms);
    sw_glob_expand(glob->trim, &glob->forms);
    sw_glob_expand(below, &glob->forms);
    add_walks(&globs->walks, pattern, false);
    return true;
}

static bool add_globs(struct globs *globs, struct sw_strings patterns, struct sw_error **error) {
    globs->globs.width = sizeof(struct glob);
    globs->walks.width = sizeof(struct walk);
    for (size_t i = 0; i < patterns.count; i++)
        if (!add_glob(globs, patterns.items[i], error))
            return false;
    return true;
}

static bool glob_matches(const struct glob *glob, const char *path) {
    if (glob->universal)
        return true;
    if (glob->literal)
        return sw_path_within(path, glob->trim);
    for (size_t i = 0; i < glob->forms.len; i++)
        if (sw_glob_match(glob->forms.items[i], path))
            return true;
    return false;
}

static bool globs_match(const struct globs *globs, const char *path) {
    for (size_t i = 0; i < globs->globs.len; i++)
        if (glob_matches(sw_vec_at(&globs->globs, i), path))
            return true;
    return false;
}

static bool rest_is_universal(const struct walk *walk, size_t from) {
    for (size_t i = from; i < walk->components.len; i++)
        if (!only_stars(walk->components.items[i], strlen(walk->components.items[i])))
            return false;
    return true;
}

/* Follows the components of `path`; one with "**" stays in force for those that follow. */
static enum walk_end walk_along(const struct walk *walk, const char *path) {
    size_t at = 0;
    for (const char *p = path;;) {
        size_t len = strcspn(p, "/");
        char name[256];
        if (len >= sizeof name)
            return WALK_DROPPED;
        memcpy(name, p, len);
        name[len] = '\0';
        const char *component = walk->components.items[at];
        if (sw_glob_is_literal(component) ? strcmp(component, name) != 0 : !sw_glob_match(component, name))
            return WALK_DROPPED;
        at += strstr(component, "**") == NULL;
        bool last = !p[len];
        if (at == walk->components.len)
            return last ? WALK_USED_UP : WALK_DROPPED;
        if (last)
            return rest_is_universal(walk, at) ? WALK_UNIVERSAL : WALK_UNDERWAY;
        p += len + 1;
    }
}

/* --- the parts' own answers ---------------------------------------------------------------------------------------------------- */

static bool include_through(const struct globs *globs, const char *path) {
    if (!globs->globs.len || globs->universal)
        return false;
    if (!*path)
        return true;
    bool underway = false;
    for (size_t i = 0; i < globs->walks.len; i++) {
        enum walk_end end = walk_along(sw_vec_at(&globs->walks, i), path);
        if (end == WALK_UNIVERSAL)
            return false;
        underway = underway || end == WALK_UNDERWAY;
    }
    return underway;
}

static bool exclude_through(const struct globs *globs, const char *path) {
    if (!globs->globs.len || globs->universal)
        return false;
    if (!*path)
        return true;
    bool underway = false;
    for (size_t i = 0; i < globs->walks.len; i++) {
        enum walk_end end = walk_along(sw_vec_at(&globs->walks, i), path);
        if (end == WALK_USED_UP || end == WALK_UNIVERSAL)
            return false;
        underway = underway || end == WALK_UNDERWAY;
    }
    return underway;
}

static bool is_ignored(const struct part *part, const char *path) {
    return part->as_built ? sw_ignore_match_from_root(part->ignore, path) : sw_ignore_match(part->ignore, path);
}

/* Whether the pattern may match `path` or something below it. */
static bool may_concern(const struct walk *walk, const char *path) {
    for (size_t i = 0; i < walk->components.len; i++)
        if (strstr(walk->components.items[i], "**") || strpbrk(walk->components.items[i], "[]{}\\"))
            return true;
    return walk_along(walk, path) != WALK_DROPPED;
}

/* One has to look into an ignored folder for what is taken back, and into another one for what is ignored. */
static bool as_built_through(const struct part *part, const char *path) {
    bool concerned = !*path;
    for (size_t i = 0; i < part->ignore_walks.len && !concerned; i++)
        concerned = may_concern(sw_vec_at(&part->ignore_walks, i), path);
    return concerned && (!*path || sw_ignore_has_exceptions(part->ignore) || !is_ignored(part, path));
}

static bool ignore_through(const struct part *part, const char *path) {
    if (!part->ignore_walks.len)
        return false;
    if (part->as_built)
        return as_built_through(part, path);
    if (!*path)
        return true;
    bool through = false;
    for (size_t i = 0; i < part->ignore_walks.len; i++) {
        enum walk_end end = walk_along(sw_vec_at(&part->ignore_walks, i), path);
        if (end == WALK_USED_UP)
            through = false;
        else if (end != WALK_DROPPED)
            through = true;
    }
    return through;
}

static bool include_matched(const struct globs *globs, const char *path) {
    return !globs->globs.len || globs_match(globs, path);
}

static bool rules_matched(const struct part *part, const char *path) {
    return include_matched(&part->include, path) && !globs_match(&part->exclude, path) && !is_ignored(part, path);
}

/* Something may be found below, and no rule is against it. */
static bool rules_through(const struct part *part, const char *path) {
    bool include = include_through(&part->include, path);
    bool exclude = exclude_through(&part->exclude, path);
    bool ignore = ignore_through(part, path);
    return (include || exclude || ignore) && (include || include_matched(&part->include, path)) &&
           (exclude || !globs_match(&part->exclude, path)) && (ignore || !is_ignored(part, path));
}

/* What is left of `path` below the part's base, or NULL when it is not below. */
static const char *below_base(const struct part *part, const char *path) {
    if (!*part->base)
        return path;
    if (!sw_path_within(path, part->base))
        return NULL;
    const char *rest = path + strlen(part->base);
    return rest + (*rest == '/');
}

static bool part_matched(const struct part *part, const char *path) {
    const char *rest = below_base(part, path);
    return rest && rules_matched(part, rest);
}

static bool part_through(const struct part *part, const char *path) {
    const char *rest = below_base(part, path);
    if (rest)
        return rules_through(part, rest);
    if (!*path || sw_path_within(part->base, path))
        return true;
    sw_cleanup_free char *outside = sw_path_relative(path, part->base);
    return rules_through(part, outside);
}

/* --- the matcher ---------------------------------------------------------------------------------------------------------------- */

static bool add_ignore(struct part *part, struct sw_strings lines, struct sw_error **error) {
    part->ignore_walks.width = sizeof(struct walk);
    part->ignore = sw_ignore_new(lines, error);
    if (!part->ignore)
        return false;
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.items[i];
        bool exception = *line == '!';
        sw_cleanup_free char *pattern = sw_path_clean(line + exception);
        if (*line)
            add_walk(&part->ignore_walks, pattern, exception);
    }
    return true;
}

static bool add_part(struct sw_matcher *matcher, const char *base, const struct sw_filter *filter, struct sw_error **error) {
    struct part *part = &matcher->parts[matcher->count++];
    part->base = sw_matcher_path(base);
    part->as_built = (filter->flags & SW_FILTER_AS_BUILT) != 0;
    return add_globs(&part->include, filter->include, error) && add_globs(&part->exclude, filter->exclude, error) &&
           add_ignore(part, filter->ignore, error);
}

struct sw_matcher *sw_matcher_new(const char *scope, const struct sw_filter *filters, size_t count, struct sw_error **error) {
    static const struct sw_filter everything = {.size = sizeof everything};
    struct sw_matcher *matcher = sw_new(sizeof *matcher);
    matcher->parts = sw_new_array(count + 1, sizeof *matcher->parts);
    bool ok = add_part(matcher, scope, &everything, error);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_part(matcher, filters[i].base, &filters[i], error);
    if (ok)
        return matcher;
    sw_matcher_free(matcher);
    return NULL;
}

static void walks_fini(struct sw_vec *walks) {
    for (size_t i = 0; i < walks->len; i++)
        sw_strlist_fini(&((struct walk *)sw_vec_at(walks, i))->components);
    sw_vec_fini(walks);
}

static void globs_fini(struct globs *globs) {
    for (size_t i = 0; i < globs->globs.len; i++) {
        struct glob *glob = sw_vec_at(&globs->globs, i);
        free(glob->trim);
        sw_strlist_fini(&glob->forms);
    }
    sw_vec_fini(&globs->globs);
    walks_fini(&globs->walks);
}

void sw_matcher_free(struct sw_matcher *matcher) {
    if (!matcher)
        return;
    for (size_t i = 0; i < matcher->count; i++) {
        struct part *part = &matcher->parts[i];
        free(part->base);
        globs_fini(&part->include);
        globs_fini(&part->exclude);
        sw_ignore_free(part->ignore);
        walks_fini(&part->ignore_walks);
    }
    free(matcher->parts);
    free(matcher);
}

void sw_matcher_free_p(struct sw_matcher **matcher) {
    sw_matcher_free(*matcher);
}

bool sw_matcher_matched(const struct sw_matcher *matcher, const char *path) {
    for (size_t i = 0; i < matcher->count; i++)
        if (!part_matched(&matcher->parts[i], path))
            return false;
    return true;
}

bool sw_matcher_through(const struct sw_matcher *matcher, const char *path) {
    bool through = false;
    for (size_t i = 0; i < matcher->count; i++) {
        bool one = part_through(&matcher->parts[i], path);
        if (!one && !part_matched(&matcher->parts[i], path))
            return false;
        through = through || one;
    }
    return through;
}
