#include "core/base/glob.h"

#include <stdint.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"

enum { MAX_EXPANSIONS = 1000 };

/* Length of the UTF-8 character at `text`, which is not at its end; its number in `*rune`. A bad byte counts as one character. */
static size_t decode(const char *text, uint32_t *rune) {
    const unsigned char *s = (const unsigned char *)text;
    size_t len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
    uint32_t value = len == 1 ? s[0] : len == 2 ? s[0] & 0x1fu : len == 3 ? s[0] & 0x0fu : s[0] & 0x07u;
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            len = 0;
        else
            value = value << 6 | (s[i] & 0x3fu);
    }
    *rune = len ? value : 0xfffd;
    return len ? len : 1;
}

/* Where the class that begins at `pattern` ("[…") ends, behind its ']'; NULL when it does not, or is empty. */
static const char *class_end(const char *pattern) {
    const char *p = pattern + 1;
    if (*p == '!' || *p == '^')
        p++;
    if (*p == ']')
        return NULL;
    for (; *p && *p != ']'; p++)
        if (*p == '\\' && !*++p)
            return NULL;
    return *p ? p + 1 : NULL;
}

static uint32_t class_rune(const char **p) {
    uint32_t rune;
    if (**p == '\\')
        (*p)++;
    *p += decode(*p, &rune);
    return rune;
}

/* Whether `rune` is in the class at `pattern`, which is well formed and ends before `end`. */
static bool class_has(const char *pattern, const char *end, uint32_t rune) {
    const char *p = pattern + 1;
    bool negated = *p == '!' || *p == '^';
    if (negated)
        p++;
    bool found = false;
    while (p < end - 1) {
        uint32_t low = class_rune(&p);
        uint32_t high = low;
        if (*p == '-' && p + 1 < end - 1) {
            p++;
            high = class_rune(&p);
        }
        found = found || (low <= rune && rune <= high);
    }
    return found != negated;
}

bool sw_glob_valid(const char *pattern) {
    size_t depth = 0;
    for (const char *p = pattern; *p; p++) {
        if (*p == '\\') {
            if (!*++p)
                return false;
        } else if (*p == '[') {
            const char *end = class_end(p);
            if (!end)
                return false;
            p = end - 1;
        } else if (*p == '{') {
            depth++;
        } else if (*p == '}' && !depth--) {
            return false;
        }
    }
    return depth == 0;
}

bool sw_glob_is_literal(const char *pattern) {
    return !strpbrk(pattern, "*?[{}\\");
}

/* Behind the brace group that begins at `p`; fills `commas` with its separators, the braces themselves included. */
static const char *scan_group(const char *p, struct sw_vec *commas) {
    size_t depth = 0;
    for (; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        } else if (*p == '[') {
            const char *end = class_end(p);
            p = end ? end - 1 : p;
        } else if (*p == '{' ? ++depth == 1 : (*p == ',' && depth == 1)) {
            sw_vec_push(commas, &p);
        } else if (*p == '}' && --depth == 0) {
            sw_vec_push(commas, &p);
            return p + 1;
        }
    }
    return NULL;
}

/* The first '{' that opens a group, or NULL. */
static const char *find_group(const char *p) {
    for (; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        } else if (*p == '[') {
            const char *end = class_end(p);
            p = end ? end - 1 : p;
        } else if (*p == '{') {
            return p;
        }
    }
    return NULL;
}

void sw_glob_expand(const char *pattern, struct sw_strlist *out) {
    if (out->len >= MAX_EXPANSIONS)
        return;
    const char *open = find_group(pattern);
    sw_cleanup_vec struct sw_vec commas = {.width = sizeof(const char *)};
    const char *rest = open ? scan_group(open, &commas) : NULL;
    if (!rest) {
        sw_strlist_add(out, pattern);
        return;
    }
    for (size_t i = 0; i + 1 < commas.len; i++) {
        const char *from = *(const char **)sw_vec_at(&commas, i) + 1;
        const char *to = *(const char **)sw_vec_at(&commas, i + 1);
        sw_cleanup_buf struct sw_buf one = {0};
        sw_buf_add(&one, pattern, (size_t)(open - pattern));
        sw_buf_add(&one, from, (size_t)(to - from));
        sw_buf_puts(&one, rest);
        sw_glob_expand(sw_buf_text(&one), out);
    }
}

/* Whether the rest of a pattern matches nothing at all: a folder's own name matches it and two stars. */
static bool matches_nothing(const char *pattern) {
    static const char *const forms[] = {"", "*", "**", "/**", "**/", "/**/"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(pattern, forms[i]))
            return true;
    return false;
}

/* One step: matches a single character of pattern and path, neither of which is a star. Advances both, or returns false. */
static bool match_one(const char **pattern, const char **path) {
    uint32_t rune, wanted;
    size_t len = decode(*path, &rune);
    switch (**pattern) {
    case '?':
        if (rune == '/')
            return false;
        *pattern += 1;
        break;
    case '[': {
        const char *end = class_end(*pattern);
        if (!end || !class_has(*pattern, end, rune))
            return false;
        *pattern = end;
        break;
    }
    default: {
        const char *p = *pattern + (**pattern == '\\' && (*pattern)[1]);
        if (!*p)
            return false;
        size_t width = decode(p, &wanted);
        if (width != len || memcmp(p, *path, len) != 0)
            return false;
        *pattern = p + width;
    }
    }
    *path += len;
    return true;
}

/* A pattern without braces. Only the last star and the last "**" have to be tried again: what is behind them decides the rest. */
static bool match_plain(const char *pattern, const char *path) {
    const char *star = NULL, *star_path = NULL, *deep = NULL, *deep_path = NULL;
    const char *p = pattern, *s = path;
    while (*s) {
        if (*p == '*') {
            bool at_start = p == pattern || p[-1] == '/';
            size_t stars = strspn(p, "*");
            if (stars == 2 && at_start && !p[2])
                return true;
            if (stars == 2 && at_start && p[2] == '/') {
                deep = p += 3;
                deep_path = s;
                star = NULL;
            } else {
                star = p += stars;
                star_path = s;
            }
            continue;
        }
        if (*p && match_one(&p, &s))
            continue;
        if (star && *star_path != '/') {
            p = star;
            s = ++star_path;
        } else if (deep && (s = strchr(deep_path, '/'))) {
            p = deep;
            deep_path = ++s;
            star = NULL;
        } else {
            return false;
        }
    }
    return matches_nothing(p);
}

bool sw_glob_match(const char *pattern, const char *path) {
    if (!sw_glob_valid(pattern))
        return false;
    if (!find_group(pattern))
        return match_plain(pattern, path);
    sw_cleanup_strlist struct sw_strlist all = {0};
    sw_glob_expand(pattern, &all);
    for (size_t i = 0; i < all.len; i++)
        if (match_plain(all.items[i], path))
            return true;
    return false;
}
