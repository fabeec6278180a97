#include "core/template/verb.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/template/number.h"
#include "core/template/quote.h"
#include "core/template/unicode.h"

static void add_padding(struct sw_buf *out, const struct sw_verb *verb, size_t count) {
    char pad = verb->zero && !verb->minus ? '0' : ' ';
    sw_buf_reserve(out, count);
    for (size_t i = 0; i < count; i++)
        sw_buf_putc(out, pad);
}

void sw_verb_pad(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text) {
    size_t width = verb->has_width ? (size_t)verb->width : 0, len = width ? sw_rune_count(text.data, text.len) : 0;
    size_t padding = width > len ? width - len : 0;
    if (!verb->minus)
        add_padding(out, verb, padding);
    sw_buf_add_str(out, text);
    if (verb->minus)
        add_padding(out, verb, padding);
}

/* The same without zeros as padding. */
static void pad_with_spaces(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text) {
    struct sw_verb spaces = *verb;
    spaces.zero = false;
    sw_verb_pad(out, &spaces, text);
}

static struct sw_str truncated(const struct sw_verb *verb, struct sw_str text) {
    if (!verb->has_precision)
        return text;
    size_t end = 0, width;
    for (int i = 0; i < verb->precision && end < text.len; i++, end += width)
        sw_rune_decode(text.data + end, text.len - end, &width);
    return sw_str_slice(text, 0, end);
}

void sw_verb_text(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text) {
    sw_verb_pad(out, verb, truncated(verb, text));
}

void sw_verb_hex_text(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text, bool upper) {
    size_t len = text.len;
    if (verb->has_precision && (size_t)verb->precision < len)
        len = (size_t)verb->precision;
    sw_cleanup_buf struct sw_buf hex = {0};
    const char *prefix = !verb->sharp ? "" : upper ? "0X" : "0x";
    for (size_t i = 0; i < len; i++) {
        if (verb->space && i > 0)
            sw_buf_putc(&hex, ' ');
        if (i == 0 || verb->space)
            sw_buf_puts(&hex, prefix);
        sw_buf_printf(&hex, upper ? "%02X" : "%02x", (unsigned char)text.data[i]);
    }
    sw_verb_pad(out, verb, (struct sw_str){hex.data, hex.len});
}

void sw_verb_quoted(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text) {
    text = truncated(verb, text);
    sw_cleanup_buf struct sw_buf quoted = {0};
    if (verb->sharp && sw_can_backquote(text)) {
        sw_buf_putc(&quoted, '`');
        sw_buf_add_str(&quoted, text);
        sw_buf_putc(&quoted, '`');
    } else {
        sw_quote(&quoted, text, verb->plus ? SW_ASCII_ONLY : SW_UNICODE);
    }
    sw_verb_pad(out, verb, (struct sw_str){quoted.data, quoted.len});
}

static uint32_t rune_of(uint64_t number) {
    return number > SW_RUNE_MAX ? SW_RUNE_ERROR : (uint32_t)number;
}

void sw_verb_rune(struct sw_buf *out, const struct sw_verb *verb, uint64_t rune) {
    char bytes[4];
    sw_verb_pad(out, verb, (struct sw_str){bytes, sw_rune_encode(rune_of(rune), bytes)});
}

void sw_verb_quoted_rune(struct sw_buf *out, const struct sw_verb *verb, uint64_t rune) {
    sw_cleanup_buf struct sw_buf quoted = {0};
    sw_quote_rune(&quoted, rune_of(rune), verb->plus ? SW_ASCII_ONLY : SW_UNICODE);
    sw_verb_pad(out, verb, (struct sw_str){quoted.data, quoted.len});
}

void sw_verb_unicode(struct sw_buf *out, const struct sw_verb *verb, uint64_t rune) {
    sw_cleanup_buf struct sw_buf text = {0};
    int digits = verb->has_precision && verb->precision > 4 ? verb->precision : 4;
    sw_buf_printf(&text, "U+%0*llX", digits, (unsigned long long)rune);
    if (verb->sharp && rune <= SW_RUNE_MAX && sw_rune_is_print((uint32_t)rune)) {
        sw_buf_puts(&text, " '");
        sw_buf_add_rune(&text, (uint32_t)rune);
        sw_buf_putc(&text, '\'');
    }
    pad_with_spaces(out, verb, (struct sw_str){text.data, text.len});
}

/* What stands before the digits. */
static void add_prefix(struct sw_buf *out, const struct sw_verb *verb, unsigned base, bool leads_with_zero, char letter) {
    if (letter == 'O')
        sw_buf_puts(out, "0o");
    if (!verb->sharp)
        return;
    if (base == 2)
        sw_buf_puts(out, "0b");
    else if (base == 8 && !leads_with_zero)
        sw_buf_putc(out, '0');
    else if (base == 16)
        sw_buf_puts(out, letter == 'X' ? "0X" : "0x");
}

void sw_verb_integer(struct sw_buf *out, const struct sw_verb *verb, uint64_t number, unsigned base, enum sw_signed sign,
                     char letter) {
    bool negative = sign == SW_SIGNED && (int64_t)number < 0;
    if (negative)
        number = 0 - number;
    size_t precision = 0;
    if (verb->has_precision) {
        precision = (size_t)verb->precision;
        if (precision == 0 && number == 0) {
            pad_with_spaces(out, verb, (struct sw_str){"", 0});
            return;
        }
    } else if (verb->zero && !verb->minus && verb->has_width) {
        precision = (size_t)verb->width;
        if (precision && (negative || verb->plus || verb->space))
            precision--;
    }
    const char *alphabet = letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[64];
    size_t start = sizeof digits;
    do
        digits[--start] = alphabet[number % base];
    while (number /= base);
    size_t len = sizeof digits - start;
    sw_cleanup_buf struct sw_buf text = {0};
    if (negative || verb->plus || verb->space)
        sw_buf_putc(&text, negative ? '-' : verb->plus ? '+' : ' ');
    add_prefix(&text, verb, base, precision > len || digits[start] == '0', letter);
    for (size_t i = len; i < precision; i++)
        sw_buf_putc(&text, '0');
    sw_buf_add(&text, digits + start, len);
    pad_with_spaces(out, verb, (struct sw_str){text.data, text.len});
}

/* '#' keeps the point and trailing zeros of a float. */
static void restore_zeros(struct sw_buf *number, char letter, int precision) {
    int digits = 0;
    if (letter == 'g' || letter == 'G' || letter == 'x')
        digits = precision < 0 ? 6 : precision;
    bool hex = letter == 'x' || letter == 'X', point = false, significant = false;
    size_t end = number->len;
    for (size_t i = 1; i < end; i++) {
        char c = number->data[i];
        if (c == '.') {
            point = true;
        } else if (c == 'p' || c == 'P' || (!hex && (c == 'e' || c == 'E'))) {
            end = i;
        } else {
            significant |= c != '0';
            digits -= significant;
        }
    }
    sw_cleanup_buf struct sw_buf tail = {0};
    sw_buf_add(&tail, number->data + end, number->len - end);
    sw_buf_truncate(number, end);
    if (!point) {
        if (number->len == 2 && number->data[1] == '0')
            digits--;
        sw_buf_putc(number, '.');
    }
    for (; digits > 0; digits--)
        sw_buf_putc(number, '0');
    sw_buf_add(number, sw_buf_text(&tail), tail.len);
}

void sw_verb_float(struct sw_buf *out, const struct sw_verb *verb, double value, char letter, int precision) {
    if (verb->has_precision)
        precision = verb->precision;
    sw_cleanup_buf struct sw_buf number = {0}; /* with a sign in front */
    sw_format_float(&number, value, letter, precision);
    if (number.data[0] != '-' && number.data[0] != '+') {
        sw_cleanup_free char *text = sw_buf_take(&number);
        sw_buf_printf(&number, "+%s", text);
    }
    if (verb->space && number.data[0] == '+' && !verb->plus)
        number.data[0] = ' ';
    if (number.data[1] == 'I' || number.data[1] == 'N') {
        bool bare = number.data[1] == 'N' && !verb->space && !verb->plus;
        pad_with_spaces(out, verb, (struct sw_str){number.data + bare, number.len - bare});
        return;
    }
    if (verb->sharp && letter != 'b')
        restore_zeros(&number, letter, precision);
    struct sw_str whole = {number.data, number.len};
    if (!verb->plus && whole.data[0] == '+') {
        sw_verb_pad(out, verb, sw_str_slice(whole, 1, whole.len));
        return;
    }
    if (verb->zero && !verb->minus && verb->has_width && (size_t)verb->width > whole.len) {
        sw_buf_putc(out, whole.data[0]);
        add_padding(out, verb, (size_t)verb->width - whole.len);
        sw_buf_add_str(out, sw_str_slice(whole, 1, whole.len));
        return;
    }
    sw_verb_pad(out, verb, whole);
}
