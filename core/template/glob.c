#include "core/template/glob.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "core/template/unicode.h"

enum { MAX_TRIES = 100000 };

struct matcher {
    int tries; /* left; patterns can be made that would take for ever */
};

static bool match(struct matcher *matcher, const char *pattern, const char *path, bool segment_start);

static uint32_t take_rune(const char **text) {
    size_t width;
    uint32_t rune = sw_rune_decode(*text, strlen(*text), &width);
    *text += width;
    return rune;
}

/* The '}' that ends the alternatives behind '{', or NULL. */
static const char *closing_brace(const char *at) {
    int depth = 1;
    for (; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '{')
            depth++;
        else if (*at == '}' && --depth == 0)
            return at;
    }
    return NULL;
}

/* Tries each alternative in the place of all. */
static bool match_braces(struct matcher *matcher, const char *pattern, const char *path, bool segment_start) {
    const char *end = closing_brace(pattern + 1), *start = pattern + 1;
    int depth = 0;
    for (const char *at = start; end && at <= end; at++) {
        if (*at == '\\' && at < end) {
            at++;
            continue;
        }
        depth += *at == '{' ? 1 : *at == '}' ? -1 : 0;
        if (at < end && (*at != ',' || depth > 0))
            continue;
        sw_cleanup_buf struct sw_buf chosen = {0};
        sw_buf_add(&chosen, start, (size_t)(at - start));
        sw_buf_puts(&chosen, end + 1);
        if (match(matcher, chosen.data, path, segment_start))
            return true;
        start = at + 1;
    }
    return false;
}

/* A class behind '['; moves `*pattern` behind its ']'. */
static bool match_class(const char **pattern, uint32_t rune) {
    const char *at = *pattern;
    bool negate = *at == '!' || *at == '^', matched = false;
    at += negate;
    if (*at == ']')
        return false;
    while (*at && *at != ']') {
        if (*at == '\\' && at[1])
            at++;
        uint32_t low = take_rune(&at), high = low;
        if (*at == '-' && at[1] && at[1] != ']') {
            at++;
            if (*at == '\\' && at[1])
                at++;
            high = take_rune(&at);
        }
        matched |= rune >= low && rune <= high;
    }
    if (!*at)
        return false;
    *pattern = at + 1;
    return matched != negate;
}

/* Behind a "*": any bytes of one segment. */
static bool match_star(struct matcher *matcher, const char *rest, const char *path) {
    for (;; path++) {
        if (match(matcher, rest, path, false))
            return true;
        if (!*path || *path == '/')
            return false;
    }
}

/* Behind a "**" followed by a slash: any number of whole segments. */
static bool match_segments(struct matcher *matcher, const char *rest, const char *path) {
    for (;;) {
        if (match(matcher, rest, path, true))
            return true;
        path = strchr(path, '/');
        if (!path)
            return false;
        path++;
    }
}

static bool match_wild(struct matcher *matcher, const char *pattern, const char *path, bool segment_start) {
    const char *rest = pattern + 1;
    if (*rest != '*')
        return match_star(matcher, rest, path);
    rest++;
    if (segment_start && !*rest)
        return true;
    if (segment_start && *rest == '/')
        return match_segments(matcher, rest + 1, path);
    return match_star(matcher, rest, path);
}

static bool match(struct matcher *matcher, const char *pattern, const char *path, bool segment_start) {
    while (*pattern) {
        if (--matcher->tries < 0)
            return false;
        if (*pattern == '*')
            return match_wild(matcher, pattern, path, segment_start);
        if (*pattern == '{')
            return match_braces(matcher, pattern, path, segment_start);
        if (!*path)
            return strcmp(pattern, "/**") == 0 || strcmp(pattern, "/**/") == 0;
        if (*pattern == '?' || *pattern == '[') {
            bool any = *pattern == '?';
            uint32_t rune = take_rune(&path);
            pattern++;
            if (any ? rune == '/' : !match_class(&pattern, rune))
                return false;
            segment_start = false;
            continue;
        }
        if (*pattern == '\\' && !*++pattern)
            return false;
        segment_start = *pattern == '/';
        if (*pattern++ != *path++)
            return false;
    }
    return !*path;
}

bool sw_glob_match(const char *pattern, const char *path) {
    struct matcher matcher = {MAX_TRIES};
    return match(&matcher, pattern, path, true);
}

/* Whether a path component is nothing but stars. */
static bool is_stars(const char *component) {
    return strspn(component, "*") == strlen(component);
}

bool sw_glob_finds(const char *pattern, const char *path) {
    sw_cleanup_free char *whole = sw_path_clean(pattern), *root = sw_strdup(whole);
    if (sw_glob_match(whole, path))
        return true;
    while (*root) { /* what is left without components of stars at the end */
        char *slash = strrchr(root, '/');
        if (!is_stars(slash ? slash + 1 : root))
            break;
        *(slash ? slash : root) = '\0';
    }
    sw_cleanup_free char *below = sw_path_join(root, "**/*");
    return (*root && sw_glob_match(root, path)) || sw_glob_match(below, path);
}
