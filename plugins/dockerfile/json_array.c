/* The JSON form of arguments. Strict JSON, with Go's leniency: bad UTF-8 and lone surrogates read as U+FFFD. */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/text.h"
#include "plugins/dockerfile/words.h"

enum { DEPTH_LIMIT = 512 };

static const char *skip_blanks(const char *p) {
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
        p++;
    return p;
}

static bool hex4(const char *p, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

/* `p` stands behind "\u". */
static const char *unicode_escape(const char *p, struct sw_buf *out) {
    uint32_t rune, low;
    if (!hex4(p, &rune))
        return NULL;
    p += 4;
    if (rune >= 0xD800 && rune < 0xDC00 && p[0] == '\\' && p[1] == 'u' && hex4(p + 2, &low) && low >= 0xDC00 && low < 0xE000) {
        rune = 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
    }
    if (rune == 0)
        sw_buf_puts(out, SW_DF_NUL);
    else
        sw_df_put_rune(out, rune);
    return p;
}

/* Reads a string whose opening quote is at `p`. */
static const char *read_string(const char *p, struct sw_buf *out) {
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    for (p++; *p != '"';) {
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p != '\\') {
            uint32_t rune;
            p += sw_df_rune(p, &rune);
            sw_df_put_rune(out, rune);
            continue;
        }
        if (p[1] == 'u') {
            p = unicode_escape(p + 2, out);
            if (!p)
                return NULL;
            continue;
        }
        size_t i = 0;
        while (escapes[i] && escapes[i] != p[1])
            i += 2;
        if (!escapes[i])
            return NULL;
        sw_buf_putc(out, escapes[i + 1]);
        p += 2;
    }
    return p + 1;
}

static const char *read_digits(const char *p) {
    if (*p < '0' || *p > '9')
        return NULL;
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

static const char *read_number(const char *p) {
    if (*p == '-')
        p++;
    p = *p == '0' ? p + 1 : read_digits(p);
    if (p && *p == '.')
        p = read_digits(p + 1);
    if (p && (*p == 'e' || *p == 'E')) {
        p++;
        p = read_digits(*p == '+' || *p == '-' ? p + 1 : p);
    }
    return p;
}

static const char *read_value(const char *p, unsigned depth);

/* Reads the rest of an array or object whose opening bracket is at `p`. */
static const char *read_container(const char *p, unsigned depth) {
    char close = *p == '[' ? ']' : '}';
    p = skip_blanks(p + 1);
    if (*p == close)
        return p + 1;
    for (;;) {
        if (close == '}') {
            sw_cleanup_buf struct sw_buf key = {0};
            p = *p == '"' ? read_string(p, &key) : NULL;
            p = p ? skip_blanks(p) : NULL;
            if (!p || *p++ != ':')
                return NULL;
            p = skip_blanks(p);
        }
        p = read_value(p, depth + 1);
        if (!p)
            return NULL;
        p = skip_blanks(p);
        if (*p == close)
            return p + 1;
        if (*p != ',')
            return NULL;
        p = skip_blanks(p + 1);
    }
}

static const char *read_value(const char *p, unsigned depth) {
    static const char *const words[] = {"true", "false", "null"};
    if (depth > DEPTH_LIMIT)
        return NULL;
    if (*p == '[' || *p == '{')
        return read_container(p, depth);
    if (*p == '"') {
        sw_cleanup_buf struct sw_buf text = {0};
        return read_string(p, &text);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (sw_df_has_prefix(p, words[i]))
            return p + strlen(words[i]);
    return read_number(p);
}

/* Reads one element; a string goes to `strings`, anything else clears *pure. */
static const char *read_element(struct sw_arena *arena, const char *p, struct sw_vec *strings, bool *pure) {
    if (*p != '"') {
        *pure = false;
        return read_value(p, 1);
    }
    sw_cleanup_buf struct sw_buf text = {0};
    p = read_string(p, &text);
    const char *copy = sw_arena_strn(arena, sw_buf_text(&text), text.len);
    sw_vec_push(strings, &copy);
    return p;
}

enum sw_df_array sw_df_json_strings(struct sw_arena *arena, const char *text, struct sw_strings *strings) {
    *strings = (struct sw_strings){0};
    const char *p = sw_df_skip_space(text);
    if (*p != '[')
        return SW_DF_ARRAY_NONE;
    sw_cleanup_vec struct sw_vec found = {.width = sizeof(char *)};
    bool pure = true;
    p = skip_blanks(p + 1);
    if (*p == ']') {
        p++;
    } else {
        for (;;) {
            p = read_element(arena, p, &found, &pure);
            if (!p)
                return SW_DF_ARRAY_NONE;
            p = skip_blanks(p);
            if (*p == ']')
                break;
            if (*p != ',')
                return SW_DF_ARRAY_NONE;
            p = skip_blanks(p + 1);
        }
        p++;
    }
    if (*skip_blanks(p))
        return SW_DF_ARRAY_NONE;
    if (!pure)
        return SW_DF_ARRAY_MIXED;
    if (found.len > 0)
        *strings = (struct sw_strings){sw_arena_copy(arena, found.data, found.len * sizeof(char *)), found.len};
    return SW_DF_ARRAY_STRINGS;
}
