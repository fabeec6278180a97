#include <math.h>
#include <string.h>

#include "core/template/base64.h"
#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/json.h"
#include "core/template/number.h"
#include "core/template/time.h"
#include "core/template/unicode.h"

struct writer {
    struct sw_engine *engine;
    struct sw_buf *out;
    enum sw_json_style style;
    int depth;
    struct sw_buf *error;
};

static bool write_value(struct writer *writer, struct sw_datum value);

static void write_rune(struct writer *writer, uint32_t rune, struct sw_str bytes) {
    static const char letters[] = "btn\0fr"; /* of 8 to 13 */
    bool html = writer->style != SW_JSON_RAW && (rune == '<' || rune == '>' || rune == '&');
    if (rune == '"' || rune == '\\')
        sw_buf_printf(writer->out, "\\%c", (char)rune);
    else if (rune >= 8 && rune <= 13 && letters[rune - 8])
        sw_buf_printf(writer->out, "\\%c", letters[rune - 8]);
    else if (rune < ' ' || html || rune == 0x2028 || rune == 0x2029)
        sw_buf_printf(writer->out, "\\u%04x", rune);
    else if (rune == SW_RUNE_ERROR && bytes.len == 1)
        sw_buf_puts(writer->out, "\\ufffd");
    else
        sw_buf_add_str(writer->out, bytes);
}

static bool write_string(struct writer *writer, struct sw_str text) {
    sw_buf_putc(writer->out, '"');
    size_t width;
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        write_rune(writer, rune, sw_str_slice(text, i, i + width));
    }
    sw_buf_putc(writer->out, '"');
    return true;
}

static bool unsupported(struct writer *writer, const char *what, const char *name) {
    sw_buf_printf(writer->error, "json: unsupported %s: %s", what, name);
    return false;
}

static bool write_float(struct writer *writer, double real) {
    if (isnan(real) || isinf(real))
        return unsupported(writer, "value", isnan(real) ? "NaN" : real > 0 ? "+Inf" : "-Inf");
    double size = fabs(real);
    bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
    sw_cleanup_buf struct sw_buf text = {0};
    sw_format_float(&text, real, exponent ? 'e' : 'f', -1);
    if (exponent && text.len >= 4 && memcmp(text.data + text.len - 4, "e-0", 3) == 0) {
        text.data[text.len - 2] = text.data[text.len - 1];
        sw_buf_truncate(&text, text.len - 1);
    }
    sw_buf_add(writer->out, text.data, text.len);
    return true;
}

static void new_line(struct writer *writer) {
    if (writer->style != SW_JSON_PRETTY)
        return;
    sw_buf_putc(writer->out, '\n');
    for (int i = 0; i < writer->depth; i++)
        sw_buf_puts(writer->out, "  ");
}

static bool write_list(struct writer *writer, struct sw_datum list) {
    if (list.type == SW_T_BYTES && list.list) {
        sw_cleanup_buf struct sw_buf bytes = {0}, text = {0};
        for (size_t i = 0; i < list.list->len; i++)
            sw_buf_putc(&bytes, (char)list.list->items[i].natural);
        sw_base64_write(&text, (struct sw_str){bytes.data, bytes.len});
        return write_string(writer, (struct sw_str){text.data, text.len});
    }
    if (!list.list) {
        sw_buf_puts(writer->out, "null");
        return true;
    }
    size_t len = sw_list_len(list);
    sw_buf_putc(writer->out, '[');
    writer->depth++;
    for (size_t i = 0; i < len; i++) {
        sw_buf_puts(writer->out, i ? "," : "");
        new_line(writer);
        if (!write_value(writer, sw_list_item(list, i)))
            return false;
    }
    writer->depth--;
    if (len)
        new_line(writer);
    sw_buf_putc(writer->out, ']');
    return true;
}

static void write_key(struct writer *writer, struct sw_str key) {
    new_line(writer);
    write_string(writer, key);
    sw_buf_puts(writer->out, writer->style == SW_JSON_PRETTY ? ": " : ":");
}

static bool write_dict(struct writer *writer, struct sw_datum map) {
    if (map.type == SW_T_ANYDICT)
        return unsupported(writer, "type", sw_type_name(map.type));
    if (!map.dict) {
        sw_buf_puts(writer->out, "null");
        return true;
    }
    size_t len = sw_dict_len(map.dict);
    const struct sw_dict_entry *entries = sw_dict_sorted(&writer->engine->arena, map.dict);
    sw_buf_putc(writer->out, '{');
    writer->depth++;
    for (size_t i = 0; i < len; i++) {
        sw_buf_puts(writer->out, i ? "," : "");
        write_key(writer, entries[i].key.text);
        if (!write_value(writer, entries[i].value))
            return false;
    }
    writer->depth--;
    if (len)
        new_line(writer);
    sw_buf_putc(writer->out, '}');
    return true;
}

static bool write_time(struct writer *writer, const struct sw_time *time) {
    struct sw_civil civil = sw_time_civil(time);
    if (civil.year < 0 || civil.year > 9999) {
        sw_buf_puts(writer->error,
                    "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]");
        return false;
    }
    sw_buf_putc(writer->out, '"');
    sw_time_format(writer->out, time, sw_str_of("2006-01-02T15:04:05.999999999Z07:00"));
    sw_buf_putc(writer->out, '"');
    return true;
}

static bool write_struct(struct writer *writer, struct sw_datum value) {
    if (value.type == SW_T_TIME)
        return write_time(writer, value.time);
    if (value.type == SW_T_VERSION_STRUCT || value.type == SW_T_VERSION) {
        sw_cleanup_buf struct sw_buf text = {0};
        sw_fmt_stringer(&text, value);
        return write_string(writer, (struct sw_str){text.data, text.len});
    }
    if (value.type != SW_T_CERTIFICATE) {
        sw_buf_puts(writer->out, "{}");
        return true;
    }
    sw_buf_putc(writer->out, '{');
    writer->depth++;
    write_key(writer, sw_str_of("Cert"));
    write_string(writer, value.certificate->cert);
    sw_buf_putc(writer->out, ',');
    write_key(writer, sw_str_of("Key"));
    write_string(writer, value.certificate->key);
    writer->depth--;
    new_line(writer);
    sw_buf_putc(writer->out, '}');
    return true;
}

static bool write_value(struct writer *writer, struct sw_datum value) {
    if (writer->depth > SW_MAX_NESTING || !sw_engine_may_write(writer->engine, writer->out)) {
        sw_buf_printf(writer->error, "json: unsupported value: encountered a cycle via %s", sw_type_name(value.type));
        return false;
    }
    switch (sw_type_kind(value.type)) {
    case SW_K_INVALID:
        sw_buf_puts(writer->out, "null");
        return true;
    case SW_K_BOOL:
        sw_buf_puts(writer->out, value.truth ? "true" : "false");
        return true;
    case SW_K_INT:
        sw_buf_printf(writer->out, "%lld", (long long)value.number);
        return true;
    case SW_K_UINT:
        sw_buf_printf(writer->out, "%llu", (unsigned long long)value.natural);
        return true;
    case SW_K_FLOAT:
        return write_float(writer, value.real);
    case SW_K_STRING:
        return write_string(writer, value.text);
    case SW_K_SLICE:
        return write_list(writer, value);
    case SW_K_MAP:
        return write_dict(writer, value);
    case SW_K_STRUCT:
    case SW_K_POINTER:
        return write_struct(writer, value);
    default:
        return unsupported(writer, "type", sw_type_name(value.type));
    }
}

bool sw_json_write(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value, enum sw_json_style style,
                   struct sw_buf *error) {
    struct writer writer = {.engine = engine, .out = out, .style = style, .error = error};
    return write_value(&writer, value);
}
