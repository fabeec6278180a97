#include "core/base/import_filter.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "core/base/vec.h"

struct sw_import_filter {
    struct sw_strlist include;
    struct sw_strlist exclude;
    struct sw_strlist parents; /* patterns of the folders above what is included */
    bool everything;
};

/* One character against the class behind '['. Returns its end, or NULL when it is not closed. */
static const char *class_match(const char *p, char c, bool *hit) {
    bool negated = *p == '!' || *p == '^', any = false;
    p += negated;
    *hit = false;
    while (*p && (*p != ']' || !any)) {
        char low = *p == '\\' && p[1] ? *++p : *p;
        char high = low;
        p++;
        if (*p == '-' && p[1] && p[1] != ']') {
            p++;
            high = *p == '\\' && p[1] ? *++p : *p;
            p++;
        }
        *hit |= (unsigned char)low <= (unsigned char)c && (unsigned char)c <= (unsigned char)high;
        any = true;
    }
    *hit = (*hit != negated) && c != '/';
    return *p == ']' ? p + 1 : NULL;
}

/* Where a '*' can be taken up again with one character more. */
struct retry {
    const char *pattern;
    const char *path;
};

/* One element that is no star, at `*p` and `*s`; moves both on when it matches. */
static bool step(const char **p, const char **s) {
    if (!**s || !**p)
        return false;
    if (**p == '[') {
        bool hit;
        const char *end = class_match(*p + 1, **s, &hit);
        if (!end || !hit)
            return false;
        *p = end;
    } else if (**p == '?') {
        if (**s == '/')
            return false;
        (*p)++;
    } else {
        const char *literal = **p == '\\' && (*p)[1] ? *p + 1 : *p;
        if (*literal != **s)
            return false;
        *p = literal + 1;
    }
    (*s)++;
    return true;
}

/* A later "**" makes an earlier one's retries needless, and so does a later '*' within its component: no exponential search. */
static bool match(const char *pattern, const char *path) {
    struct retry one = {0}, many = {0};
    const char *p = pattern, *s = path;
    for (;;) {
        if (p[0] == '*' && p[1] == '*') {
            bool at_start = p == pattern || p[-1] == '/';
            while (*p == '*')
                p++;
            many = (struct retry){.pattern = p, .path = s};
            one.pattern = NULL;
            if (at_start && *p == '/' && match(p + 1, s)) /* no folder at all */
                return true;
            continue;
        }
        if (*p == '*') {
            one = (struct retry){.pattern = ++p, .path = s};
            continue;
        }
        if (!*p && !*s)
            return true;
        if (step(&p, &s))
            continue;
        if (one.pattern && *one.path && *one.path != '/') {
            p = one.pattern;
            s = ++one.path;
        } else if (many.pattern && *many.path) {
            p = many.pattern;
            s = ++many.path;
            one.pattern = NULL;
        } else {
            return false;
        }
    }
}

/* The pattern relative to the folder. Several "**" in a row are one, so that matching stays cheap. */
static char *cleaned(const char *pattern) {
    sw_cleanup_free char *rooted = sw_format("/%s", pattern);
    sw_cleanup_free char *clean = sw_path_clean(rooted);
    for (char *twice; (twice = strstr(clean, "/**/**/"));)
        memmove(twice, twice + 3, strlen(twice + 3) + 1);
    return sw_strdup(clean + 1);
}

static void add_include(struct sw_import_filter *filter, const char *pattern) {
    char *clean = cleaned(pattern);
    sw_strlist_take(&filter->include, clean);
    filter->everything |= !*clean;
    for (const char *slash = clean; (slash = strchr(slash, '/')); slash++) {
        char *parent = sw_strndup(clean, (size_t)(slash - clean));
        sw_strlist_take(&filter->parents, parent);
    }
}

struct sw_import_filter *sw_import_filter_new(struct sw_strings include, struct sw_strings exclude) {
    struct sw_import_filter *filter = sw_new(sizeof *filter);
    filter->everything = include.count == 0;
    for (size_t i = 0; i < include.count; i++)
        add_include(filter, include.items[i]);
    for (size_t i = 0; i < exclude.count; i++) {
        char *clean = cleaned(exclude.items[i]);
        if (*clean)
            sw_strlist_take(&filter->exclude, clean);
        else
            free(clean);
    }
    return filter;
}

void sw_import_filter_free(struct sw_import_filter *filter) {
    if (!filter)
        return;
    sw_strlist_fini(&filter->include);
    sw_strlist_fini(&filter->exclude);
    sw_strlist_fini(&filter->parents);
    free(filter);
}

void sw_import_filter_free_p(struct sw_import_filter **filter) {
    sw_import_filter_free(*filter);
    *filter = NULL;
}

static bool matches_any(const struct sw_strlist *patterns, const char *path) {
    for (size_t i = 0; i < patterns->len; i++)
        if (match(patterns->items[i], path))
            return true;
    return false;
}

/* Whether an include matches the path or one of the folders above it. */
static bool included(const struct sw_import_filter *filter, const char *path) {
    if (matches_any(&filter->include, path))
        return true;
    sw_cleanup_free char *above = sw_strdup(path);
    for (char *slash; (slash = strrchr(above, '/'));) {
        *slash = '\0';
        if (matches_any(&filter->include, above))
            return true;
    }
    return false;
}

/* Whether something below the folder may match an include: a parent's pattern fits, or a "**" has begun above it. */
static bool leads_on(const struct sw_import_filter *filter, const char *path) {
    if (matches_any(&filter->parents, path))
        return true;
    for (size_t i = 0; i < filter->include.len; i++) {
        const char *pattern = filter->include.items[i], *stars = strstr(pattern, "**");
        if (!stars)
            continue;
        sw_cleanup_free char *head = sw_format("%.*s**", (int)(stars - pattern), pattern);
        if (match(head, path))
            return true;
    }
    return false;
}

enum sw_import_verdict sw_import_filter_match(const struct sw_import_filter *filter, const char *path, bool is_folder) {
    if (matches_any(&filter->exclude, path))
        return SW_IMPORT_NO;
    if (filter->everything || included(filter, path))
        return SW_IMPORT_YES;
    return is_folder && leads_on(filter, path) ? SW_IMPORT_THROUGH : SW_IMPORT_NO;
}
