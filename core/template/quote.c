#include "core/template/quote.h"

#include <string.h>

#include "core/template/unicode.h"

static bool plain(uint32_t rune, enum sw_charset charset) {
    return sw_rune_is_print(rune) && (charset == SW_UNICODE || rune < 0x80);
}

static void add_escaped(struct sw_buf *out, uint32_t rune, char quote, enum sw_charset charset) {
    static const char letters[] = "abtnvfr"; /* of 7 to 13 */
    if (rune == (unsigned char)quote || rune == '\\')
        sw_buf_printf(out, "\\%c", (char)rune);
    else if (plain(rune, charset))
        sw_buf_add_rune(out, rune);
    else if (rune >= 7 && rune <= 13)
        sw_buf_printf(out, "\\%c", letters[rune - 7]);
    else if (rune < ' ' || rune == 0x7F)
        sw_buf_printf(out, "\\x%02x", rune);
    else if (rune > SW_RUNE_MAX || (rune >= 0xD800 && rune <= 0xDFFF))
        sw_buf_puts(out, "\\ufffd");
    else if (rune < 0x10000)
        sw_buf_printf(out, "\\u%04x", rune);
    else
        sw_buf_printf(out, "\\U%08x", rune);
}

void sw_quote(struct sw_buf *out, struct sw_str text, enum sw_charset charset) {
    sw_buf_putc(out, '"');
    size_t width;
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        if (rune == SW_RUNE_ERROR && width == 1)
            sw_buf_printf(out, "\\x%02x", (unsigned char)text.data[i]);
        else
            add_escaped(out, rune, '"', charset);
    }
    sw_buf_putc(out, '"');
}

void sw_quote_rune(struct sw_buf *out, uint32_t rune, enum sw_charset charset) {
    if (rune > SW_RUNE_MAX || (rune >= 0xD800 && rune <= 0xDFFF))
        rune = SW_RUNE_ERROR;
    sw_buf_putc(out, '\'');
    add_escaped(out, rune, '\'', charset);
    sw_buf_putc(out, '\'');
}

bool sw_can_backquote(struct sw_str text) {
    size_t width;
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        if (rune == 0xFEFF || (width == 1 && rune == SW_RUNE_ERROR))
            return false;
        if (width == 1 && ((rune < ' ' && rune != '\t') || rune == '`' || rune == 0x7F))
            return false;
    }
    return true;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The digits behind \x, \u or \U. */
static bool take_hex(struct sw_str *text, size_t count, uint32_t *rune) {
    if (text->len < count)
        return false;
    *rune = 0;
    for (size_t i = 0; i < count; i++) {
        int value = hex_value(text->data[i]);
        if (value < 0)
            return false;
        *rune = *rune << 4 | (uint32_t)value;
    }
    *text = sw_str_slice(*text, count, text->len);
    return count == 2 || (*rune <= SW_RUNE_MAX && (*rune < 0xD800 || *rune > 0xDFFF));
}

static bool take_octal(struct sw_str *text, char first, uint32_t *rune) {
    if (text->len < 2)
        return false;
    *rune = (uint32_t)(first - '0');
    for (size_t i = 0; i < 2; i++) {
        if (text->data[i] < '0' || text->data[i] > '7')
            return false;
        *rune = *rune << 3 | (uint32_t)(text->data[i] - '0');
    }
    *text = sw_str_slice(*text, 2, text->len);
    return *rune <= 255;
}

bool sw_unquote_char(struct sw_str *text, char quote, uint32_t *rune, bool *single_byte) {
    static const char letters[] = "abtnvfr";
    *single_byte = false;
    if (text->len == 0 || (text->data[0] == quote && (quote == '\'' || quote == '"')))
        return false;
    if (text->data[0] != '\\') {
        size_t width;
        *rune = sw_rune_decode(text->data, text->len, &width);
        *text = sw_str_slice(*text, width, text->len);
        return true;
    }
    if (text->len < 2)
        return false;
    char c = text->data[1];
    *text = sw_str_slice(*text, 2, text->len);
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        *rune = (uint32_t)(7 + (letter - letters));
        return true;
    }
    switch (c) {
    case 'x':
        *single_byte = true;
        return take_hex(text, 2, rune);
    case 'u':
        return take_hex(text, 4, rune);
    case 'U':
        return take_hex(text, 8, rune);
    case '\\':
        *rune = '\\';
        return true;
    case '\'':
    case '"':
        *rune = (uint32_t)c;
        return c == quote;
    default:
        *single_byte = true;
        return c >= '0' && c <= '7' && take_octal(text, c, rune);
    }
}

bool sw_unquote(struct sw_str literal, struct sw_buf *out) {
    if (literal.len < 2 || literal.data[0] != literal.data[literal.len - 1])
        return false;
    char quote = literal.data[0];
    struct sw_str rest = sw_str_slice(literal, 1, literal.len - 1);
    if (quote == '`') {
        for (size_t i = 0; i < rest.len; i++)
            if (rest.data[i] != '\r')
                sw_buf_putc(out, rest.data[i]);
        return true;
    }
    while (rest.len) {
        uint32_t rune;
        bool single_byte;
        if (rest.data[0] == '\n' || !sw_unquote_char(&rest, quote, &rune, &single_byte))
            return false;
        if (single_byte)
            sw_buf_putc(out, (char)rune);
        else
            sw_buf_add_rune(out, rune);
    }
    return true;
}
