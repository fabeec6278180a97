#include "core/template/time.h"

#include <string.h>

/* A fraction of `digits` places without trailing zeros, after the whole part. */
static void write_fraction(struct sw_buf *out, uint64_t value, uint64_t unit, int digits) {
    sw_buf_printf(out, "%llu", (unsigned long long)(value / unit));
    uint64_t rest = value % unit;
    if (!rest)
        return;
    sw_buf_printf(out, ".%0*llu", digits, (unsigned long long)rest);
    while (out->data[out->len - 1] == '0')
        sw_buf_truncate(out, out->len - 1);
}

void sw_duration_write(struct sw_buf *out, int64_t nanos) {
    uint64_t size = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos;
    if (nanos < 0)
        sw_buf_putc(out, '-');
    if (size == 0) {
        sw_buf_puts(out, "0s");
    } else if (size < 1000) {
        sw_buf_printf(out, "%lluns", (unsigned long long)size);
    } else if (size < 1000000) {
        write_fraction(out, size, 1000, 3);
        sw_buf_puts(out, "\xC2\xB5s");
    } else if (size < SW_SECOND) {
        write_fraction(out, size, 1000000, 6);
        sw_buf_puts(out, "ms");
    } else {
        uint64_t minutes = size / SW_SECOND / 60;
        if (minutes >= 60)
            sw_buf_printf(out, "%lluh", (unsigned long long)(minutes / 60));
        if (minutes)
            sw_buf_printf(out, "%llum", (unsigned long long)(minutes % 60));
        write_fraction(out, size - minutes * 60 * SW_SECOND, SW_SECOND, 9);
        sw_buf_putc(out, 's');
    }
}

int64_t sw_duration_round(int64_t nanos, int64_t unit) {
    if (unit <= 0)
        return nanos;
    int64_t rest = nanos % unit, result;
    bool overflow;
    if (nanos < 0) {
        rest = -rest;
        if ((uint64_t)rest + (uint64_t)rest < (uint64_t)unit)
            return nanos + rest;
        overflow = __builtin_sub_overflow(nanos, unit - rest, &result);
        return overflow ? INT64_MIN : result;
    }
    if ((uint64_t)rest + (uint64_t)rest < (uint64_t)unit)
        return nanos - rest;
    overflow = __builtin_add_overflow(nanos, unit - rest, &result);
    return overflow ? INT64_MAX : result;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool fail(struct sw_buf *error, struct sw_str text) {
    sw_buf_puts(error, "time: invalid duration ");
    sw_time_quote(error, text);
    return false;
}

static bool fail_unit(struct sw_buf *error, struct sw_str unit, struct sw_str text) {
    sw_buf_puts(error, "time: ");
    if (unit.len) {
        sw_buf_puts(error, "unknown unit ");
        sw_time_quote(error, unit);
        sw_buf_puts(error, " in duration ");
    } else {
        sw_buf_puts(error, "missing unit in duration ");
    }
    sw_time_quote(error, text);
    return false;
}

static uint64_t unit_of(struct sw_str name) {
    static const struct {
        const char *name;
        uint64_t nanos;
    } units[] = {{"ns", 1},       {"us", 1000},     {"\xC2\xB5s", 1000},      {"\xCE\xBCs", 1000},
                 {"ms", 1000000}, {"s", SW_SECOND}, {"m", 60ull * SW_SECOND}, {"h", 3600ull * SW_SECOND}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (sw_str_is(name, units[i].name))
            return units[i].nanos;
    return 0;
}

/* Digits before the point; false when they overflow. */
static bool take_integer(struct sw_str *rest, uint64_t *value) {
    *value = 0;
    while (rest->len && is_digit(rest->data[0])) {
        if (*value > (1ull << 63) / 10)
            return false;
        *value = *value * 10 + (uint64_t)(rest->data[0] - '0');
        if (*value > 1ull << 63)
            return false;
        *rest = sw_str_slice(*rest, 1, rest->len);
    }
    return true;
}

static void take_fraction(struct sw_str *rest, uint64_t *value, double *scale) {
    bool overflow = false;
    *value = 0;
    *scale = 1;
    for (; rest->len && is_digit(rest->data[0]); *rest = sw_str_slice(*rest, 1, rest->len)) {
        uint64_t next = *value * 10 + (uint64_t)(rest->data[0] - '0');
        overflow |= *value > ((1ull << 63) - 1) / 10 || next > 1ull << 63;
        if (overflow)
            continue;
        *value = next;
        *scale *= 10;
    }
}

/* One number and its unit, added to `*total`. */
static bool take_part(struct sw_str *rest, struct sw_str whole, uint64_t *total, struct sw_buf *error) {
    uint64_t value, fraction = 0;
    double scale = 1;
    size_t before = rest->len;
    if ((rest->data[0] != '.' && !is_digit(rest->data[0])) || !take_integer(rest, &value))
        return fail(error, whole);
    bool digits = rest->len != before;
    if (rest->len && rest->data[0] == '.') {
        *rest = sw_str_slice(*rest, 1, rest->len);
        before = rest->len;
        take_fraction(rest, &fraction, &scale);
        digits |= rest->len != before;
    }
    if (!digits)
        return fail(error, whole);
    size_t end = 0;
    while (end < rest->len && rest->data[end] != '.' && !is_digit(rest->data[end]))
        end++;
    struct sw_str name = sw_str_slice(*rest, 0, end);
    *rest = sw_str_slice(*rest, end, rest->len);
    uint64_t unit = unit_of(name);
    if (!unit)
        return fail_unit(error, name, whole);
    if (value > (1ull << 63) / unit)
        return fail(error, whole);
    value *= unit;
    if (fraction)
        value += (uint64_t)((double)fraction * ((double)unit / scale));
    if (value > 1ull << 63 || *total + value > 1ull << 63)
        return fail(error, whole);
    *total += value;
    return true;
}

bool sw_duration_parse(struct sw_str text, int64_t *nanos, struct sw_buf *error) {
    struct sw_str rest = text;
    bool negative = rest.len && rest.data[0] == '-';
    uint64_t total = 0;
    *nanos = 0;
    if (rest.len && (rest.data[0] == '-' || rest.data[0] == '+'))
        rest = sw_str_slice(rest, 1, rest.len);
    if (sw_str_is(rest, "0"))
        return true;
    if (rest.len == 0)
        return fail(error, text);
    while (rest.len)
        if (!take_part(&rest, text, &total, error))
            return false;
    if (!negative && total > INT64_MAX)
        return fail(error, text);
    *nanos = negative ? (int64_t)(0 - total) : (int64_t)total;
    return true;
}
