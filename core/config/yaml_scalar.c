#include "core/config/yaml_scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

enum { MANTISSA_DIGITS = 17, PLAIN_EXPONENT = 6 };

static bool in_list(const char *text, const char *const *list) {
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

static bool resolve_word(struct sw_value *value, const char *text) {
    static const char *const yes[] = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
    static const char *const no[] = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL};
    static const char *const null[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const nan[] = {".nan", ".NaN", ".NAN", NULL};
    static const char *const plus[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
    static const char *const minus[] = {"-.inf", "-.Inf", "-.INF", NULL};
    if (in_list(text, null)) {
        value->kind = SW_VALUE_NULL;
    } else if (in_list(text, yes) || in_list(text, no)) {
        value->kind = SW_VALUE_BOOL;
        value->boolean = in_list(text, yes);
    } else if (in_list(text, nan) || in_list(text, plus) || in_list(text, minus)) {
        value->kind = SW_VALUE_FLOAT;
        value->real = in_list(text, nan) ? (double)NAN : in_list(text, plus) ? (double)INFINITY : -(double)INFINITY;
    } else {
        return false;
    }
    return true;
}

/* Digits of `base` and nothing else. */
static bool all_digits(const char *text, int base) {
    if (!*text)
        return false;
    for (; *text; text++) {
        int digit = *text >= '0' && *text <= '9'   ? *text - '0'
                    : *text >= 'a' && *text <= 'f' ? *text - 'a' + 10
                    : *text >= 'A' && *text <= 'F' ? *text - 'A' + 10
                                                   : 99;
        if (digit >= base)
            return false;
    }
    return true;
}

static int base_of_prefix(const char **digits) {
    const char *text = *digits;
    if (text[0] != '0' || !text[1])
        return 10;
    switch (text[1] | 0x20) {
    case 'x':
        *digits = text + 2;
        return 16;
    case 'o':
        *digits = text + 2;
        return 8;
    case 'b':
        *digits = text + 2;
        return 2;
    default:
        *digits = text + 1;
        return 8;
    }
}

/* As Go's ParseInt and ParseUint with base 0, the underscores gone. Integers past int64 keep their text: nothing here counts that
 * far, but they stay numbers. */
static bool resolve_integer(struct sw_value *value, const char *plain, char *printed, size_t size) {
    bool negative = *plain == '-';
    const char *digits = plain + (*plain == '-' || *plain == '+');
    int base = base_of_prefix(&digits);
    if (!all_digits(digits, base))
        return false;
    errno = 0;
    unsigned long long magnitude = strtoull(digits, NULL, base);
    if (errno)
        return false;
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (magnitude > limit && (negative || *plain == '+'))
        return false;
    value->kind = SW_VALUE_INT;
    value->integer = magnitude > limit ? INT64_MAX : negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    if (magnitude > limit)
        snprintf(printed, size, "%llu", magnitude);
    else
        snprintf(printed, size, "%" PRId64, value->integer);
    return true;
}

/* [-+]? ( .D+ | D+ ( .D* )? ) ( [eE] [-+]? D+ )? */
static bool is_float(const char *text) {
    text += *text == '-' || *text == '+';
    size_t before = strspn(text, "0123456789");
    text += before;
    if (*text == '.') {
        size_t after = strspn(text + 1, "0123456789");
        if (!before && !after)
            return false;
        text += 1 + after;
    } else if (!before) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        size_t exponent = strspn(text, "0123456789");
        if (!exponent)
            return false;
        text += exponent;
    }
    return !*text;
}

static bool resolve_float(struct sw_value *value, const char *plain) {
    if (!is_float(plain))
        return false;
    double number = strtod(plain, NULL);
    if (isinf(number))
        return false;
    value->kind = SW_VALUE_FLOAT;
    value->real = number;
    return true;
}

static void print_digits(const char *digits, int exponent, bool negative, char out[40]) {
    size_t count = strlen(digits), at = 0;
    if (negative)
        out[at++] = '-';
    if (exponent < -4 || exponent >= PLAIN_EXPONENT) {
        out[at++] = digits[0];
        if (count > 1) {
            out[at++] = '.';
            memcpy(out + at, digits + 1, count - 1);
            at += count - 1;
        }
        snprintf(out + at, 40 - at, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    if (exponent < 0) {
        out[at++] = '0';
        out[at++] = '.';
        for (int i = -1; i > exponent; i--)
            out[at++] = '0';
    }
    for (size_t i = 0; i < count || (int)i <= exponent; i++) {
        if (exponent >= 0 && (int)i == exponent + 1)
            out[at++] = '.';
        out[at++] = i < count ? digits[i] : '0';
    }
    out[at] = 0;
}

void sw_yaml_print_float(double number, char out[40]) {
    if (isnan(number) || isinf(number)) {
        snprintf(out, 40, "%s", isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (number == 0) {
        snprintf(out, 40, "%s", signbit(number) ? "-0" : "0");
        return;
    }
    char text[40]; /* d.ddde±dd: the fewest digits that read back as the same number */
    for (int digits = 0; digits < MANTISSA_DIGITS; digits++) {
        snprintf(text, sizeof text, "%.*e", digits, fabs(number));
        if (strtod(text, NULL) == fabs(number))
            break;
    }
    char *mark = strchr(text, 'e');
    int exponent = atoi(mark + 1);
    *mark = 0;
    if (text[1])
        memmove(text + 1, text + 2, strlen(text + 2) + 1);
    print_digits(text, exponent, number < 0, out);
}

/* Copies `text` without its underscores. Behind a leading point they must stand between digits: false otherwise. */
static bool drop_underscores(char *plain, const char *text) {
    size_t len = 0;
    for (const char *c = text; *c; c++) {
        if (*c != '_')
            plain[len++] = *c;
        else if (*text == '.' && !(c[-1] >= '0' && c[-1] <= '9' && c[1] >= '0' && c[1] <= '9'))
            return false;
    }
    plain[len] = 0;
    return true;
}

static void resolve_plain(struct sw_arena *arena, struct sw_value *value, const char *text) {
    value->kind = SW_VALUE_STRING;
    if (resolve_word(value, text)) {
        value->text = value->kind == SW_VALUE_BOOL ? value->boolean ? "true" : "false" : "";
    } else if (strchr("+-.0123456789", *text)) {
        sw_cleanup_free char *plain = sw_strdup(text);
        char printed[40];
        if (!drop_underscores(plain, text))
            return;
        if (*text != '.' && resolve_integer(value, plain, printed, sizeof printed))
            value->text = sw_arena_str(arena, printed);
        else
            resolve_float(value, plain);
    }
    if (value->kind == SW_VALUE_FLOAT) {
        char printed[40];
        sw_yaml_print_float(value->real, printed);
        value->text = sw_arena_str(arena, printed);
    }
}

static int base64_digit(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Padded base64 with line ends in it; NULL when it is none, or holds a NUL. */
static char *decode_base64(struct sw_arena *arena, const char *text) {
    char *out = sw_arena_new(arena, strlen(text) + 1);
    size_t len = 0, count = 0, padding = 0;
    uint32_t bits = 0;
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r')
            continue;
        int digit = *text == '=' ? 0 : base64_digit(*text);
        if (digit < 0 || (padding && *text != '='))
            return NULL;
        padding += *text == '=';
        bits = bits << 6 | (uint32_t)digit;
        if (++count % 4)
            continue;
        for (size_t i = 0; i < 3 && i + padding < 3; i++) {
            out[len] = (char)(bits >> (16 - 8 * i));
            if (!out[len++])
                return NULL;
        }
        if (padding && text[strspn(text, "=\r\n")])
            return NULL;
    }
    return count % 4 || padding > 2 ? NULL : out;
}

static const char *kind_tag(enum sw_value_kind kind) {
    static const char *const names[] = {"null", "bool", "int", "float", "str", "seq", "map"};
    return names[kind];
}

/* A tag of YAML's own types that the value must fit. */
static const char *fit_tag(struct sw_arena *arena, struct sw_value *value, const char *wanted) {
    if (strcmp(wanted, kind_tag(value->kind)) == 0 || strcmp(wanted, "timestamp") == 0)
        return NULL;
    if (strcmp(wanted, "float") == 0 && value->kind == SW_VALUE_INT) {
        char printed[40];
        value->kind = SW_VALUE_FLOAT;
        value->real = (double)value->integer;
        sw_yaml_print_float(value->real, printed);
        value->text = sw_arena_str(arena, printed);
        return NULL;
    }
    return sw_arena_format(arena, "cannot read \"%.60s\" as !!%s", value->source, wanted);
}

const char *sw_yaml_resolve(struct sw_arena *arena, struct sw_value *value, const char *tag, const char *text, bool plain) {
    static const char *const own[] = {"bool", "int", "float", "null", "timestamp", NULL};
    value->source = value->text = text;
    value->kind = SW_VALUE_STRING;
    value->plain = plain;
    if (!*tag) {
        if (plain)
            resolve_plain(arena, value, text);
        return NULL;
    }
    if (strncmp(tag, TAG_PREFIX, strlen(TAG_PREFIX)) != 0)
        return NULL;
    const char *wanted = tag + strlen(TAG_PREFIX);
    if (strcmp(wanted, "binary") == 0) {
        const char *bytes = decode_base64(arena, text);
        if (!bytes)
            return "a !!binary value that is no base64, or holds a NUL byte";
        value->source = value->text = bytes;
    } else if (in_list(wanted, own)) {
        resolve_plain(arena, value, text);
        return fit_tag(arena, value, wanted);
    }
    return NULL;
}
