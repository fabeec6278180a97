#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/template/time.h"

static bool is_digit(struct sw_str text, size_t at) {
    return at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
}

/* Elements that are recognised by their text alone; a longer one stands before its own beginning. */
static const struct {
    const char *text;
    enum sw_layout kind;
    bool word; /* no lower-case letter may follow */
} elements[] = {
    {"January", SW_LAYOUT_LONG_MONTH, false},
    {"Jan", SW_LAYOUT_MONTH, true},
    {"Monday", SW_LAYOUT_LONG_WEEKDAY, false},
    {"Mon", SW_LAYOUT_WEEKDAY, true},
    {"MST", SW_LAYOUT_ZONE_NAME, false},
    {"01", SW_LAYOUT_ZERO_MONTH, false},
    {"02", SW_LAYOUT_ZERO_DAY, false},
    {"03", SW_LAYOUT_ZERO_HOUR12, false},
    {"04", SW_LAYOUT_ZERO_MINUTE, false},
    {"05", SW_LAYOUT_ZERO_SECOND, false},
    {"06", SW_LAYOUT_YEAR, false},
    {"002", SW_LAYOUT_ZERO_YEAR_DAY, false},
    {"15", SW_LAYOUT_HOUR, false},
    {"1", SW_LAYOUT_NUM_MONTH, false},
    {"2006", SW_LAYOUT_LONG_YEAR, false},
    {"2", SW_LAYOUT_DAY, false},
    {"_2", SW_LAYOUT_UNDER_DAY, false},
    {"__2", SW_LAYOUT_UNDER_YEAR_DAY, false},
    {"3", SW_LAYOUT_HOUR12, false},
    {"4", SW_LAYOUT_MINUTE, false},
    {"5", SW_LAYOUT_SECOND, false},
    {"PM", SW_LAYOUT_PM, false},
    {"pm", SW_LAYOUT_LOWER_PM, false},
    {"-070000", SW_LAYOUT_NUM_SECONDS, false},
    {"-07:00:00", SW_LAYOUT_NUM_COLON_SECONDS, false},
    {"-0700", SW_LAYOUT_NUM, false},
    {"-07:00", SW_LAYOUT_NUM_COLON, false},
    {"-07", SW_LAYOUT_NUM_SHORT, false},
    {"Z070000", SW_LAYOUT_ISO_SECONDS, false},
    {"Z07:00:00", SW_LAYOUT_ISO_COLON_SECONDS, false},
    {"Z0700", SW_LAYOUT_ISO, false},
    {"Z07:00", SW_LAYOUT_ISO_COLON, false},
    {"Z07", SW_LAYOUT_ISO_SHORT, false},
};

static enum sw_layout fraction_at(struct sw_str layout, size_t at, size_t *end) {
    if ((layout.data[at] != '.' && layout.data[at] != ',') || at + 1 >= layout.len)
        return SW_LAYOUT_NONE;
    char digit = layout.data[at + 1];
    if (digit != '0' && digit != '9')
        return SW_LAYOUT_NONE;
    *end = at + 1;
    while (*end < layout.len && layout.data[*end] == digit)
        ++*end;
    if (is_digit(layout, *end))
        return SW_LAYOUT_NONE;
    return digit == '0' ? SW_LAYOUT_FRACTION : SW_LAYOUT_FRACTION_TRIMMED;
}

static enum sw_layout element_at(struct sw_str layout, size_t at, size_t *end) {
    struct sw_str rest = sw_str_slice(layout, at, layout.len);
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        struct sw_str text = sw_str_of(elements[i].text);
        if (!sw_str_has_prefix(rest, text))
            continue;
        *end = at + text.len;
        if (elements[i].word && *end < layout.len && layout.data[*end] >= 'a' && layout.data[*end] <= 'z')
            continue;
        return elements[i].kind;
    }
    return fraction_at(layout, at, end);
}

enum sw_layout sw_layout_next(struct sw_str layout, size_t *start, size_t *end) {
    for (size_t i = 0; i < layout.len; i++) {
        enum sw_layout kind = element_at(layout, i, end);
        if (kind == SW_LAYOUT_UNDER_DAY && sw_str_has_prefix(sw_str_slice(layout, i + 1, layout.len), sw_str_of("2006")))
            continue; /* "_2006" is "_" and the year */
        *start = i;
        if (kind != SW_LAYOUT_NONE)
            return kind;
    }
    *start = *end = layout.len;
    return SW_LAYOUT_NONE;
}

static void write_number(struct sw_buf *out, int64_t number, int width) {
    sw_buf_printf(out, "%s%0*lld", number < 0 ? "-" : "", width, number < 0 ? -(long long)number : (long long)number);
}

/* A numeric zone: sign, hours, then minutes and seconds as the kind has them. */
static void write_offset(struct sw_buf *out, int offset, enum sw_layout kind) {
    int minutes = offset / 60;
    bool colon = kind == SW_LAYOUT_ISO_COLON || kind == SW_LAYOUT_NUM_COLON || kind == SW_LAYOUT_ISO_COLON_SECONDS ||
                 kind == SW_LAYOUT_NUM_COLON_SECONDS;
    bool seconds = kind == SW_LAYOUT_ISO_SECONDS || kind == SW_LAYOUT_NUM_SECONDS || kind == SW_LAYOUT_ISO_COLON_SECONDS ||
                   kind == SW_LAYOUT_NUM_COLON_SECONDS;
    sw_buf_printf(out, "%c%02d%s", minutes < 0 ? '-' : '+', abs(minutes) / 60, colon ? ":" : "");
    if (kind != SW_LAYOUT_NUM_SHORT && kind != SW_LAYOUT_ISO_SHORT)
        sw_buf_printf(out, "%02d", abs(minutes) % 60);
    if (seconds)
        sw_buf_printf(out, "%s%02d", colon ? ":" : "", abs(offset) % 60);
}

/* The separator and as many digits as the layout has; trimmed ones lose zeros at the end, and the separator with the last. */
static void write_fraction(struct sw_buf *out, int nanos, struct sw_str element, bool trimmed) {
    char digits[10];
    snprintf(digits, sizeof digits, "%09d", nanos);
    size_t places = element.len - 1;
    struct sw_buf text = {0};
    sw_buf_putc(&text, element.data[0]);
    for (size_t i = 0; i < places; i++)
        sw_buf_putc(&text, i < 9 ? digits[i] : '0');
    while (trimmed && text.len > 1 && text.data[text.len - 1] == '0')
        sw_buf_truncate(&text, text.len - 1);
    if (!trimmed || text.len > 1)
        sw_buf_add(out, text.data, text.len);
    sw_buf_fini(&text);
}

static void write_clock(struct sw_buf *out, const struct sw_civil *civil, enum sw_layout kind) {
    int hour12 = civil->hour % 12 ? civil->hour % 12 : 12;
    switch (kind) {
    case SW_LAYOUT_HOUR:
        write_number(out, civil->hour, 2);
        break;
    case SW_LAYOUT_HOUR12:
    case SW_LAYOUT_ZERO_HOUR12:
        write_number(out, hour12, kind == SW_LAYOUT_HOUR12 ? 0 : 2);
        break;
    case SW_LAYOUT_MINUTE:
    case SW_LAYOUT_ZERO_MINUTE:
        write_number(out, civil->minute, kind == SW_LAYOUT_MINUTE ? 0 : 2);
        break;
    case SW_LAYOUT_SECOND:
    case SW_LAYOUT_ZERO_SECOND:
        write_number(out, civil->second, kind == SW_LAYOUT_SECOND ? 0 : 2);
        break;
    case SW_LAYOUT_PM:
        sw_buf_puts(out, civil->hour >= 12 ? "PM" : "AM");
        break;
    default:
        sw_buf_puts(out, civil->hour >= 12 ? "pm" : "am");
    }
}

static void write_date(struct sw_buf *out, const struct sw_civil *civil, enum sw_layout kind) {
    switch (kind) {
    case SW_LAYOUT_YEAR:
        write_number(out, (civil->year < 0 ? -civil->year : civil->year) % 100, 2);
        break;
    case SW_LAYOUT_LONG_YEAR:
        write_number(out, civil->year, 4);
        break;
    case SW_LAYOUT_MONTH:
        sw_buf_add(out, sw_month_names[civil->month - 1], 3);
        break;
    case SW_LAYOUT_LONG_MONTH:
        sw_buf_puts(out, sw_month_names[civil->month - 1]);
        break;
    case SW_LAYOUT_NUM_MONTH:
    case SW_LAYOUT_ZERO_MONTH:
        write_number(out, civil->month, kind == SW_LAYOUT_NUM_MONTH ? 0 : 2);
        break;
    case SW_LAYOUT_WEEKDAY:
        sw_buf_add(out, sw_weekday_names[civil->weekday], 3);
        break;
    case SW_LAYOUT_LONG_WEEKDAY:
        sw_buf_puts(out, sw_weekday_names[civil->weekday]);
        break;
    case SW_LAYOUT_DAY:
    case SW_LAYOUT_ZERO_DAY:
        write_number(out, civil->day, kind == SW_LAYOUT_DAY ? 0 : 2);
        break;
    case SW_LAYOUT_UNDER_DAY:
        sw_buf_printf(out, "%2d", civil->day);
        break;
    case SW_LAYOUT_UNDER_YEAR_DAY:
        sw_buf_printf(out, "%3d", civil->year_day);
        break;
    default:
        write_number(out, civil->year_day, 3);
    }
}

static void write_element(struct sw_buf *out, const struct sw_time *time, const struct sw_civil *civil, enum sw_layout kind,
                          struct sw_str element) {
    if (kind >= SW_LAYOUT_FRACTION)
        write_fraction(out, time->nanos, element, kind == SW_LAYOUT_FRACTION_TRIMMED);
    else if (kind >= SW_LAYOUT_ISO && kind <= SW_LAYOUT_ISO_COLON_SECONDS && civil->offset == 0)
        sw_buf_putc(out, 'Z');
    else if (kind >= SW_LAYOUT_ISO)
        write_offset(out, civil->offset, kind);
    else if (kind == SW_LAYOUT_ZONE_NAME && *civil->zone)
        sw_buf_puts(out, civil->zone);
    else if (kind == SW_LAYOUT_ZONE_NAME)
        write_offset(out, civil->offset, SW_LAYOUT_NUM);
    else if ((kind >= SW_LAYOUT_HOUR && kind <= SW_LAYOUT_ZERO_SECOND) || kind == SW_LAYOUT_PM || kind == SW_LAYOUT_LOWER_PM)
        write_clock(out, civil, kind);
    else
        write_date(out, civil, kind);
}

void sw_time_format(struct sw_buf *out, const struct sw_time *time, struct sw_str layout) {
    struct sw_civil civil = sw_time_civil(time);
    size_t start, end;
    for (;;) {
        enum sw_layout kind = sw_layout_next(layout, &start, &end);
        sw_buf_add_str(out, sw_str_slice(layout, 0, start));
        if (kind == SW_LAYOUT_NONE)
            return;
        write_element(out, time, &civil, kind, sw_str_slice(layout, start, end));
        layout = sw_str_slice(layout, end, layout.len);
    }
}
