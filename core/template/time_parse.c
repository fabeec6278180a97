#include <string.h>
#include <strings.h>

#include "core/template/time.h"

/* A reading under way. Takers return false for text that does not fit; `range` names a value that fits but is too large. */
struct reader {
    struct sw_str text; /* what is left */
    int64_t year;
    int month, day, year_day; /* -1: not given */
    int hour, minute, second;
    int nanos;
    bool pm, am;
    bool utc;   /* the text says UTC */
    int offset; /* -1: not given */
    struct sw_str zone_name;
    const char *range;
};

static bool is_digit(struct sw_str text, size_t at) {
    return at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
}

static void advance(struct reader *reader, size_t len) {
    reader->text = sw_str_slice(reader->text, len, reader->text.len);
}

/* One or two digits; `fixed` wants two. */
static bool take_number(struct reader *reader, bool fixed, int *number) {
    *number = 0;
    if (!is_digit(reader->text, 0) || (fixed && !is_digit(reader->text, 1)))
        return false;
    size_t len = is_digit(reader->text, 1) ? 2 : 1;
    for (size_t i = 0; i < len; i++)
        *number = *number * 10 + (reader->text.data[i] - '0');
    advance(reader, len);
    return true;
}

static bool take_year_day(struct reader *reader, bool fixed) {
    int number = 0;
    size_t len = 0;
    for (; len < 3 && is_digit(reader->text, len); len++)
        number = number * 10 + (reader->text.data[len] - '0');
    reader->year_day = number;
    if (len == 0 || (fixed && len != 3))
        return false;
    advance(reader, len);
    return true;
}

/* An integer with sign that takes all of `text`. */
static bool parse_integer(struct sw_str text, int64_t *number) {
    bool negative = text.len && text.data[0] == '-';
    size_t i = text.len && (text.data[0] == '-' || text.data[0] == '+');
    *number = 0;
    for (; i < text.len; i++) {
        if (!is_digit(text, i))
            return false;
        *number = *number * 10 + (text.data[i] - '0');
    }
    *number = negative ? -*number : *number;
    return true;
}

static bool take_name(struct reader *reader, const char *const *names, size_t count, size_t len, int *index) {
    *index = -1;
    for (size_t i = 0; i < count; i++) {
        size_t size = len ? len : strlen(names[i]);
        if (reader->text.len < size || strncasecmp(reader->text.data, names[i], size) != 0)
            continue;
        *index = (int)i;
        advance(reader, size);
        return true;
    }
    return false;
}

/* The separator and digits of a fraction of a second, `len` bytes. */
static bool take_nanos(struct reader *reader, size_t len) {
    struct sw_str text = reader->text;
    if (text.data[0] != '.' && text.data[0] != ',')
        return false;
    size_t used = len > 10 ? 10 : len;
    int64_t nanos;
    if (!parse_integer(sw_str_slice(text, 1, used), &nanos))
        return false;
    if (nanos < 0)
        reader->range = "fractional second";
    for (size_t i = used; i < 10; i++)
        nanos *= 10;
    reader->nanos = (int)nanos;
    advance(reader, len);
    return true;
}

static bool at_fraction(const struct reader *reader) {
    return reader->text.len >= 2 && (reader->text.data[0] == '.' || reader->text.data[0] == ',') && is_digit(reader->text, 1);
}

static size_t fraction_len(const struct reader *reader) {
    size_t len = 2;
    while (is_digit(reader->text, len))
        len++;
    return len;
}

/* Seconds, with a fraction that the layout need not mention. */
static bool take_second(struct reader *reader, bool fixed, struct sw_str rest_of_layout) {
    size_t start, end;
    if (!take_number(reader, fixed, &reader->second))
        return false;
    if (reader->second >= 60) {
        reader->range = "second";
        return true;
    }
    if (!at_fraction(reader) || sw_layout_next(rest_of_layout, &start, &end) >= SW_LAYOUT_FRACTION)
        return true;
    return take_nanos(reader, fraction_len(reader));
}

static bool take_half(struct reader *reader, const char *am, const char *pm) {
    if (reader->text.len < 2)
        return false;
    struct sw_str word = sw_str_slice(reader->text, 0, 2);
    advance(reader, 2);
    reader->pm |= sw_str_is(word, pm);
    reader->am |= sw_str_is(word, am);
    return sw_str_is(word, pm) || sw_str_is(word, am);
}

static bool two_digits(struct sw_str text, size_t at, int *number) {
    struct reader part = {.text = sw_str_slice(text, at, at + 2)};
    return take_number(&part, true, number);
}

static bool take_offset(struct reader *reader, enum sw_layout kind) {
    static const char *const shapes[] = {
        [SW_LAYOUT_ISO] = "shhmm",
        [SW_LAYOUT_ISO_SECONDS] = "shhmmss",
        [SW_LAYOUT_ISO_SHORT] = "shh",
        [SW_LAYOUT_ISO_COLON] = "shh:mm",
        [SW_LAYOUT_ISO_COLON_SECONDS] = "shh:mm:ss",
        [SW_LAYOUT_NUM] = "shhmm",
        [SW_LAYOUT_NUM_SECONDS] = "shhmmss",
        [SW_LAYOUT_NUM_SHORT] = "shh",
        [SW_LAYOUT_NUM_COLON] = "shh:mm",
        [SW_LAYOUT_NUM_COLON_SECONDS] = "shh:mm:ss",
    };
    const char *shape = shapes[kind];
    size_t len = strlen(shape);
    struct sw_str text = reader->text;
    if (text.len < len)
        return false;
    int parts[3] = {0};
    size_t part = 0;
    bool good = true;
    for (size_t i = 1; i < len; i++)
        if (shape[i] == ':' && text.data[i] != ':')
            return false;
    for (size_t i = 1; i < len && good; i += shape[i] == ':' ? 1 : 2)
        good = shape[i] == ':' || two_digits(text, i, &parts[part++]);
    if (parts[0] > 24)
        reader->range = "time zone offset hour";
    if (parts[1] > 60)
        reader->range = "time zone offset minute";
    if (parts[2] > 60)
        reader->range = "time zone offset second";
    int offset = (parts[0] * 60 + parts[1]) * 60 + parts[2];
    reader->offset = text.data[0] == '-' ? -offset : offset;
    advance(reader, len);
    return good && (text.data[0] == '-' || text.data[0] == '+');
}

/* Bytes of a sign and hours up to 23; 0 for anything else. */
static size_t signed_hours(struct sw_str text) {
    if (text.len == 0 || (text.data[0] != '-' && text.data[0] != '+'))
        return 0;
    size_t len = 1;
    int hours = 0;
    for (; is_digit(text, len); len++)
        hours = hours > 1000 ? hours : hours * 10 + (text.data[len] - '0');
    return len == 1 || hours > 23 ? 0 : len;
}

/* Bytes of what looks like a zone's abbreviation; 0 for anything else. */
static size_t zone_name_len(struct sw_str text) {
    if (text.len < 3)
        return 0;
    if (sw_str_has_prefix(text, sw_str_of("ChST")) || sw_str_has_prefix(text, sw_str_of("MeST")))
        return 4;
    if (sw_str_has_prefix(text, sw_str_of("GMT")))
        return 3 + signed_hours(sw_str_slice(text, 3, text.len));
    if (text.data[0] == '+' || text.data[0] == '-')
        return signed_hours(text);
    size_t upper = 0;
    while (upper < 6 && upper < text.len && text.data[upper] >= 'A' && text.data[upper] <= 'Z')
        upper++;
    if (upper == 5)
        return text.data[4] == 'T' ? 5 : 0;
    if (upper == 4)
        return text.data[3] == 'T' || sw_str_has_prefix(text, sw_str_of("WITA")) ? 4 : 0;
    return upper == 3 ? 3 : 0;
}

static bool take_zone_name(struct reader *reader) {
    if (sw_str_has_prefix(reader->text, sw_str_of("UTC"))) {
        reader->utc = true;
        advance(reader, 3);
        return true;
    }
    size_t len = zone_name_len(reader->text);
    reader->zone_name = sw_str_slice(reader->text, 0, len);
    advance(reader, len);
    return len > 0;
}

static bool take_year(struct reader *reader, size_t digits) {
    if (reader->text.len < digits || (digits == 4 && !is_digit(reader->text, 0)))
        return false;
    struct sw_str text = sw_str_slice(reader->text, 0, digits);
    advance(reader, digits);
    if (!parse_integer(text, &reader->year))
        return false;
    if (digits == 2)
        reader->year += reader->year >= 69 ? 1900 : 2000;
    return true;
}

static bool check(struct reader *reader, bool good, bool in_range, const char *what) {
    if (good && !in_range)
        reader->range = what;
    return good;
}

static void skip_spaces(struct reader *reader, int most) {
    for (int i = 0; i < most && reader->text.len && reader->text.data[0] == ' '; i++)
        advance(reader, 1);
}

static bool take_element(struct reader *reader, enum sw_layout kind, size_t digits, struct sw_str rest_of_layout) {
    int ignored;
    bool good;
    switch (kind) {
    case SW_LAYOUT_YEAR:
        return take_year(reader, 2);
    case SW_LAYOUT_LONG_YEAR:
        return take_year(reader, 4);
    case SW_LAYOUT_MONTH:
    case SW_LAYOUT_LONG_MONTH:
        good = take_name(reader, sw_month_names, 12, kind == SW_LAYOUT_MONTH ? 3 : 0, &reader->month);
        reader->month++;
        return good;
    case SW_LAYOUT_NUM_MONTH:
    case SW_LAYOUT_ZERO_MONTH:
        good = take_number(reader, kind == SW_LAYOUT_ZERO_MONTH, &reader->month);
        return check(reader, good, reader->month >= 1 && reader->month <= 12, "month");
    case SW_LAYOUT_WEEKDAY:
    case SW_LAYOUT_LONG_WEEKDAY:
        return take_name(reader, sw_weekday_names, 7, kind == SW_LAYOUT_WEEKDAY ? 3 : 0, &ignored);
    case SW_LAYOUT_DAY:
    case SW_LAYOUT_UNDER_DAY:
    case SW_LAYOUT_ZERO_DAY:
        skip_spaces(reader, kind == SW_LAYOUT_UNDER_DAY);
        return take_number(reader, kind == SW_LAYOUT_ZERO_DAY, &reader->day);
    case SW_LAYOUT_UNDER_YEAR_DAY:
    case SW_LAYOUT_ZERO_YEAR_DAY:
        skip_spaces(reader, kind == SW_LAYOUT_UNDER_YEAR_DAY ? 2 : 0);
        return take_year_day(reader, kind == SW_LAYOUT_ZERO_YEAR_DAY);
    case SW_LAYOUT_HOUR:
        good = take_number(reader, false, &reader->hour);
        return check(reader, good, reader->hour < 24, "hour");
    case SW_LAYOUT_HOUR12:
    case SW_LAYOUT_ZERO_HOUR12:
        good = take_number(reader, kind == SW_LAYOUT_ZERO_HOUR12, &reader->hour);
        return check(reader, good, reader->hour <= 12, "hour");
    case SW_LAYOUT_MINUTE:
    case SW_LAYOUT_ZERO_MINUTE:
        good = take_number(reader, kind == SW_LAYOUT_ZERO_MINUTE, &reader->minute);
        return check(reader, good, reader->minute < 60, "minute");
    case SW_LAYOUT_SECOND:
    case SW_LAYOUT_ZERO_SECOND:
        return take_second(reader, kind == SW_LAYOUT_ZERO_SECOND, rest_of_layout);
    case SW_LAYOUT_PM:
        return take_half(reader, "AM", "PM");
    case SW_LAYOUT_LOWER_PM:
        return take_half(reader, "am", "pm");
    case SW_LAYOUT_ZONE_NAME:
        return take_zone_name(reader);
    case SW_LAYOUT_FRACTION:
        return reader->text.len >= digits && take_nanos(reader, digits);
    case SW_LAYOUT_FRACTION_TRIMMED:
        return !at_fraction(reader) || take_nanos(reader, fraction_len(reader));
    default:
        break;
    }
    if (kind <= SW_LAYOUT_ISO_COLON_SECONDS && reader->text.len && reader->text.data[0] == 'Z') {
        reader->utc = true;
        advance(reader, 1);
        return true;
    }
    return take_offset(reader, kind);
}

/* Takes what stands between elements; a space matches any number of them, none at the end. */
static bool take_literal(struct reader *reader, struct sw_str *literal) {
    while (literal->len) {
        if (literal->data[0] == ' ') {
            if (reader->text.len && reader->text.data[0] != ' ')
                return false;
            while (literal->len && literal->data[0] == ' ')
                *literal = sw_str_slice(*literal, 1, literal->len);
            while (reader->text.len && reader->text.data[0] == ' ')
                advance(reader, 1);
            continue;
        }
        if (reader->text.len == 0 || reader->text.data[0] != literal->data[0])
            return false;
        *literal = sw_str_slice(*literal, 1, literal->len);
        advance(reader, 1);
    }
    return true;
}

void sw_time_quote(struct sw_buf *out, struct sw_str text) {
    sw_buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0x80 || c < ' ')
            sw_buf_printf(out, "\\x%02x", c);
        else
            sw_buf_printf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    sw_buf_putc(out, '"');
}

static bool fail(struct sw_buf *error, struct sw_str text, struct sw_str layout, struct sw_str part, struct sw_str element) {
    sw_buf_puts(error, "parsing time ");
    sw_time_quote(error, text);
    sw_buf_puts(error, " as ");
    sw_time_quote(error, layout);
    sw_buf_puts(error, ": cannot parse ");
    sw_time_quote(error, part);
    sw_buf_puts(error, " as ");
    sw_time_quote(error, element);
    return false;
}

static bool fail_with(struct sw_buf *error, struct sw_str text, const char *message, const char *after) {
    sw_buf_puts(error, "parsing time ");
    sw_time_quote(error, text);
    sw_buf_printf(error, ": %s%s", message, after);
    return false;
}

static bool read_all(struct reader *reader, struct sw_str layout, struct sw_str text, struct sw_buf *error) {
    struct sw_str left = layout;
    for (;;) {
        size_t start, end;
        enum sw_layout kind = sw_layout_next(left, &start, &end);
        struct sw_str prefix = sw_str_slice(left, 0, start), literal = prefix;
        if (!take_literal(reader, &literal))
            return fail(error, text, layout, reader->text, prefix);
        if (kind == SW_LAYOUT_NONE)
            break;
        struct sw_str element = sw_str_slice(left, start, end), held = reader->text;
        left = sw_str_slice(left, end, left.len);
        bool good = take_element(reader, kind, element.len, left);
        if (reader->range)
            return fail_with(error, text, reader->range, " out of range");
        if (!good)
            return fail(error, text, layout, held, element);
    }
    if (reader->text.len == 0)
        return true;
    sw_buf_puts(error, "parsing time ");
    sw_time_quote(error, text);
    sw_buf_puts(error, ": extra text: ");
    sw_time_quote(error, reader->text);
    return false;
}

/* Turns a day of the year into month and day, which must agree with those that were read. */
static const char *settle_date(struct reader *reader) {
    if (reader->year_day >= 0) {
        int days = 365 + (sw_days_in(2, reader->year) == 29), month = 1, day = reader->year_day;
        if (day < 1 || day > days)
            return "day-of-year out of range";
        for (; day > sw_days_in(month, reader->year); month++)
            day -= sw_days_in(month, reader->year);
        if (reader->month >= 0 && reader->month != month)
            return "day-of-year does not match month";
        if (reader->day >= 0 && reader->day != day)
            return "day-of-year does not match day";
        reader->month = month;
        reader->day = day;
    }
    if (reader->month < 0)
        reader->month = 1;
    if (reader->day < 0)
        reader->day = 1;
    return reader->day < 1 || reader->day > sw_days_in(reader->month, reader->year) ? "day out of range" : NULL;
}

static struct sw_time in_zone(const struct reader *reader, const struct sw_zone *zone) {
    return sw_time_of(reader->year, reader->month, reader->day, reader->hour, reader->minute, reader->second, reader->nanos, zone);
}

/* The moment, when the text gave an offset or a zone's abbreviation: in the local zone where that agrees, else in one made up. */
static struct sw_time settle_zone(struct sw_arena *arena, const struct reader *reader, const struct sw_zone *local) {
    struct sw_time time = in_zone(reader, NULL);
    char *name = sw_str_z(arena, reader->zone_name);
    if (reader->offset != -1) {
        time.seconds -= reader->offset;
        struct sw_zone_span span = sw_zone_at(local, time.seconds);
        bool fits = span.offset == reader->offset && (!*name || strcmp(span.name, name) == 0);
        time.zone = fits ? local : sw_zone_fixed(arena, name, reader->offset);
        return time;
    }
    int offset = 0;
    if (sw_zone_offset_of(local, name, time.seconds, &offset)) {
        time.seconds -= offset;
        time.zone = local;
        return time;
    }
    if (strlen(name) > 3 && strncmp(name, "GMT", 3) == 0) {
        int64_t hours;
        parse_integer(sw_str_of(name + 3), &hours);
        offset = (int)hours * 3600;
    }
    time.zone = sw_zone_fixed(arena, name, offset);
    return time;
}

bool sw_time_parse(struct sw_arena *arena, struct sw_str layout, struct sw_str text, const struct sw_zone *local,
                   struct sw_time *out, struct sw_buf *error) {
    struct reader reader = {.text = text, .month = -1, .day = -1, .year_day = -1, .offset = -1};
    *out = sw_time_zero();
    if (!read_all(&reader, layout, text, error))
        return false;
    if (reader.pm && reader.hour < 12)
        reader.hour += 12;
    else if (reader.am && reader.hour == 12)
        reader.hour = 0;
    const char *wrong = settle_date(&reader);
    if (wrong)
        return fail_with(error, text, wrong, "");
    if (reader.utc)
        *out = in_zone(&reader, NULL);
    else if (reader.offset != -1 || reader.zone_name.len)
        *out = settle_zone(arena, &reader, local);
    else
        *out = in_zone(&reader, local);
    return true;
}
