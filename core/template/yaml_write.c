#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/base/vec.h"
#include "core/template/base64.h"
#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/number.h"
#include "core/template/time.h"
#include "core/template/unicode.h"
#include "core/template/yaml.h"

enum { BASE64_LINE = 70 };

/* The ends of a word that stands for a text: of characters for private use, which a text has no reason to hold. */
#define PLACE "\uF8F1\uF8F2"
#define PLACE_END "\uF8F3\uF8F4"

struct writer {
    struct sw_engine *engine;
    yaml_emitter_t emitter;
    int depth;
    struct sw_buf *out;
    struct sw_buf *error;
    struct sw_vec marked; /* texts that begin with a byte order mark: struct sw_str */
};

static bool write_value(struct writer *writer, struct sw_datum value);

static bool emit(struct writer *writer, yaml_event_t *event) {
    if (yaml_emitter_emit(&writer->emitter, event))
        return true;
    sw_buf_printf(writer->error, "yaml: %s",
                  writer->emitter.problem ? writer->emitter.problem : "unknown problem generating YAML content");
    return false;
}

static bool emit_scalar(struct writer *writer, struct sw_str text, const char *tag, yaml_scalar_style_t style) {
    yaml_event_t event;
    const yaml_char_t *value = (const yaml_char_t *)(text.len ? text.data : "");
    return yaml_scalar_event_initialize(&event, NULL, (const yaml_char_t *)tag, value, (int)text.len, !tag, !tag, style) &&
           emit(writer, &event);
}

static bool emit_plain(struct writer *writer, const struct sw_buf *text) {
    return emit_scalar(writer, (struct sw_str){sw_buf_text(text), text->len}, NULL, YAML_PLAIN_SCALAR_STYLE);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)? */
static bool is_base60(struct sw_str text) {
    size_t i = text.len && (text.data[0] == '-' || text.data[0] == '+'), groups = 0;
    if (i >= text.len || !is_digit(text.data[i]))
        return false;
    while (i < text.len && (is_digit(text.data[i]) || text.data[i] == '_'))
        i++;
    for (; i < text.len && text.data[i] == ':'; groups++) {
        i++;
        if (i + 1 < text.len && text.data[i] >= '0' && text.data[i] <= '5' && is_digit(text.data[i + 1]))
            i++;
        if (i >= text.len || !is_digit(text.data[i]))
            return false;
        i++;
    }
    if (groups && i < text.len && text.data[i] == '.')
        for (i++; i < text.len && (is_digit(text.data[i]) || text.data[i] == '_');)
            i++;
    return groups && i == text.len;
}

/* Bytes that are no UTF-8, in base 64 on lines of 70. */
static bool write_binary(struct writer *writer, struct sw_str text) {
    sw_cleanup_buf struct sw_buf encoded = {0}, lines = {0};
    sw_base64_write(&encoded, text);
    for (size_t i = 0; i < encoded.len; i += BASE64_LINE) {
        size_t len = encoded.len - i < BASE64_LINE ? encoded.len - i : BASE64_LINE;
        sw_buf_add(&lines, encoded.data + i, len);
        if (encoded.len / BASE64_LINE > 0)
            sw_buf_putc(&lines, '\n');
    }
    bool several = memchr(lines.data, '\n', lines.len) != NULL;
    return emit_scalar(writer, (struct sw_str){lines.data, lines.len}, "tag:yaml.org,2002:binary",
                       several ? YAML_LITERAL_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
}

/* yaml.v2 escapes every character of a text that begins with a byte order mark, which libyaml cannot be told: a plain word as long as the text
 * takes its place until everything is written. */
static bool write_marked(struct writer *writer, struct sw_str text) {
    sw_cleanup_buf struct sw_buf word = {0};
    sw_buf_puts(&word, PLACE);
    while (word.len < text.len)
        sw_buf_putc(&word, 'x');
    sw_buf_puts(&word, PLACE_END);
    sw_vec_push(&writer->marked, &text);
    return emit_plain(writer, &word);
}

static void add_escaped(struct sw_buf *out, struct sw_str text) {
    static const char plain[] = "\0\a\b\t\n\v\f\r\x1b\"\\", letters[] = "0abtnvfre\"\\";
    size_t width;
    sw_buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        const char *letter = rune < 0x80 ? memchr(plain, (int)rune, sizeof plain - 1) : NULL;
        if (letter)
            sw_buf_printf(out, "\\%c", letters[letter - plain]);
        else if (rune == 0x85 || rune == 0xA0 || rune == 0x2028 || rune == 0x2029)
            sw_buf_printf(out, "\\%c", rune == 0x85 ? 'N' : rune == 0xA0 ? '_' : rune == 0x2028 ? 'L' : 'P');
        else
            sw_buf_printf(out, rune <= 0xFF ? "\\x%02X" : rune <= 0xFFFF ? "\\u%04X" : "\\U%08X", rune);
    }
    sw_buf_putc(out, '"');
}

/* Puts the texts of `write_marked` where their words stand, behind `start`. */
static void place_marked(struct writer *writer, size_t start) {
    sw_cleanup_buf struct sw_buf whole = {0};
    const struct sw_str *text = writer->marked.data, *end = text + writer->marked.len;
    struct sw_str rest = sw_str_slice((struct sw_str){writer->out->data, writer->out->len}, start, writer->out->len);
    for (; text < end; text++) {
        ptrdiff_t at = sw_str_find(rest, sw_str_of(PLACE)), after = sw_str_find(rest, sw_str_of(PLACE_END));
        if (at < 0 || after < at)
            break;
        sw_buf_add(&whole, rest.data, (size_t)at);
        add_escaped(&whole, *text);
        rest = sw_str_slice(rest, (size_t)after + strlen(PLACE_END), rest.len);
    }
    sw_buf_add_str(&whole, rest);
    sw_buf_truncate(writer->out, start);
    sw_buf_add(writer->out, whole.data, whole.len);
}

static bool write_string(struct writer *writer, struct sw_str text) {
    struct sw_datum resolved;
    if (!sw_utf8_valid(text.data, text.len))
        return write_binary(writer, text);
    if (sw_str_has_prefix(text, sw_str_of("\xEF\xBB\xBF")))
        return write_marked(writer, text);
    yaml_scalar_style_t style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    if (text.len && memchr(text.data, '\n', text.len))
        style = YAML_LITERAL_SCALAR_STYLE;
    else if (sw_template_yaml_resolve(&writer->engine->arena, text, &resolved) == SW_YAML_STR && !is_base60(text))
        style = YAML_PLAIN_SCALAR_STYLE;
    return emit_scalar(writer, text, NULL, style);
}

static bool write_list(struct writer *writer, struct sw_datum list) {
    yaml_event_t event;
    if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE) || !emit(writer, &event))
        return false;
    for (size_t i = 0; i < sw_list_len(list); i++)
        if (!write_value(writer, sw_list_item(list, i)))
            return false;
    return yaml_sequence_end_event_initialize(&event) && emit(writer, &event);
}

/* A key as a number, for the order of keys. */
static bool key_number(struct sw_datum key, double *number) {
    switch (sw_type_kind(key.type)) {
    case SW_K_INT:
        *number = (double)key.number;
        return true;
    case SW_K_UINT:
        *number = (double)key.natural;
        return true;
    case SW_K_FLOAT:
        *number = key.real;
        return true;
    case SW_K_BOOL:
        *number = key.truth;
        return true;
    default:
        return false;
    }
}

/* Code points of a text. */
static size_t runes_of(struct sw_str text, uint32_t *runes) {
    size_t count = 0, width;
    for (size_t i = 0; i < text.len; i += width)
        runes[count++] = sw_rune_decode(text.data + i, text.len - i, &width);
    return count;
}

static int64_t digits_from(const uint32_t *runes, size_t count, size_t *at, int64_t number) {
    for (; *at < count && sw_rune_is_digit(runes[*at]); ++*at)
        number = (int64_t)((uint64_t)number * 10 + (uint64_t)((int64_t)runes[*at] - '0'));
    return number;
}

/* Whether leading zeros at `at` belong to a number that has begun before with something else. */
static bool inside_number(const uint32_t *runes, size_t at) {
    for (size_t j = at; j-- > 0 && sw_rune_is_digit(runes[j]);)
        if (runes[j] != '0')
            return true;
    return false;
}

/* The order of two texts from their first difference on: letters by code point and behind the rest, digits by value. */
static bool differs_less(const uint32_t *a, size_t a_len, const uint32_t *b, size_t b_len, size_t i) {
    bool a_letter = sw_rune_is_letter(a[i]), b_letter = sw_rune_is_letter(b[i]);
    if (a_letter && b_letter)
        return a[i] < b[i];
    if (a_letter || b_letter)
        return b_letter;
    int64_t start = (a[i] == '0' || b[i] == '0') && inside_number(a, i);
    size_t a_end = i, b_end = i;
    int64_t a_number = digits_from(a, a_len, &a_end, start), b_number = digits_from(b, b_len, &b_end, start);
    if (a_number != b_number)
        return a_number < b_number;
    return a_end != b_end ? a_end < b_end : a[i] < b[i];
}

static bool text_less(struct sw_str left, struct sw_str right) {
    uint32_t *a = malloc((left.len + 1) * sizeof *a), *b = malloc((right.len + 1) * sizeof *b);
    size_t a_len = a && b ? runes_of(left, a) : 0, b_len = a && b ? runes_of(right, b) : 0, i = 0;
    while (i < a_len && i < b_len && a[i] == b[i])
        i++;
    bool less = i < a_len && i < b_len ? differs_less(a, a_len, b, b_len, i) : a_len < b_len;
    free(a);
    free(b);
    return less;
}

/* Go's order of reflect kinds, as far as keys have them. */
static int kind_rank(struct sw_datum key) {
    static const enum sw_type order[] = {SW_T_NONE, SW_T_BOOL, SW_T_INT, SW_T_INT64, SW_T_UINT8, SW_T_UINT64, SW_T_FLOAT};
    for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++)
        if (order[i] == key.type)
            return key.type == SW_T_NONE ? 20 : i; /* a nil key is an interface */
    return key.type == SW_T_STRING ? 24 : 25;
}

static bool key_less(struct sw_datum a, struct sw_datum b) {
    double x, y;
    if (key_number(a, &x) && key_number(b, &y)) {
        if (x != y)
            return x < y;
        if (a.type != b.type)
            return kind_rank(a) < kind_rank(b);
        return sw_type_kind(a.type) == SW_K_UINT ? a.natural < b.natural : a.number < b.number;
    }
    if (a.type != SW_T_STRING || b.type != SW_T_STRING)
        return kind_rank(a) < kind_rank(b);
    return text_less(a.text, b.text);
}

static int compare_entries(const void *left, const void *right) {
    struct sw_datum a = ((const struct sw_dict_entry *)left)->key, b = ((const struct sw_dict_entry *)right)->key;
    return key_less(a, b) ? -1 : key_less(b, a) ? 1 : 0;
}

static bool start_map(struct writer *writer) {
    yaml_event_t event;
    return yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) && emit(writer, &event);
}

static bool end_map(struct writer *writer) {
    yaml_event_t event;
    return yaml_mapping_end_event_initialize(&event) && emit(writer, &event);
}

static bool write_map(struct writer *writer, struct sw_datum map) {
    size_t count = sw_dict_len(map.dict);
    struct sw_dict_entry *entries = sw_dict_sorted(&writer->engine->arena, map.dict);
    if (count)
        qsort(entries, count, sizeof *entries, compare_entries);
    if (!start_map(writer))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!write_value(writer, entries[i].key) || !write_value(writer, entries[i].value))
            return false;
    return end_map(writer);
}

static bool write_struct(struct writer *writer, struct sw_datum value) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (value.type == SW_T_TIME) {
        sw_time_format(&text, value.time, sw_str_of("2006-01-02T15:04:05.999999999Z07:00"));
        return emit_plain(writer, &text);
    }
    if (value.type == SW_T_VERSION || value.type == SW_T_VERSION_STRUCT) {
        sw_fmt_stringer(&text, value);
        return write_string(writer, (struct sw_str){text.data, text.len});
    }
    if (!start_map(writer))
        return false;
    if (value.type == SW_T_CERTIFICATE &&
        !(write_string(writer, sw_str_of("cert")) && write_string(writer, value.certificate->cert) &&
          write_string(writer, sw_str_of("key")) && write_string(writer, value.certificate->key)))
        return false;
    return end_map(writer);
}

static bool write_number(struct writer *writer, struct sw_datum value) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (value.type == SW_T_DURATION) {
        sw_fmt_stringer(&text, value);
        return write_string(writer, (struct sw_str){text.data, text.len});
    }
    if (sw_type_kind(value.type) == SW_K_INT)
        sw_buf_printf(&text, "%lld", (long long)value.number);
    else if (sw_type_kind(value.type) == SW_K_UINT)
        sw_buf_printf(&text, "%llu", (unsigned long long)value.natural);
    else if (isnan(value.real) || isinf(value.real))
        sw_buf_puts(&text, isnan(value.real) ? ".nan" : value.real > 0 ? ".inf" : "-.inf");
    else
        sw_format_float(&text, value.real, 'g', -1);
    return emit_plain(writer, &text);
}

static bool write_kind(struct writer *writer, struct sw_datum value) {
    switch (sw_type_kind(value.type)) {
    case SW_K_INVALID:
        return emit_scalar(writer, sw_str_of("null"), NULL, YAML_PLAIN_SCALAR_STYLE);
    case SW_K_BOOL:
        return emit_scalar(writer, sw_str_of(value.truth ? "true" : "false"), NULL, YAML_PLAIN_SCALAR_STYLE);
    case SW_K_INT:
    case SW_K_UINT:
    case SW_K_FLOAT:
        return write_number(writer, value);
    case SW_K_STRING:
        return write_string(writer, value.text);
    case SW_K_SLICE:
        return write_list(writer, value);
    case SW_K_MAP:
        return write_map(writer, value);
    case SW_K_STRUCT:
    case SW_K_POINTER:
        return write_struct(writer, value);
    default:
        sw_buf_printf(writer->error, "cannot marshal type: %s", sw_type_name(value.type));
        return false;
    }
}

static bool write_value(struct writer *writer, struct sw_datum value) {
    if (writer->depth > SW_MAX_NESTING || !sw_engine_may_write(writer->engine, writer->out)) {
        sw_buf_puts(writer->error, "yaml: the value contains itself or nests too deeply");
        return false;
    }
    writer->depth++;
    bool good = write_kind(writer, value);
    writer->depth--;
    return good;
}

static int append(void *context, unsigned char *data, size_t len) {
    sw_buf_add(context, data, len);
    return 1;
}

static bool write_document(struct writer *writer, struct sw_datum value) {
    yaml_event_t event;
    return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) && emit(writer, &event) &&
           yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) && emit(writer, &event) &&
           write_value(writer, value) && yaml_document_end_event_initialize(&event, 1) && emit(writer, &event);
}

bool sw_template_yaml_write(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value, struct sw_buf *error) {
    struct writer writer = {.engine = engine, .out = out, .error = error, .marked = {.width = sizeof(struct sw_str)}};
    size_t start = out->len;
    if (!yaml_emitter_initialize(&writer.emitter)) {
        sw_buf_puts(error, "yaml: out of memory");
        return false;
    }
    yaml_emitter_set_unicode(&writer.emitter, 1);
    yaml_emitter_set_output(&writer.emitter, append, out);
    /* Without an end of the stream: libyaml would put "..." there behind a text that ends in empty lines, and yaml.v2 does not. */
    bool good = write_document(&writer, value);
    yaml_emitter_delete(&writer.emitter);
    if (good && writer.marked.len)
        place_marked(&writer, start);
    sw_vec_fini(&writer.marked);
    if (good && out->len && out->data[out->len - 1] == '\n')
        sw_buf_truncate(out, out->len - 1);
    return good;
}
