#include "core/template/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1023 };

static char lower(char c) {
    return (char)(c | 0x20);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_hex_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'f';
}

/* Whether each '_' stands between digits (a base prefix counts as one). */
static bool underscores_fit(struct sw_str text) {
    char saw = '^';
    size_t i = 0;
    bool hex = false;
    if (text.len && (text.data[0] == '-' || text.data[0] == '+'))
        text = sw_str_slice(text, 1, text.len);
    if (text.len >= 2 && text.data[0] == '0' && strchr("box", lower(text.data[1]))) {
        i = 2;
        saw = '0';
        hex = lower(text.data[1]) == 'x';
    }
    for (; i < text.len; i++) {
        char c = text.data[i];
        if (is_digit(c) || (hex && is_hex_letter(c))) {
            saw = '0';
        } else if (c == '_') {
            if (saw != '0')
                return false;
            saw = '_';
        } else {
            if (saw == '_')
                return false;
            saw = '!';
        }
    }
    return saw != '_';
}

/* Takes a base prefix off `*text`. */
static int take_base(struct sw_str *text) {
    if (text->data[0] != '0')
        return 10;
    char second = text->len >= 3 ? lower(text->data[1]) : 0;
    size_t prefix = second == 'b' || second == 'o' || second == 'x' ? 2 : 1;
    *text = sw_str_slice(*text, prefix, text->len);
    return second == 'b' ? 2 : second == 'x' ? 16 : 8;
}

enum sw_parsed sw_parse_uint(struct sw_str text, int base, uint64_t *out) {
    *out = 0;
    if (text.len == 0)
        return SW_PARSE_SYNTAX;
    struct sw_str digits = text;
    bool guess = base == 0, underscores = false;
    if (guess)
        base = take_base(&digits);
    uint64_t number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.data[i];
        if (c == '_' && guess) {
            underscores = true;
            continue;
        }
        int digit = is_digit(c) ? c - '0' : lower(c) >= 'a' && lower(c) <= 'z' ? lower(c) - 'a' + 10 : 99;
        if (digit >= base)
            return SW_PARSE_SYNTAX;
        uint64_t next;
        if (__builtin_mul_overflow(number, (uint64_t)base, &next) || __builtin_add_overflow(next, (uint64_t)digit, &number)) {
            *out = UINT64_MAX;
            return SW_PARSE_RANGE;
        }
    }
    if (underscores && !underscores_fit(text))
        return SW_PARSE_SYNTAX;
    *out = number;
    return SW_PARSED;
}

enum sw_parsed sw_parse_int(struct sw_str text, int base, int64_t *out) {
    *out = 0;
    if (text.len == 0)
        return SW_PARSE_SYNTAX;
    bool negative = text.data[0] == '-';
    if (negative || text.data[0] == '+')
        text = sw_str_slice(text, 1, text.len);
    uint64_t size;
    enum sw_parsed parsed = sw_parse_uint(text, base, &size);
    if (parsed == SW_PARSE_SYNTAX)
        return parsed;
    uint64_t limit = (uint64_t)INT64_MAX + negative;
    if (size > limit) {
        size = limit;
        parsed = SW_PARSE_RANGE;
    }
    *out = negative ? (int64_t)(0 - size) : (int64_t)size;
    return parsed;
}

static bool parse_special(struct sw_str text, double *out) {
    struct sw_str word = text;
    bool negative = text.len && text.data[0] == '-', signed_ = negative || (text.len && text.data[0] == '+');
    if (signed_)
        word = sw_str_slice(text, 1, text.len);
    bool infinity =
        (word.len == 3 && strncasecmp(word.data, "inf", 3) == 0) || (word.len == 8 && strncasecmp(word.data, "infinity", 8) == 0);
    if (infinity)
        *out = negative ? -INFINITY : INFINITY;
    else if (!signed_ && word.len == 3 && strncasecmp(word.data, "nan", 3) == 0)
        *out = NAN;
    else
        return false;
    return true;
}

/* Whether `text` is a float in Go's syntax. */
static bool is_float(struct sw_str text) {
    size_t i = text.len && (text.data[0] == '+' || text.data[0] == '-');
    bool hex = false, dot = false, digits = false, underscores = false;
    if (i + 2 < text.len && text.data[i] == '0' && lower(text.data[i + 1]) == 'x') {
        hex = true;
        i += 2;
    }
    for (; i < text.len; i++) {
        char c = text.data[i];
        if (c == '_')
            underscores = true;
        else if (c == '.' && !dot)
            dot = true;
        else if (is_digit(c) || (hex && is_hex_letter(c)))
            digits = true;
        else
            break;
    }
    if (!digits)
        return false;
    if (i < text.len && lower(text.data[i]) == (hex ? 'p' : 'e')) {
        i++;
        if (i < text.len && (text.data[i] == '+' || text.data[i] == '-'))
            i++;
        if (i >= text.len || !is_digit(text.data[i]))
            return false;
        for (; i < text.len && (is_digit(text.data[i]) || text.data[i] == '_'); i++)
            underscores |= text.data[i] == '_';
    } else if (hex) {
        return false;
    }
    return i == text.len && (!underscores || underscores_fit(text));
}

enum sw_parsed sw_parse_float(struct sw_str text, double *out) {
    *out = 0;
    if (parse_special(text, out))
        return SW_PARSED;
    if (!is_float(text))
        return SW_PARSE_SYNTAX;
    struct sw_buf plain = {0};
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '_')
            sw_buf_putc(&plain, text.data[i]);
    *out = strtod(plain.data, NULL);
    sw_buf_fini(&plain);
    return isinf(*out) ? SW_PARSE_RANGE : SW_PARSED;
}

/* Digits and exponent out of the text that "%.*e" made. */
static int split_digits(const char *text, char digits[32], int *point) {
    int count = 0;
    const char *c = text;
    for (; *c && *c != 'e'; c++)
        if (is_digit(*c))
            digits[count++] = *c;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    *point = atoi(c + 1) + 1;
    return count;
}

/* At a power of two the gap below is half of the one above, so the nearest short number may not read back while the next one up
 * does. */
static bool next_up_reads_back(char text[40], double value) {
    int last = -1;
    for (int i = 0; text[i] && text[i] != 'e'; i++)
        if (is_digit(text[i]))
            last = i;
    if (text[last] == '9')
        return false;
    text[last]++;
    return strtod(text, NULL) == value;
}

int sw_shortest_digits(double value, char digits[32], int *point) {
    if (value == 0) {
        memcpy(digits, "0", 2);
        *point = 1;
        return 1;
    }
    int exponent;
    bool power_of_two = frexp(value, &exponent) == 0.5;
    char text[40];
    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, value);
        if (strtod(text, NULL) == value || (power_of_two && next_up_reads_back(text, value)))
            break;
    }
    return split_digits(text, digits, point);
}

static void add_exponent(struct sw_buf *out, char letter, int exponent) {
    sw_buf_printf(out, "%c%c%02d", letter, exponent < 0 ? '-' : '+', abs(exponent));
}

static void add_shortest(struct sw_buf *out, double value, char format) {
    char digits[32];
    int point, count = sw_shortest_digits(fabs(value), digits, &point);
    bool exponent = lower(format) == 'e' || (lower(format) == 'g' && (point - 1 < -4 || point - 1 >= 6));
    if (signbit(value))
        sw_buf_putc(out, '-');
    if (exponent) {
        sw_buf_putc(out, digits[0]);
        if (count > 1)
            sw_buf_putc(out, '.');
        sw_buf_puts(out, digits + 1);
        add_exponent(out, format == 'E' || format == 'G' ? 'E' : 'e', value == 0 ? 0 : point - 1);
        return;
    }
    if (point <= 0) {
        sw_buf_puts(out, "0.");
        for (int i = point; i < 0; i++)
            sw_buf_putc(out, '0');
        sw_buf_puts(out, digits);
        return;
    }
    for (int i = 0; i < point || i < count; i++) {
        if (i == point)
            sw_buf_putc(out, '.');
        sw_buf_putc(out, i < count ? digits[i] : '0');
    }
}

/* Mantissa and exponent such that value = mantissa times two to the exponent, less the position of the point. */
static uint64_t take_apart(double value, int *exponent) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & ((1ull << MANTISSA_BITS) - 1);
    *exponent = (int)(bits >> MANTISSA_BITS & 0x7FF);
    if (*exponent == 0)
        *exponent = 1;
    else
        mantissa |= 1ull << MANTISSA_BITS;
    *exponent -= EXPONENT_BIAS;
    return mantissa;
}

static void add_binary(struct sw_buf *out, double value) {
    int exponent;
    uint64_t mantissa = take_apart(value, &exponent);
    exponent -= MANTISSA_BITS;
    sw_buf_printf(out, "%s%llup%s%d", signbit(value) ? "-" : "", (unsigned long long)mantissa, exponent >= 0 ? "+" : "", exponent);
}

static void add_hex(struct sw_buf *out, double value, char format, int precision) {
    int exponent;
    uint64_t mantissa = take_apart(value, &exponent);
    const char *digits = format == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    if (mantissa == 0)
        exponent = 0;
    mantissa <<= 60 - MANTISSA_BITS;
    while (mantissa != 0 && !(mantissa & 1ull << 60)) {
        mantissa <<= 1;
        exponent--;
    }
    if (precision >= 0 && precision < 15) {
        unsigned shift = (unsigned)precision * 4;
        uint64_t extra = (mantissa << shift) & ((1ull << 60) - 1);
        mantissa >>= 60 - shift;
        if ((extra | (mantissa & 1)) > 1ull << 59)
            mantissa++;
        mantissa <<= 60 - shift;
        if (mantissa & 1ull << 61) {
            mantissa >>= 1;
            exponent++;
        }
    }
    sw_buf_printf(out, "%s0%c%d", signbit(value) ? "-" : "", format, (int)(mantissa >> 60 & 1));
    mantissa <<= 4;
    if (precision > 0 || (precision < 0 && mantissa))
        sw_buf_putc(out, '.');
    for (int i = 0; precision < 0 ? mantissa != 0 : i < precision; i++, mantissa <<= 4)
        sw_buf_putc(out, digits[mantissa >> 60 & 15]);
    add_exponent(out, format == 'x' ? 'p' : 'P', exponent);
}

void sw_format_float(struct sw_buf *out, double value, char format, int precision) {
    if (isnan(value)) {
        sw_buf_puts(out, "NaN");
    } else if (isinf(value)) {
        sw_buf_puts(out, value < 0 ? "-Inf" : "+Inf");
    } else if (format == 'b') {
        add_binary(out, value);
    } else if (lower(format) == 'x') {
        add_hex(out, value, format, precision);
    } else if (precision < 0) {
        add_shortest(out, value, format);
    } else {
        char spec[] = {'%', '.', '*', format, '\0'};
        int need = snprintf(NULL, 0, spec, precision, value);
        sw_buf_reserve(out, (size_t)need + 1);
        snprintf(out->data + out->len, (size_t)need + 1, spec, precision, value);
        out->len += (size_t)need;
    }
}
