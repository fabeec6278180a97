#include <stdio.h>
#include <string.h>

#include "core/template/dict.h"
#include "core/template/json.h"
#include "core/template/number.h"
#include "core/template/quote.h"
#include "core/template/unicode.h"

enum { MAX_DEPTH = 10000 };

struct reader {
    struct sw_arena *arena;
    struct sw_str text;
    size_t at;
    int depth;
    bool partly;
    struct sw_buf *error;
    struct sw_buf *range_error;
};

static bool read_value(struct reader *reader, struct sw_datum *out);

static bool at_end(const struct reader *reader) {
    return reader->at >= reader->text.len;
}

/* Fails at the current byte, which is not what `context` allows. */
static bool unexpected(struct reader *reader, const char *context) {
    bool inside = strncmp(context, "in ", 3) == 0 || strncmp(context, "after decimal", 13) == 0;
    if (at_end(reader) && (!inside || strcmp(context, "in string literal") == 0)) {
        sw_buf_puts(reader->error, "unexpected end of JSON input");
        return false;
    }
    unsigned char c =
        at_end(reader) ? ' ' : (unsigned char)reader->text.data[reader->at]; /* inside a word the end counts as a space */
    sw_buf_puts(reader->error, "invalid character ");
    sw_quote_rune(reader->error, c, SW_UNICODE);
    sw_buf_printf(reader->error, " %s", context);
    return false;
}

static void skip_space(struct reader *reader) {
    while (!at_end(reader) && reader->text.data[reader->at] && strchr(" \t\r\n", reader->text.data[reader->at]))
        reader->at++;
}

static bool take(struct reader *reader, char c) {
    if (at_end(reader) || reader->text.data[reader->at] != c)
        return false;
    reader->at++;
    return true;
}

static bool at_digit(const struct reader *reader) {
    return !at_end(reader) && reader->text.data[reader->at] >= '0' && reader->text.data[reader->at] <= '9';
}

static void skip_digits(struct reader *reader) {
    while (at_digit(reader))
        reader->at++;
}

static bool read_number(struct reader *reader, struct sw_datum *out) {
    size_t start = reader->at;
    take(reader, '-');
    if (!at_digit(reader))
        return unexpected(reader, "in numeric literal");
    if (!take(reader, '0'))
        skip_digits(reader);
    if (take(reader, '.')) {
        if (!at_digit(reader))
            return unexpected(reader, "after decimal point in numeric literal");
        skip_digits(reader);
    }
    if (take(reader, 'e') || take(reader, 'E')) {
        if (!take(reader, '+'))
            take(reader, '-');
        if (!at_digit(reader))
            return unexpected(reader, "in exponent of numeric literal");
        skip_digits(reader);
    }
    struct sw_str text = sw_str_slice(reader->text, start, reader->at);
    double real;
    if (sw_parse_float(text, &real) == SW_PARSED) {
        *out = sw_float(real);
        return true;
    }
    if (!reader->partly) {
        sw_buf_puts(reader->range_error, "json: cannot unmarshal number ");
        sw_buf_add_str(reader->range_error, text);
        sw_buf_puts(reader->range_error, " into Go value of type float64");
    }
    reader->partly = true;
    *out = sw_none();
    return true;
}

static bool read_hex(struct reader *reader, uint32_t *rune) {
    *rune = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        static const char digits[] = "0123456789abcdef";
        char c = at_end(reader) ? 0 : reader->text.data[reader->at];
        const char *digit = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
        if (!digit)
            return unexpected(reader, "in \\u hexadecimal character escape");
        *rune = *rune << 4 | (uint32_t)(digit - digits);
    }
    return true;
}

/* A \u escape, behind the 'u'; two of them that are a surrogate pair make one code point. */
static bool read_unicode(struct reader *reader, struct sw_buf *text) {
    uint32_t rune, low;
    if (!read_hex(reader, &rune))
        return false;
    size_t after = reader->at;
    if (rune >= 0xD800 && rune < 0xDC00 && take(reader, '\\') && take(reader, 'u')) {
        if (!read_hex(reader, &low))
            return false;
        if (low >= 0xDC00 && low < 0xE000) {
            sw_buf_add_rune(text, 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00));
            return true;
        }
    }
    reader->at = after;
    sw_buf_add_rune(text, rune);
    return true;
}

static bool read_escape(struct reader *reader, struct sw_buf *text) {
    static const char letters[] = "bfnrt\"\\/", values[] = "\b\f\n\r\t\"\\/";
    char c = at_end(reader) ? 0 : reader->text.data[reader->at];
    const char *letter = c ? strchr(letters, c) : NULL;
    if (c != 'u' && !letter)
        return unexpected(reader, "in string escape code");
    reader->at++;
    if (c == 'u')
        return read_unicode(reader, text);
    sw_buf_putc(text, values[letter - letters]);
    return true;
}

static bool read_string_into(struct reader *reader, struct sw_buf *text) {
    for (reader->at++; !take(reader, '"');) {
        if (at_end(reader) || (unsigned char)reader->text.data[reader->at] < ' ')
            return unexpected(reader, "in string literal");
        if (take(reader, '\\')) {
            if (!read_escape(reader, text))
                return false;
            continue;
        }
        size_t width;
        sw_buf_add_rune(text, sw_rune_decode(reader->text.data + reader->at, reader->text.len - reader->at, &width));
        reader->at += width;
    }
    return true;
}

static bool read_string(struct reader *reader, struct sw_str *out) {
    struct sw_buf text = {0};
    bool good = read_string_into(reader, &text);
    *out = sw_str_take(reader->arena, &text);
    return good;
}

static bool read_word(struct reader *reader, const char *word, struct sw_datum value, struct sw_datum *out) {
    for (size_t i = 0; word[i]; i++) {
        if (take(reader, word[i]))
            continue;
        char context[64];
        snprintf(context, sizeof context, "in literal %s (expecting '%c')", word, word[i]);
        return unexpected(reader, context);
    }
    *out = value;
    return true;
}

static bool enter(struct reader *reader) {
    reader->at++;
    if (++reader->depth <= MAX_DEPTH)
        return true;
    sw_buf_puts(reader->error, "exceeded max depth");
    return false;
}

static bool read_list(struct reader *reader, struct sw_datum *out) {
    struct sw_list *list = sw_list_new(reader->arena, 0, 0);
    *out = sw_of_list(SW_T_LIST, list);
    if (!enter(reader))
        return false;
    skip_space(reader);
    bool more = !take(reader, ']');
    while (more) {
        struct sw_datum item;
        if (!read_value(reader, &item))
            return false;
        sw_list_push(reader->arena, list, item);
        skip_space(reader);
        more = take(reader, ',');
        if (!more && !take(reader, ']'))
            return unexpected(reader, "after array element");
    }
    reader->depth--;
    return true;
}

static bool read_entry(struct reader *reader, struct sw_dict *dict) {
    struct sw_str key;
    struct sw_datum value;
    skip_space(reader);
    if (at_end(reader) || reader->text.data[reader->at] != '"')
        return unexpected(reader, "looking for beginning of object key string");
    if (!read_string(reader, &key))
        return false;
    skip_space(reader);
    if (!take(reader, ':'))
        return unexpected(reader, "after object key");
    if (!read_value(reader, &value))
        return false;
    sw_dict_set(reader->arena, dict, key, value);
    skip_space(reader);
    return true;
}

static bool read_dict(struct reader *reader, struct sw_datum *out) {
    struct sw_dict *dict = sw_dict_new(reader->arena);
    *out = sw_of_dict(SW_T_DICT, dict);
    if (!enter(reader))
        return false;
    skip_space(reader);
    bool more = !take(reader, '}');
    while (more) {
        if (!read_entry(reader, dict))
            return false;
        more = take(reader, ',');
        if (!more && !take(reader, '}'))
            return unexpected(reader, "after object key:value pair");
    }
    reader->depth--;
    return true;
}

static bool read_value(struct reader *reader, struct sw_datum *out) {
    skip_space(reader);
    *out = sw_none();
    char c = at_end(reader) ? 0 : reader->text.data[reader->at];
    switch (c) {
    case '{':
        return read_dict(reader, out);
    case '[':
        return read_list(reader, out);
    case '"':
        out->type = SW_T_STRING;
        return read_string(reader, &out->text);
    case 't':
        return read_word(reader, "true", sw_bool(true), out);
    case 'f':
        return read_word(reader, "false", sw_bool(false), out);
    case 'n':
        return read_word(reader, "null", sw_none(), out);
    default:
        if (c == '-' || at_digit(reader))
            return read_number(reader, out);
        return unexpected(reader, "looking for beginning of value");
    }
}

enum sw_json_read sw_json_parse(struct sw_arena *arena, struct sw_str text, struct sw_datum *out, struct sw_buf *error) {
    sw_cleanup_buf struct sw_buf range_error = {0};
    struct reader reader = {.arena = arena, .text = text, .error = error, .range_error = &range_error};
    bool good = read_value(&reader, out);
    if (good) {
        skip_space(&reader);
        good = at_end(&reader) || unexpected(&reader, "after top-level value");
    }
    if (!good) {
        *out = sw_none();
        return SW_JSON_BAD;
    }
    if (!reader.partly)
        return SW_JSON_READ;
    sw_buf_add(error, range_error.data, range_error.len);
    return SW_JSON_PARTLY;
}
