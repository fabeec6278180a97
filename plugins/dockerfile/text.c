#include "plugins/dockerfile/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct range {
    uint32_t first;
    uint32_t last;
};

static bool within(const struct range *ranges, size_t count, uint32_t rune) {
    for (size_t i = 0; i < count; i++)
        if (rune >= ranges[i].first && rune <= ranges[i].last)
            return true;
    return false;
}

size_t sw_df_rune(const char *text, uint32_t *rune) {
    const unsigned char *p = (const unsigned char *)text;
    *rune = SW_DF_RUNE_BAD;
    if (p[0] == 0)
        return 0;
    if (p[0] < 0x80) {
        *rune = p[0];
        return 1;
    }
    size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 1;
    uint32_t value = p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (p[i] & 0x3Fu);
    }
    bool overlong = (len == 3 && value < 0x800) || (len == 4 && value < 0x10000);
    if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 1;
    *rune = value;
    return len;
}

void sw_df_put_rune(struct sw_buf *buf, uint32_t rune) {
    if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF))
        rune = SW_DF_RUNE_BAD;
    if (rune < 0x80) {
        sw_buf_putc(buf, (char)rune);
        return;
    }
    char bytes[4];
    size_t len = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = len; i-- > 1; rune >>= 6)
        bytes[i] = (char)(0x80 | (rune & 0x3F));
    bytes[0] = (char)((0xF00u >> len) | rune);
    sw_buf_add(buf, bytes, len);
}

bool sw_df_is_space(uint32_t rune) {
    static const struct range spaces[] = {{0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
                                          {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};
    return within(spaces, sizeof(spaces) / sizeof(spaces[0]), rune);
}

bool sw_df_is_digit(uint32_t rune) {
    /* Decimal digits of the scripts in common use; each block has ten. */
    static const uint32_t zeros[] = {0x30,  0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66,  0xAE6,  0xB66,  0xBE6,
                                     0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0xFF10};
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
        if (rune >= zeros[i] && rune <= zeros[i] + 9)
            return true;
    return false;
}

/* Runes above ASCII that are printed, but are no letters: punctuation, symbols, emoji, combining marks of the common blocks. */
static const struct range symbols[] = {
    {0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},       {0xD7, 0xD7},       {0xF7, 0xF7},
    {0x2C2, 0x2C5},   {0x300, 0x36F},   {0x37E, 0x37E},   {0x387, 0x387},     {0x482, 0x489},     {0x55A, 0x55F},
    {0x589, 0x5CF},   {0x600, 0x61F},   {0x64B, 0x65F},   {0x66A, 0x66D},     {0x6D4, 0x6D4},     {0x2000, 0x2070},
    {0x2074, 0x207E}, {0x2080, 0x208F}, {0x20A0, 0x2101}, {0x2190, 0x2BFF},   {0x2E00, 0x2E2E},   {0x2E30, 0x3004},
    {0x3007, 0x3030}, {0x3036, 0x303A}, {0x303D, 0x3040}, {0x30A0, 0x30A0},   {0x30FB, 0x30FB},   {0x3190, 0x319F},
    {0x31C0, 0x31EF}, {0x3200, 0x33FF}, {0x4DC0, 0x4DFF}, {0xD800, 0xF8FF},   {0xFE00, 0xFE6F},   {0xFF00, 0xFF20},
    {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1D100, 0x1D24F}, {0x1F000, 0x1FBFF}, {0xE0000, 0x10FFFF}};

bool sw_df_is_letter(uint32_t rune) {
    if (rune < 0x80)
        return (rune | 0x20) >= 'a' && (rune | 0x20) <= 'z';
    return !sw_df_is_space(rune) && !sw_df_is_digit(rune) && !within(symbols, sizeof(symbols) / sizeof(symbols[0]), rune);
}

bool sw_df_is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

const char *sw_df_skip_space(const char *text) {
    uint32_t rune;
    size_t len;
    while ((len = sw_df_rune(text, &rune)) > 0 && sw_df_is_space(rune))
        text += len;
    return text;
}

char *sw_df_trim(struct sw_arena *arena, const char *text) {
    text = sw_df_skip_space(text);
    size_t end = 0;
    uint32_t rune;
    size_t len;
    for (size_t at = 0; (len = sw_df_rune(text + at, &rune)) > 0; at += len)
        if (!sw_df_is_space(rune))
            end = at + len;
    return sw_arena_strn(arena, text, end);
}

char *sw_df_translate(struct sw_arena *arena, const char *text, char from, char to) {
    char *copy = sw_arena_str(arena, text);
    for (char *p = copy; *p; p++)
        if (*p == from)
            *p = to;
    return copy;
}

char *sw_df_lower(struct sw_arena *arena, const char *text) {
    char *copy = sw_arena_str(arena, text);
    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p | 0x20);
    return copy;
}

char *sw_df_upper(struct sw_arena *arena, const char *text) {
    char *copy = sw_arena_str(arena, text);
    for (char *p = copy; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p & ~0x20);
    return copy;
}

bool sw_df_equal_fold(const char *a, const char *b) {
    return strcasecmp(a, b) == 0;
}

bool sw_df_has_prefix(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool sw_df_has_suffix(const char *text, const char *suffix) {
    size_t len = strlen(text), tail = strlen(suffix);
    return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

struct sw_strings sw_df_split(struct sw_arena *arena, const char *text, char separator) {
    size_t count = 1;
    for (const char *p = text; *p; p++)
        count += *p == separator;
    const char **items = sw_arena_new(arena, count * sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        const char *end = strchrnul(text, separator);
        items[i] = sw_arena_strn(arena, text, (size_t)(end - text));
        text = end + 1;
    }
    return (struct sw_strings){items, count};
}

char *sw_df_join(struct sw_arena *arena, struct sw_strings strings, const char *separator) {
    sw_cleanup_buf struct sw_buf buf = {0};
    for (size_t i = 0; i < strings.count; i++) {
        if (i > 0)
            sw_buf_puts(&buf, separator);
        sw_buf_puts(&buf, strings.items[i]);
    }
    return sw_arena_str(arena, sw_buf_text(&buf));
}

const char **sw_df_clone(struct sw_arena *arena, struct sw_strings strings) {
    const char **items = sw_arena_new(arena, (strings.count + 1) * sizeof(char *));
    for (size_t i = 0; i < strings.count; i++)
        items[i] = strings.items[i];
    return items;
}

static bool is_print(uint32_t rune) {
    if (rune < 0x80)
        return rune >= 0x20 && rune < 0x7F;
    if (rune < 0xA1 || rune == 0xAD)
        return false;
    bool hidden = sw_df_is_space(rune) || (rune >= 0x200B && rune <= 0x200F) || (rune >= 0x202A && rune <= 0x202E) ||
                  (rune >= 0x2060 && rune <= 0x206F) || (rune >= 0xE000 && rune <= 0xF8FF) || rune == 0xFEFF || rune >= 0xE0000;
    return !hidden;
}

static void quote_rune(struct sw_buf *out, uint32_t rune) {
    static const char names[] = "\aa\bb\ff\nn\rr\tt\vv";
    if (rune == '"' || rune == '\\') {
        sw_buf_printf(out, "\\%c", (int)rune);
        return;
    }
    if (is_print(rune)) {
        sw_df_put_rune(out, rune);
        return;
    }
    for (size_t i = 0; i + 1 < sizeof(names); i += 2)
        if (rune == (unsigned char)names[i]) {
            sw_buf_printf(out, "\\%c", names[i + 1]);
            return;
        }
    if (rune < 0x80)
        sw_buf_printf(out, "\\x%02x", rune);
    else if (rune < 0x10000)
        sw_buf_printf(out, "\\u%04x", rune);
    else
        sw_buf_printf(out, "\\U%08x", rune);
}

char *sw_df_quote(struct sw_arena *arena, const char *text) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_buf_putc(&out, '"');
    uint32_t rune;
    size_t len;
    for (; (len = sw_df_rune(text, &rune)) > 0; text += len) {
        if (sw_df_has_prefix(text, SW_DF_NUL)) {
            sw_buf_puts(&out, "\\x00");
            len = strlen(SW_DF_NUL);
        } else if (rune == SW_DF_RUNE_BAD && len == 1)
            sw_buf_printf(&out, "\\x%02x", (unsigned char)*text);
        else
            quote_rune(&out, rune);
    }
    sw_buf_putc(&out, '"');
    return sw_arena_str(arena, sw_buf_text(&out));
}

bool sw_df_parse_bool(const char *text, bool *value) {
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcmp(text, yes[i]) != 0 && strcmp(text, no[i]) != 0)
            continue;
        *value = strcmp(text, yes[i]) == 0;
        return true;
    }
    return false;
}
