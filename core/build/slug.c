#include "core/build/slug.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/hash.h"

/* What letters of an alphabet become, one word each, from a first code point on; "." is nothing. */
struct alphabet {
    uint32_t first;
    const char *words;
};

static const char LATIN[] =
    ". . . . . . . . . . . . . . . . . . 2 3 . u . . . . . . . . . . a a a a a a ae c e e e e i i i i d n o o o o o "
    "x o u u u u y th b a a a a a a ae c e e e e i i i i o n o o o o o . o u u u u y th y a a a a a a c c c c c c c "
    "c d d d d e e e e e e e e e e g g g g g g g g h h h h i i i i i i i i l l ij ij j j k k k l l l l l l l l l l "
    "n n n n n n n n n o o o o o o oe oe r r r r r r s s s s s s s s t t t t t t u u u u u u u u u u u u w w y y y "
    "z z z z z z s ";

static const char CYRILLIC[] =
    ". yo . . . . . . . . . . . . . . a b v g d ye zh z i j k l m n o p r s t u f h c ch sh shch . y . e yu ya a b "
    "v g d ye zh z i j k l m n o p r s t u f h c ch sh shch . y . e yu ya . yo . . . . . . . . . . . . . . ";

static const struct alphabet ALPHABETS[] = {{0xa0, LATIN}, {0x400, CYRILLIC}};

/* Decodes one code point of UTF-8; bytes that are none stand for themselves. */
static uint32_t decode(const char **text) {
    const unsigned char *p = (const unsigned char *)*text;
    int more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : 0;
    uint32_t point = more == 3 ? p[0] & 0x07u : more == 2 ? p[0] & 0x0fu : more == 1 ? p[0] & 0x1fu : p[0];
    int i = 1;
    for (; i <= more && (p[i] & 0xc0) == 0x80; i++)
        point = point << 6 | (p[i] & 0x3fu);
    *text += i;
    return point;
}

/* Word number `index` of a space-separated list; false past its end. */
static bool nth_word(const char *words, uint32_t index, char out[8]) {
    while (index-- > 0 && words)
        words = strchr(words, ' ') ? strchr(words, ' ') + 1 : NULL;
    if (!words || !*words)
        return false;
    snprintf(out, 8, "%.*s", (int)strcspn(words, " "), words);
    return true;
}

/* What a code point becomes: "" for nothing. */
static void letter(uint32_t point, char out[8]) {
    out[0] = '\0';
    if (point < 0x80) {
        char c = (char)point;
        out[0] = isalnum((unsigned char)c)                    ? (char)tolower((unsigned char)c)
                 : point && strchr("&({})-_[],.;:=+<>~/ ", c) ? '-'
                                                              : '\0';
        out[1] = '\0';
        return;
    }
    for (size_t i = 0; i < sizeof ALPHABETS / sizeof *ALPHABETS; i++)
        if (point >= ALPHABETS[i].first && nth_word(ALPHABETS[i].words, point - ALPHABETS[i].first, out))
            break;
    if (strcmp(out, ".") == 0)
        out[0] = '\0';
}

char *sw_slug(const char *text) {
    struct sw_buf out = {0};
    while (*text) {
        char word[8];
        letter(decode(&text), word);
        bool dash = strcmp(word, "-") == 0;
        if (dash && (out.len == 0 || out.data[out.len - 1] == '-'))
            continue;
        sw_buf_puts(&out, word);
    }
    if (out.len && out.data[out.len - 1] == '-')
        sw_buf_truncate(&out, out.len - 1);
    return sw_buf_take(&out);
}

/* Slugs of older versions may hold one pair of dashes, and stay what they are. */
static bool is_slug_with_pair(const char *text) {
    const char *pair = strstr(text, "--");
    if (!pair || strstr(pair + 2, "--") || pair[2] == '-')
        return false;
    sw_cleanup_free char *single = sw_format("%.*s%s", (int)(pair - text), text, pair + 1);
    sw_cleanup_free char *slug = sw_slug(single);
    return strcmp(slug, single) == 0;
}

static char *with_hash(const char *text, size_t limit) {
    sw_cleanup_free char *slug = sw_slug(text);
    sw_cleanup_free char *hash = sw_format("%x", sw_murmur3(text, strlen(text)));
    size_t room = limit - strlen(hash) - 1;
    if (!*slug)
        return sw_strdup(hash);
    if (strlen(slug) > room)
        slug[room] = '\0';
    return sw_format("%s-%s", slug, hash);
}

char *sw_limited_slug(const char *text, size_t limit) {
    sw_cleanup_free char *slug = sw_slug(text);
    bool fits = strlen(text) <= limit;
    if (!*text || (fits && (strcmp(slug, text) == 0 || is_slug_with_pair(text))))
        return sw_strdup(text);
    return with_hash(text, limit);
}

bool sw_is_tag(const char *text) {
    size_t len = strlen(text);
    if (len == 0 || len > 128 || text[0] == '.' || text[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_.-", text[i]))
            return false;
    return true;
}

char *sw_tag_slug(const char *text) {
    return !*text || sw_is_tag(text) ? sw_strdup(text) : with_hash(text, 128);
}
