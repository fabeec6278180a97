#include "plugins/dockerfile/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/dockerfile/text.h"

enum sw_df_number sw_df_unsigned(const char *text, unsigned base, uint64_t limit, uint64_t *value) {
    *value = 0;
    if (!*text)
        return SW_DF_NUMBER_SYNTAX;
    bool large = false;
    for (; *text; text++) {
        if (*text < '0' || *text >= (char)('0' + base))
            return SW_DF_NUMBER_SYNTAX;
        uint64_t digit = (uint64_t)(*text - '0');
        if (large || *value > (limit - digit) / base || digit > limit)
            large = true;
        else
            *value = *value * base + digit;
    }
    return large ? SW_DF_NUMBER_RANGE : SW_DF_NUMBER_OK;
}

enum sw_df_number sw_df_signed(const char *text, int64_t limit, int64_t *value) {
    bool negative = *text == '-';
    uint64_t magnitude;
    enum sw_df_number result = sw_df_unsigned(text + (*text == '-' || *text == '+'), 10, (uint64_t)limit + negative, &magnitude);
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return result;
}

bool sw_df_size(const char *text, int64_t *bytes) {
    size_t number = strlen(text);
    while (number > 0 && !strchr("0123456789. ", text[number - 1]))
        number--;
    if (number == 0)
        return false;
    const char *suffix = text + number;
    char digits[64];
    size_t len = text[number - 1] == ' ' ? number - 1 : number;
    if (len == 0 || len >= sizeof(digits) || strspn(text, "+0123456789.eE") < len)
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    char *end;
    double size = strtod(digits, &end);
    if (*end || size < 0)
        return false;
    static const char units[] = "kmgtp";
    char unit = (char)(*suffix | 0x20);
    size_t rest = strlen(suffix);
    if (rest > 3 || (rest > 0 && unit == 'b' && rest > 1))
        return false;
    if (rest > 0 && unit != 'b') {
        const char *at = strchr(units, unit);
        if (!at || (rest == 2 && (suffix[1] | 0x20) != 'b') ||
            (rest == 3 && ((suffix[1] | 0x20) != 'i' || (suffix[2] | 0x20) != 'b')))
            return false;
        for (const char *p = units; p <= at; p++)
            size *= 1024;
    }
    if (size >= 9.2e18)
        return false;
    *bytes = (int64_t)size;
    return true;
}

static const uint64_t LARGEST = (uint64_t)1 << 63;

static bool duration_fail(const char *text, struct sw_df_failure *failure) {
    return sw_df_fail(failure, "time: invalid duration %s", sw_df_quote(failure->arena, text));
}

static uint64_t unit_of(const char *text, size_t len) {
    static const struct {
        const char *name;
        uint64_t nanoseconds;
    } units[] = {{"ns", 1},        {"us", 1000},       {"\xC2\xB5s", 1000}, {"\xCE\xBCs", 1000},
                 {"ms", 1000000u}, {"s", 1000000000u}, {"m", 60000000000u}, {"h", 3600000000000u}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strlen(units[i].name) == len && memcmp(units[i].name, text, len) == 0)
            return units[i].nanoseconds;
    return 0;
}

/* Digits at `*p`; false when they are too many. */
static bool whole(const char **p, uint64_t *value) {
    for (*value = 0; **p >= '0' && **p <= '9'; ++*p) {
        if (*value > LARGEST / 10)
            return false;
        *value = *value * 10 + (uint64_t)(**p - '0');
        if (*value > LARGEST)
            return false;
    }
    return true;
}

static void fraction(const char **p, uint64_t *value, double *scale) {
    bool full = false;
    *value = 0;
    *scale = 1;
    for (; **p >= '0' && **p <= '9'; ++*p) {
        full = full || *value > (LARGEST - 1) / 10;
        if (full)
            continue;
        *value = *value * 10 + (uint64_t)(**p - '0');
        *scale *= 10;
    }
}

/* One number with its unit, added to *sum. */
static bool duration_part(const char *text, const char **p, uint64_t *sum, struct sw_df_failure *failure) {
    const char *start = *p;
    uint64_t value, part = 0;
    double scale = 1;
    if (!whole(p, &value))
        return duration_fail(text, failure);
    bool digits = *p != start;
    if (**p == '.') {
        const char *point = ++*p;
        fraction(p, &part, &scale);
        digits = digits || *p != point;
    }
    if (!digits)
        return duration_fail(text, failure);
    size_t len = strcspn(*p, ".0123456789");
    if (len == 0)
        return sw_df_fail(failure, "time: missing unit in duration %s", sw_df_quote(failure->arena, text));
    uint64_t unit = unit_of(*p, len);
    if (unit == 0)
        return sw_df_fail(failure, "time: unknown unit %s in duration %s",
                          sw_df_quote(failure->arena, sw_arena_strn(failure->arena, *p, len)), sw_df_quote(failure->arena, text));
    *p += len;
    if (value > LARGEST / unit)
        return duration_fail(text, failure);
    value *= unit;
    if (part > 0)
        value += (uint64_t)((double)part * ((double)unit / scale));
    *sum += value;
    return value <= LARGEST && *sum <= LARGEST ? true : duration_fail(text, failure);
}

bool sw_df_duration(const char *text, int64_t *nanoseconds, struct sw_df_failure *failure) {
    const char *p = text;
    bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    *nanoseconds = 0;
    if (strcmp(p, "0") == 0)
        return true;
    if (!*p)
        return duration_fail(text, failure);
    uint64_t sum = 0;
    while (*p) {
        if (*p != '.' && (*p < '0' || *p > '9'))
            return duration_fail(text, failure);
        if (!duration_part(text, &p, &sum, failure))
            return false;
    }
    if (!negative && sum == LARGEST)
        return duration_fail(text, failure);
    *nanoseconds = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* `value` / 10^`digits` without zeros at its end. */
static const char *decimal(struct sw_arena *arena, uint64_t value, int digits) {
    char text[64];
    uint64_t power = 1;
    for (int i = 0; i < digits; i++)
        power *= 10;
    int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)(value / power));
    if (value % power != 0) {
        len += snprintf(text + len, sizeof(text) - (size_t)len, ".%0*llu", digits, (unsigned long long)(value % power));
        while (text[len - 1] == '0')
            text[--len] = '\0';
    }
    return sw_arena_str(arena, text);
}

const char *sw_df_duration_text(struct sw_arena *arena, int64_t nanoseconds) {
    const uint64_t second = 1000000000u;
    uint64_t left = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
    const char *sign = nanoseconds < 0 ? "-" : "";
    if (left == 0)
        return "0s";
    if (left < 1000)
        return sw_arena_format(arena, "%s%lluns", sign, (unsigned long long)left);
    if (left < 1000000u)
        return sw_arena_format(arena, "%s%s\xC2\xB5s", sign, decimal(arena, left, 3));
    if (left < second)
        return sw_arena_format(arena, "%s%sms", sign, decimal(arena, left, 6));
    uint64_t minutes = left / second / 60;
    const char *seconds = decimal(arena, left - minutes * 60 * second, 9);
    if (minutes == 0)
        return sw_arena_format(arena, "%s%ss", sign, seconds);
    if (minutes < 60)
        return sw_arena_format(arena, "%s%llum%ss", sign, (unsigned long long)minutes, seconds);
    return sw_arena_format(arena, "%s%lluh%llum%ss", sign, (unsigned long long)(minutes / 60), (unsigned long long)(minutes % 60),
                           seconds);
}
