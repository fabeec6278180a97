#include "plugins/dockerfile/reference.h"

#include <string.h>

#include "plugins/dockerfile/text.h"

enum { PATH_LIMIT = 255, TAG_LIMIT = 128, HEX_LEAST = 32, ID_LENGTH = 64 };

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return is_lower((char)(c | 0x20));
}

static bool is_hex(char c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_image_id(const char *text) {
    size_t len = 0;
    while (is_digit(text[len]) || (text[len] >= 'a' && text[len] <= 'f'))
        len++;
    return len == ID_LENGTH && !text[len];
}

/* One component of a path: runs of lower-case letters and digits, with ".", "_", "__" or dashes between them. */
static bool valid_component(const char *p, size_t len) {
    size_t i = 0;
    for (;;) {
        size_t start = i;
        while (i < len && (is_lower(p[i]) || is_digit(p[i])))
            i++;
        if (i == start)
            return false;
        if (i == len)
            return true;
        if (p[i] == '.') {
            i++;
        } else if (p[i] == '_') {
            i += i + 1 < len && p[i + 1] == '_' ? 2 : 1;
        } else if (p[i] == '-') {
            while (i < len && p[i] == '-')
                i++;
        } else {
            return false;
        }
    }
}

static bool valid_path(const char *path) {
    for (;;) {
        const char *end = strchrnul(path, '/');
        if (!valid_component(path, (size_t)(end - path)))
            return false;
        if (!*end)
            return true;
        path = end + 1;
    }
}

static bool valid_host_name(const char *p, size_t len) {
    bool inside = false;
    for (size_t i = 0; i < len; i++) {
        bool word = is_letter(p[i]) || is_digit(p[i]);
        if (word) {
            inside = true;
        } else if (p[i] == '.') {
            if (!inside || p[i - 1] == '-' || i + 1 == len)
                return false;
            inside = false;
        } else if (p[i] != '-' || !inside) {
            return false;
        }
    }
    return inside && p[len - 1] != '-';
}

/* A host name or [IPv6 address], with or without a port. */
static bool valid_domain(const char *p, size_t len) {
    size_t host = len;
    while (host > 0 && is_digit(p[host - 1]))
        host--;
    bool has_port = host > 0 && host < len && p[host - 1] == ':';
    host = has_port ? host - 1 : len;
    if (host > 2 && p[0] == '[' && p[host - 1] == ']') {
        for (size_t i = 1; i + 1 < host; i++)
            if (!is_hex(p[i]) && p[i] != ':')
                return false;
        return true;
    }
    return valid_host_name(p, host);
}

static bool valid_tag(const char *tag) {
    size_t len = strlen(tag);
    if (len == 0 || len > TAG_LIMIT || *tag == '.' || *tag == '-')
        return false;
    for (; *tag; tag++)
        if (!is_letter(*tag) && !is_digit(*tag) && !strchr("_.-", *tag))
            return false;
    return true;
}

/* Form of a digest in a reference, whatever its algorithm. */
static bool digest_form(const char *digest) {
    const char *colon = strchr(digest, ':');
    if (!colon)
        return false;
    bool start = true;
    for (const char *p = digest; p < colon; p++) {
        if (start ? !is_letter(*p) : !is_letter(*p) && !is_digit(*p) && !strchr("-_+.", *p))
            return false;
        start = !start && strchr("-_+.", *p);
    }
    size_t len = 0;
    while (is_hex(colon[1 + len]))
        len++;
    return !start && colon > digest && len >= HEX_LEAST && !colon[1 + len];
}

bool sw_df_checksum_valid(const char *text, struct sw_df_failure *failure) {
    static const struct {
        const char *name;
        size_t digits;
    } algorithms[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};
    const char *colon = strchr(text, ':');
    if (!colon || colon == text || !colon[1])
        return sw_df_fail(failure, "invalid checksum digest format");
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (!sw_df_has_prefix(text, algorithms[i].name))
            continue;
        if (strlen(colon + 1) != algorithms[i].digits)
            return sw_df_fail(failure, "invalid checksum digest length");
        for (const char *p = colon + 1; *p; p++)
            if (!is_digit(*p) && !(*p >= 'a' && *p <= 'f'))
                return sw_df_fail(failure, "invalid checksum digest format");
        return true;
    }
    for (const char *p = text; *p; p++) {
        bool allowed = is_lower(*p) || is_digit(*p) || *p == '_' || *p == '-';
        if (p < colon ? !allowed && *p != '.' && *p != '+' : p > colon && !allowed && !is_letter(*p) && *p != '=')
            return sw_df_fail(failure, "invalid checksum digest format");
    }
    return sw_df_fail(failure, "unsupported digest algorithm");
}

/* Splits "name[:tag][@digest]" and checks all three. False without a failure when the form is wrong. */
static bool split(struct sw_arena *arena, const char *text, struct sw_df_reference *reference) {
    const char *at = strchrnul(text, '@');
    reference->digest = *at ? at + 1 : "";
    char *name = sw_arena_strn(arena, text, (size_t)(at - text));
    char *slash = strrchr(name, '/'), *colon = strchr(slash ? slash : name, ':');
    reference->tag = "";
    if (colon) {
        *colon = '\0';
        reference->tag = colon + 1;
    }
    if ((colon && !valid_tag(reference->tag)) || (*at && !digest_form(reference->digest)))
        return false;
    const char *first = strchrnul(name, '/');
    if (*first && valid_domain(name, (size_t)(first - name)) && valid_path(first + 1)) {
        reference->domain = sw_arena_strn(arena, name, (size_t)(first - name));
        reference->path = first + 1;
        return true;
    }
    reference->domain = "";
    reference->path = name;
    return valid_path(name);
}

/* Cuts the registry off a name; what has none is on Docker Hub. */
static const char *complete(struct sw_arena *arena, const char *text, const char **remainder) {
    const char *slash = strchr(text, '/');
    const char *domain = "docker.io";
    *remainder = text;
    if (slash) {
        const char *first = sw_arena_strn(arena, text, (size_t)(slash - text));
        bool upper = strcmp(first, sw_df_lower(arena, first)) != 0;
        if (strcmp(first, "localhost") == 0 || strpbrk(first, ".:") || upper) {
            domain = strcmp(first, "index.docker.io") == 0 ? "docker.io" : first;
            *remainder = slash + 1;
        }
    }
    if (strcmp(domain, "docker.io") == 0 && !strchr(*remainder, '/'))
        *remainder = sw_arena_format(arena, "library/%s", *remainder);
    return domain;
}

bool sw_df_reference_parse(const char *text, struct sw_df_reference *reference, struct sw_df_failure *failure) {
    struct sw_arena *arena = failure->arena;
    if (is_image_id(text))
        return sw_df_fail(failure, "invalid repository name (%s), cannot specify 64-byte hexadecimal strings", text);
    const char *remainder, *domain = complete(arena, text, &remainder);
    const char *remote = sw_arena_strn(arena, remainder, strcspn(remainder, ":"));
    if (strcmp(remote, sw_df_lower(arena, remote)) != 0)
        return sw_df_fail(failure, "invalid reference format: repository name (%s) must be lowercase", remote);
    const char *whole = sw_arena_format(arena, "%s/%s", domain, remainder);
    if (!split(arena, whole, reference)) {
        struct sw_df_reference lower;
        bool only_case = split(arena, sw_df_lower(arena, whole), &lower);
        return sw_df_fail(failure, only_case ? "repository name must be lowercase" : "invalid reference format");
    }
    if (strlen(reference->path) > PATH_LIMIT)
        return sw_df_fail(failure, "repository name must not be more than %d characters", PATH_LIMIT);
    return !*reference->digest || sw_df_checksum_valid(reference->digest, failure);
}

static const char *with_tag(struct sw_arena *arena, const char *name, const char *tag, const char *digest) {
    return sw_arena_format(arena, "%s%s%s%s%s", name, *tag ? ":" : "", tag, *digest ? "@" : "", digest);
}

static const char *full_name(struct sw_arena *arena, const struct sw_df_reference *reference) {
    return *reference->domain ? sw_arena_format(arena, "%s/%s", reference->domain, reference->path) : reference->path;
}

const char *sw_df_reference_text(struct sw_arena *arena, const struct sw_df_reference *reference) {
    const char *tag = *reference->tag || *reference->digest ? reference->tag : "latest";
    return with_tag(arena, full_name(arena, reference), tag, reference->digest);
}

const char *sw_df_reference_familiar(struct sw_arena *arena, const struct sw_df_reference *reference) {
    const char *name = full_name(arena, reference);
    if (strcmp(reference->domain, "docker.io") == 0) {
        name = reference->path;
        if (sw_df_has_prefix(name, "library/") && !strchr(name + 8, '/'))
            name += 8;
    }
    bool latest = strcmp(reference->tag, "latest") == 0 && !*reference->digest;
    return with_tag(arena, name, latest ? "" : reference->tag, reference->digest);
}
