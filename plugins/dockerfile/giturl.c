#include "plugins/dockerfile/giturl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "plugins/dockerfile/text.h"

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum plus { PLUS_IS_PLUS, PLUS_IS_SPACE };

/* Resolves %XX. NULL when one is malformed, or stands for NUL. */
static char *unescape(struct sw_arena *arena, const char *text, enum plus plus) {
    char *copy = sw_arena_str(arena, text), *out = copy;
    for (const char *p = text; *p; p++) {
        if (*p != '%') {
            *out++ = *p == '+' && plus == PLUS_IS_SPACE ? ' ' : *p;
            continue;
        }
        int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);
        if (low < 0 || (high == 0 && low == 0))
            return NULL;
        *out++ = (char)(high << 4 | low);
        p += 2;
    }
    *out = '\0';
    return copy;
}

/* A URL taken apart. */
struct url {
    const char *scheme; /* lower case; "" for user@host:path */
    const char *path;
    const char *query;
    const char *fragment;
    const char *remote; /* without query and fragment */
};

static bool starts_with_scheme(const char *text, size_t *len) {
    *len = 0;
    while (text[*len] && !strchr(":/", text[*len]) && ((text[*len] | 0x20) >= 'a' || (text[*len] >= '0' && text[*len] <= '9')))
        ++*len;
    return *len > 0 && sw_df_has_prefix(text + *len, "://");
}

/* Cuts fragment and query off. */
static const char *cut_tail(struct sw_arena *arena, const char *text, struct url *url) {
    char *rest = sw_arena_str(arena, text), *mark = strchr(rest, '#');
    url->fragment = url->query = "";
    if (mark) {
        *mark = '\0';
        url->fragment = mark + 1;
    }
    mark = strchr(rest, '?');
    if (mark) {
        *mark = '\0';
        url->query = mark + 1;
    }
    return rest;
}

static bool all_of(const char *text, const char *end, const char *more) {
    for (; text < end; text++)
        if (!isalnum((unsigned char)*text) && !((unsigned char)*text & 0x80) && !strchr(more, *text))
            return false;
    return true;
}

/* Whether text from `text` to `end` is "host", "[address]" or "user@host", with a port or without, as net/url of Go sees it. */
static bool valid_authority(const char *text, const char *end) {
    const char *at = memrchr(text, '@', (size_t)(end - text));
    if (at && !all_of(text, at, "-._:~!$&'()*+,;=%@"))
        return false;
    const char *host = at ? at + 1 : text, *port = memrchr(host, ':', (size_t)(end - host));
    if (host < end && *host == '[') {
        const char *close = memrchr(host, ']', (size_t)(end - host));
        if (!close || (close + 1 < end && close[1] != ':'))
            return false;
        port = close + 1 < end ? close + 1 : NULL;
    }
    for (const char *p = port ? port + 1 : end; p < end; p++)
        if (!isdigit((unsigned char)*p))
            return false;
    return all_of(host, port ? port : end, "-_.~!$&'()*+,;=:[]<>\"");
}

static bool has_control(const char *text) {
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            return true;
    return false;
}

static bool split_url(struct sw_arena *arena, const char *text, struct url *url) {
    size_t len;
    if (!starts_with_scheme(text, &len) || has_control(text))
        return false;
    url->scheme = sw_df_lower(arena, sw_arena_strn(arena, text, len));
    const char *rest = cut_tail(arena, text + len + 3, url);
    const char *slash = strchrnul(rest, '/');
    url->path = unescape(arena, slash, PLUS_IS_PLUS);
    url->fragment = unescape(arena, url->fragment, PLUS_IS_PLUS);
    url->remote = sw_arena_format(arena, "%s://%s", url->scheme, rest);
    return url->path && url->fragment && valid_authority(rest, slash);
}

static size_t span_of(const char *text, const char *more) {
    size_t len = 0;
    for (; text[len]; len++) {
        char lower = (char)(text[len] | 0x20);
        if (!(lower >= 'a' && lower <= 'z') && !(text[len] >= '0' && text[len] <= '9') && !strchr(more, text[len]))
            break;
    }
    return len;
}

/* user@host:path */
static bool split_scp(struct sw_arena *arena, const char *text, struct url *url) {
    size_t user = span_of(text, "-_");
    if (user == 0 || text[user] != '@')
        return false;
    size_t host = span_of(text + user + 1, "-.");
    const char *colon = text + user + 1 + host;
    if (host == 0 || *colon != ':')
        return false;
    const char *rest = cut_tail(arena, colon + 1, url);
    url->scheme = "";
    url->path = rest;
    url->remote = sw_arena_format(arena, "%.*s%s", (int)(colon + 1 - text), text, rest);
    return true;
}

static bool set_ref(struct sw_df_git *git, const char *ref, struct sw_df_failure *failure) {
    if (*git->ref && strcmp(git->ref, ref) != 0)
        return sw_df_fail(failure, "ref conflicts: %s vs %s", sw_df_quote(failure->arena, git->ref),
                          sw_df_quote(failure->arena, ref));
    git->ref = ref;
    return true;
}

/* Names that the query gives to what is fetched; they are weighed against one another at the end. */
struct names {
    const char *tag;
    const char *branch;
};

static bool set_switch(enum sw_df_tristate *out, const char *key, const char *value, struct sw_df_failure *failure) {
    bool on = true;
    if (*value && !sw_df_parse_bool(value, &on))
        return sw_df_fail(failure, "invalid %s value: %s", key, sw_df_quote(failure->arena, value));
    *out = on ? SW_DF_YES : SW_DF_NO;
    return true;
}

static bool set_option(struct sw_df_git *git, struct names *names, const char *key, const char *value,
                       struct sw_df_failure *failure) {
    enum sw_df_tristate fetch = SW_DF_UNSET;
    if (strcmp(key, "keep-git-dir") == 0)
        return set_switch(&git->keep_git_dir, key, value, failure);
    if (strcmp(key, "submodules") == 0)
        return set_switch(&git->submodules, key, value, failure);
    if (strcmp(key, "fetch-by-commit") == 0) {
        bool ok = set_switch(&fetch, key, value, failure);
        git->fetch_by_commit = fetch == SW_DF_YES;
        return ok;
    }
    if (!*value)
        return sw_df_fail(failure, "query %s has no value", sw_df_quote(failure->arena, key));
    if (strcmp(key, "ref") == 0)
        return set_ref(git, value, failure);
    if (strcmp(key, "subdir") == 0) {
        if (*git->subdir && strcmp(git->subdir, value) != 0)
            return sw_df_fail(failure, "subdir conflicts: %s vs %s", sw_df_quote(failure->arena, git->subdir),
                              sw_df_quote(failure->arena, value));
        git->subdir = value;
        return true;
    }
    if (strcmp(key, "mtime") == 0)
        return strcmp(value, "checkout") == 0 || strcmp(value, "commit") == 0 ||
               sw_df_fail(failure, "invalid mtime value: %s (must be \"checkout\" or \"commit\")",
                          sw_df_quote(failure->arena, value));
    if (strcmp(key, "tag") == 0)
        names->tag = value;
    else if (strcmp(key, "branch") == 0)
        names->branch = value;
    else if (strcmp(key, "checksum") == 0 || strcmp(key, "commit") == 0)
        git->checksum = value;
    else
        return sw_df_fail(failure, "unexpected query %s", sw_df_quote(failure->arena, key));
    return true;
}

static const char *with_prefix(struct sw_arena *arena, const char *prefix, const char *name) {
    return sw_df_has_prefix(name, prefix) ? name : sw_arena_format(arena, "%s%s", prefix, name);
}

static bool take_query(struct sw_df_git *git, const char *query, struct sw_df_failure *failure) {
    struct sw_arena *arena = failure->arena;
    struct sw_strings parts = sw_df_split(arena, query, '&');
    struct names names = {0};
    for (size_t i = 0; i < parts.count; i++) {
        if (!*parts.items[i])
            continue;
        const char *equals = strchrnul(parts.items[i], '=');
        const char *key = unescape(arena, sw_arena_strn(arena, parts.items[i], (size_t)(equals - parts.items[i])), PLUS_IS_SPACE);
        const char *value = unescape(arena, *equals ? equals + 1 : "", PLUS_IS_SPACE);
        if (!key || !value)
            continue;
        for (size_t j = 0; j < i; j++)
            if (strncmp(parts.items[j], parts.items[i], (size_t)(equals - parts.items[i])) == 0 &&
                strchr("=", parts.items[j][equals - parts.items[i]]))
                return sw_df_fail(failure, "query %s has multiple values", sw_df_quote(arena, key));
        if (!set_option(git, &names, key, value, failure))
            return false;
    }
    if (names.tag && !set_ref(git, with_prefix(arena, "refs/tags/", names.tag), failure))
        return false;
    if (names.tag && names.branch)
        return sw_df_fail(failure, "branch conflicts with tag");
    return !names.branch || set_ref(git, with_prefix(arena, "refs/heads/", names.branch), failure);
}

static void take_fragment(struct sw_df_git *git, const char *fragment, struct sw_arena *arena) {
    const char *colon = strchrnul(fragment, ':');
    git->ref = sw_arena_strn(arena, fragment, (size_t)(colon - fragment));
    if (!*colon)
        return;
    sw_cleanup_free char *folder = sw_path_join("/", colon + 1);
    git->subdir = sw_arena_str(arena, folder + 1);
}

enum sw_df_git_kind sw_df_git_parse(const char *text, struct sw_df_git *git, struct sw_df_failure *failure) {
    static const char *const schemes[] = {"http", "https", "ssh", "git"};
    struct url url;
    *git = (struct sw_df_git){.ref = "", .subdir = "", .checksum = ""};
    size_t len;
    if (sw_df_has_prefix(text, "./") || sw_df_has_prefix(text, "../") || sw_df_has_prefix(text, "github.com/"))
        return SW_DF_GIT_NONE;
    if (starts_with_scheme(text, &len)) {
        bool known = false;
        for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
            known = known || (strlen(schemes[i]) == len && strncasecmp(text, schemes[i], len) == 0);
        if (!known || !split_url(failure->arena, text, &url))
            return SW_DF_GIT_NONE;
        if (*url.scheme == 'h' && !sw_df_has_suffix(url.path, ".git"))
            return SW_DF_GIT_NONE;
    } else if (!split_scp(failure->arena, text, &url)) {
        return SW_DF_GIT_NONE;
    }
    git->remote = url.remote;
    take_fragment(git, url.fragment, failure->arena);
    return take_query(git, url.query, failure) ? SW_DF_GIT_FOUND : SW_DF_GIT_INVALID;
}

bool sw_df_is_url(struct sw_arena *arena, const char *text) {
    struct sw_df_failure ignored = {.arena = arena};
    struct sw_df_git git;
    return (sw_df_has_prefix(text, "http://") || sw_df_has_prefix(text, "https://")) &&
           sw_df_git_parse(text, &git, &ignored) != SW_DF_GIT_FOUND;
}

const char *sw_df_url_filename(struct sw_arena *arena, const char *url) {
    struct url parts;
    if (!split_url(arena, url, &parts))
        return "__unnamed__";
    sw_cleanup_free char *base = sw_path_base(parts.path);
    return strcmp(base, ".") == 0 || strcmp(base, "/") == 0 ? "__unnamed__" : sw_arena_str(arena, base);
}
