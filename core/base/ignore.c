#include "core/base/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"

enum style {
    STYLE_EXACT,
    STYLE_SUFFIX, /* "**" and plain text: the text may begin anywhere, also inside a component */
    STYLE_WILD,
};

struct pattern {
    char *text;
    enum style style;
    bool exception; /* began with '!' */
    size_t depth;   /* components */
};

struct sw_ignore {
    struct pattern *patterns;
    size_t count;
    bool exceptions;
};

static const char *skip_space(const char *text, const char **end) {
    while (text < *end && strchr(" \t\r\v\f", *text))
        text++;
    while (*end > text && strchr(" \t\r\v\f", (*end)[-1]))
        (*end)--;
    return text;
}

/* One line without its newline. */
static void split_line(const char *line, const char *end, struct sw_strlist *lines) {
    if (line < end && *line == '#')
        return;
    line = skip_space(line, &end);
    if (line == end)
        return;
    bool exception = *line == '!';
    if (exception) {
        line++;
        line = skip_space(line, &end);
    }
    sw_cleanup_free char *raw = sw_strndup(line, (size_t)(end - line));
    sw_cleanup_free char *clean = *raw ? sw_path_clean(raw) : sw_strdup("");
    const char *text = clean[0] == '/' && clean[1] ? clean + 1 : clean;
    sw_strlist_take(lines, sw_format("%s%s", exception ? "!" : "", text));
}

void sw_ignore_split(struct sw_bytes text, struct sw_strlist *lines) {
    if (!text.len)
        return;
    const char *p = text.data;
    const char *end = p + text.len;
    if (text.len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
        p += 3;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline : end;
        split_line(p, stop, lines);
        p = stop + 1;
    }
}

static enum style style_of(const char *text) {
    bool leads = !strncmp(text, "**", 2);
    const char *rest = leads ? text + 2 : text;
    if (strpbrk(rest, "*?[]\\"))
        return STYLE_WILD;
    return leads ? STYLE_SUFFIX : STYLE_EXACT;
}

/* Behind the class that begins at `p` ("[…"), by the rules of Go's filepath.Match; NULL when it is malformed. */
static const char *class_end(const char *p) {
    p += p[1] == '^' ? 2 : 1;
    for (bool any = false; *p != ']' || !any; any = true) {
        for (int end = 0; end < 2; end++) {
            if (!*p || *p == '-' || *p == ']' || (*p == '\\' && !*++p))
                return NULL;
            p++;
            if (*p != '-' || end)
                break;
            p++;
        }
    }
    return p + 1;
}

static bool is_malformed(const char *p) {
    while (p && *p) {
        if (*p == '[')
            p = class_end(p);
        else if (*p == '\\' && !*++p)
            return true;
        else
            p++;
    }
    return !p;
}

static bool compile(struct sw_ignore *set, const char *line, struct sw_error **error) {
    const char *end = line + strlen(line);
    const char *start = skip_space(line, &end);
    if (start == end)
        return true;
    sw_cleanup_free char *trimmed = sw_strndup(start, (size_t)(end - start));
    bool exception = *trimmed == '!';
    if (exception && !trimmed[1])
        return sw_fail(error, SW_ERROR_CONFIG, "illegal exclusion pattern: \"!\"");
    sw_cleanup_free char *clean = sw_path_clean(trimmed + exception);
    const char *text = clean;
    if (is_malformed(text))
        return sw_fail(error, SW_ERROR_CONFIG, "malformed ignore pattern \"%s\"", line);
    struct pattern *pattern = &set->patterns[set->count++];
    *pattern = (struct pattern){.text = sw_strdup(text), .style = style_of(text), .exception = exception, .depth = 1};
    for (const char *p = text; *p; p++)
        pattern->depth += *p == '/';
    set->exceptions = set->exceptions || exception;
    return true;
}

struct sw_ignore *sw_ignore_new(struct sw_strings lines, struct sw_error **error) {
    struct sw_ignore *set = sw_new(sizeof *set);
    set->patterns = sw_new_array(lines.count + 1, sizeof *set->patterns);
    for (size_t i = 0; i < lines.count; i++) {
        if (!compile(set, lines.items[i], error)) {
            sw_ignore_free(set);
            return NULL;
        }
    }
    return set;
}

void sw_ignore_free(struct sw_ignore *set) {
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        free(set->patterns[i].text);
    free(set->patterns);
    free(set);
}

void sw_ignore_free_p(struct sw_ignore **set) {
    sw_ignore_free(*set);
}

bool sw_ignore_is_empty(const struct sw_ignore *set) {
    return !set || !set->count;
}

bool sw_ignore_has_exceptions(const struct sw_ignore *set) {
    return set && set->exceptions;
}

/* The class at `p` ("[…"), read as a regular expression reads it; its end, or NULL when it has none. */
static const char *match_class(const char *p, unsigned char c, bool *matched) {
    bool negated = *++p == '^';
    p += negated;
    *matched = false;
    for (bool first = true; *p && (*p != ']' || first); first = false) {
        unsigned char low = (unsigned char)(*p == '\\' && p[1] ? *++p : *p), high = low;
        p++;
        if (*p == '-' && p[1] && p[1] != ']') {
            p++;
            high = (unsigned char)(*p == '\\' && p[1] ? *++p : *p);
            p++;
        }
        *matched = *matched || (low <= c && c <= high);
    }
    *matched = *matched != negated;
    return *p ? p + 1 : NULL;
}

static bool match_one(const char **pattern, const char *path) {
    const char *p = *pattern;
    if (*p == '?') {
        if (*path == '/')
            return false;
        *pattern = p + 1;
        return true;
    }
    if (*p == '[') {
        bool matched;
        const char *end = match_class(p, (unsigned char)*path, &matched);
        if (!end || !matched)
            return false;
        *pattern = end;
        return true;
    }
    if (*p == '\\' && p[1])
        p++;
    if (!*p || *p != *path)
        return false;
    *pattern = p + 1;
    return true;
}

/* As for globs, only the last '*' and the last "**" are tried again. '?' takes all bytes of one character. */
static bool match_wild(const char *p, const char *path, size_t len) {
    const char *star = NULL, *star_path = NULL, *deep = NULL, *deep_path = NULL;
    const char *s = path, *end = path + len;
    for (;;) {
        if (p[0] == '*' && p[1] == '*') {
            p += 2;
            p += *p == '/';
            if (!*p)
                return true;
            deep = p;
            deep_path = s;
            star = NULL;
            continue;
        }
        if (*p == '*') {
            star = ++p;
            star_path = s;
            continue;
        }
        if (s == end && !*p)
            return true;
        if (s < end) {
            bool any = *p == '?';
            if (match_one(&p, s)) {
                s++;
                while (any && s < end && ((unsigned char)*s & 0xc0) == 0x80)
                    s++;
                continue;
            }
        }
        if (star && star_path < end && *star_path != '/') {
            p = star;
            s = ++star_path;
            continue;
        }
        const char *slash = deep && deep_path < end ? memchr(deep_path, '/', (size_t)(end - deep_path)) : NULL;
        if (!slash)
            return false;
        p = deep;
        s = deep_path = slash + 1;
        star = NULL;
    }
}

static bool match_text(const struct pattern *pattern, const char *path, size_t len) {
    const char *text = pattern->text;
    size_t size = strlen(text);
    switch (pattern->style) {
    case STYLE_EXACT:
        return size == len && !memcmp(text, path, len);
    case STYLE_SUFFIX:
        text += 2;
        size -= 2;
        if (*text == '/' && size - 1 == len && !memcmp(text + 1, path, len))
            return true;
        return size <= len && !memcmp(text, path + len - size, size);
    default:
        return match_wild(text, path, len);
    }
}

/* Length of the first `depth` components of `path`; 0 when there are not more than that. */
static size_t parent_len(const char *path, size_t depth) {
    for (const char *p = path; *p; p++)
        if (*p == '/' && !--depth)
            return (size_t)(p - path);
    return 0;
}

bool sw_ignore_match(const struct sw_ignore *set, const char *path) {
    bool ignored = false;
    size_t len = strlen(path);
    for (size_t i = 0; set && i < set->count; i++) {
        const struct pattern *pattern = &set->patterns[i];
        if (pattern->exception != ignored)
            continue; /* its verdict stands already */
        size_t parent = parent_len(path, pattern->depth);
        if (match_text(pattern, path, len) || (parent && match_text(pattern, path, parent)))
            ignored = !pattern->exception;
    }
    return ignored;
}

static bool match_any_parent(const struct pattern *pattern, const char *path) {
    for (const char *p = path; *p; p++)
        if (*p == '/' && match_text(pattern, path, (size_t)(p - path)))
            return true;
    return false;
}

bool sw_ignore_match_or_parent(const struct sw_ignore *set, const char *path) {
    bool ignored = false;
    size_t len = strlen(path);
    for (size_t i = 0; set && i < set->count; i++) {
        const struct pattern *pattern = &set->patterns[i];
        if (pattern->exception != ignored)
            continue;
        if (match_text(pattern, path, len) || match_any_parent(pattern, path))
            ignored = !pattern->exception;
    }
    return ignored;
}

bool sw_ignore_match_from_root(const struct sw_ignore *set, const char *path) {
    bool ignored = false;
    if (sw_ignore_is_empty(set))
        return false;
    sw_cleanup_free bool *hits = sw_new_array(set->count, sizeof *hits);
    for (size_t len = 0;; len++) {
        len += strcspn(path + len, "/");
        ignored = false;
        for (size_t i = 0; i < set->count; i++) {
            const struct pattern *pattern = &set->patterns[i];
            hits[i] = hits[i] || (pattern->exception == ignored && match_text(pattern, path, len));
            if (hits[i])
                ignored = !pattern->exception;
        }
        if (!path[len] || (ignored && !set->exceptions))
            return ignored;
    }
}
