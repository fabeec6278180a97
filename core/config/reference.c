/* References of images in registries, as far as a configuration must understand them. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/config/project.h"

static const char DIGITS[] = "0123456789";
static const char LOWER[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char WORD[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* "sha256:" and its kin, with the right number of lower-case hex digits. */
static bool is_digest(const char *text) {
    static const struct {
        const char *name;
        size_t digits;
    } kinds[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i].name);
        if (strncmp(text, kinds[i].name, len) == 0)
            return strlen(text + len) == kinds[i].digits && strspn(text + len, "0123456789abcdef") == kinds[i].digits;
    }
    return false;
}

static bool is_tag(const char *text) {
    size_t len = strlen(text);
    return len && len <= 128 && (strchr(WORD, text[0]) || text[0] == '_') &&
           strspn(text, "_.-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

/* Lower-case words with one '.', one or two '_', or any number of '-' between them. */
static bool is_component(const char *text, size_t len) {
    const char *end = text + len;
    if (!len)
        return false;
    for (;;) {
        size_t word = strspn(text, LOWER);
        if (!word)
            return false;
        text += word;
        if (text == end)
            return true;
        size_t gap = *text == '.' ? 1 : strspn(text, *text == '_' ? "_" : "-");
        if (!gap || (*text == '_' && gap > 2) || text + gap >= end)
            return false;
        text += gap;
    }
}

static bool is_host(const char *text) {
    size_t len = strspn(text, WORD);
    while (text[len] == '.' || text[len] == '-')
        len += 1 + strspn(text + len + 1, WORD);
    if (!len || strchr(".-", text[0]) || strchr(".-", text[len - 1]))
        return false;
    for (size_t i = 1; i < len; i++)
        if (strchr(".-", text[i]) && strchr(".-", text[i - 1]) && (text[i] == '.' || text[i - 1] == '.'))
            return false;
    if (text[len] != ':')
        return !text[len];
    return text[len + 1] && strspn(text + len + 1, DIGITS) == strlen(text + len + 1);
}

static bool is_path(char *path) {
    if (!*path || strlen(path) > 255)
        return false;
    char *slash;
    for (; (slash = strchr(path, '/')); path = slash + 1)
        if (!is_component(path, (size_t)(slash - path)))
            return false;
    return is_component(path, strlen(path));
}

bool sw_reference_is_external(const char *reference) {
    sw_cleanup_free char *copy = sw_strdup(reference);
    char *digest = strchr(copy, '@'), *path = copy;
    if (digest)
        *digest++ = 0;
    char *slash = strchr(copy, '/'), *last = strrchr(copy, '/');
    char *tag = strchr(last ? last : copy, ':');
    if (tag)
        *tag++ = 0;
    if ((!tag && !digest) || (tag && !is_tag(tag)) || (digest && !is_digest(digest)))
        return false;
    if (slash) { /* the first component is a host when it looks like one */
        *slash = 0;
        bool host = strpbrk(copy, ".:") || strcmp(copy, "localhost") == 0;
        if (host && !is_host(copy))
            return false;
        if (host)
            path = slash + 1;
        else
            *slash = '/';
    }
    return is_path(path);
}
