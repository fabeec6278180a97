#include <math.h>
#include <string.h>

#include "core/template/number.h"
#include "core/template/time.h"
#include "core/template/yaml.h"

static const char *const words_true[] = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
static const char *const words_false[] = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL};
static const char *const words_null[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const words_nan[] = {".nan", ".NaN", ".NAN", NULL};
static const char *const words_inf[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
static const char *const words_minus_inf[] = {"-.inf", "-.Inf", "-.INF", NULL};

static bool is_one_of(struct sw_str text, const char *const *words) {
    for (; *words; words++)
        if (sw_str_is(text, *words))
            return true;
    return false;
}

static bool is_digit(struct sw_str text, size_t at) {
    return at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
}

static size_t skip_digits(struct sw_str text, size_t at) {
    while (is_digit(text, at))
        at++;
    return at;
}

/* [-+]? digits, maybe with a point at the start, inside or at the end, and an exponent. */
static bool is_float(struct sw_str text) {
    size_t at = text.len && (text.data[0] == '-' || text.data[0] == '+'), start = at;
    at = skip_digits(text, at);
    bool whole = at > start;
    if (at < text.len && text.data[at] == '.') {
        size_t point = at;
        at = skip_digits(text, at + 1);
        if (!whole && at == point + 1)
            return false;
    } else if (!whole) {
        return false;
    }
    if (at < text.len && (text.data[at] | 0x20) == 'e') {
        at++;
        at += at < text.len && (text.data[at] == '-' || text.data[at] == '+');
        if (!is_digit(text, at))
            return false;
        at = skip_digits(text, at);
    }
    return at == text.len;
}

static bool is_timestamp(struct sw_arena *arena, struct sw_str text) {
    static const char *const layouts[] = {"2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00",
                                          "2006-1-2 15:4:5.999999999", "2006-1-2"};
    struct sw_time time;
    if (skip_digits(text, 0) != 4 || text.len == 4 || text.data[4] != '-')
        return false;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        sw_cleanup_buf struct sw_buf error = {0};
        if (sw_time_parse(arena, sw_str_of(layouts[i]), text, NULL, &time, &error))
            return true;
    }
    return false;
}

static enum sw_template_yaml_kind resolve_number(struct sw_arena *arena, struct sw_str text, struct sw_datum *out) {
    struct sw_buf plain = {0};
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '_')
            sw_buf_putc(&plain, text.data[i]);
    struct sw_str digits = sw_str_take(arena, &plain);
    if (sw_parse_int(digits, 0, &out->number) == SW_PARSED) {
        out->type = SW_T_INT;
        return SW_YAML_INT;
    }
    if (sw_parse_uint(digits, 0, &out->natural) == SW_PARSED) {
        out->type = SW_T_UINT64;
        return SW_YAML_INT;
    }
    if (is_float(digits) && sw_parse_float(digits, &out->real) == SW_PARSED) {
        out->type = SW_T_FLOAT;
        return SW_YAML_FLOAT;
    }
    return SW_YAML_STR;
}

static enum sw_template_yaml_kind resolve_word(struct sw_str text, struct sw_datum *out) {
    if (is_one_of(text, words_true) || is_one_of(text, words_false)) {
        *out = sw_bool(is_one_of(text, words_true));
        return SW_YAML_BOOL;
    }
    if (is_one_of(text, words_null)) {
        *out = sw_none();
        return SW_YAML_NULL;
    }
    bool inf = is_one_of(text, words_inf), minus_inf = is_one_of(text, words_minus_inf);
    if (inf || minus_inf || is_one_of(text, words_nan)) {
        *out = sw_float(inf ? INFINITY : minus_inf ? -INFINITY : NAN);
        return SW_YAML_FLOAT;
    }
    return SW_YAML_STR;
}

enum sw_template_yaml_kind sw_template_yaml_resolve(struct sw_arena *arena, struct sw_str text, struct sw_datum *out) {
    enum sw_template_yaml_kind kind = resolve_word(text, out);
    if (kind != SW_YAML_STR)
        return kind;
    char first = text.data[0];
    if (first == '.' && sw_parse_float(text, &out->real) == SW_PARSED) {
        out->type = SW_T_FLOAT;
        return SW_YAML_FLOAT;
    }
    if (is_digit(text, 0) || first == '-' || first == '+') {
        if (is_timestamp(arena, text)) {
            *out = sw_text(text);
            return SW_YAML_TIMESTAMP;
        }
        kind = resolve_number(arena, text, out);
    }
    if (kind == SW_YAML_STR)
        *out = sw_text(text);
    return kind;
}
