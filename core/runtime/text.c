#include "core/runtime/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Decodes one code point; returns its length, or 0 when the bytes are no UTF-8. */
static size_t decode(const unsigned char *text, size_t len, uint32_t *point) {
    unsigned char first = text[0];
    if (first < 0x80) {
        *point = first;
        return 1;
    }
    size_t size = first >= 0xf0 && first <= 0xf4 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > len)
        return 0;
    uint32_t value = first & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (text[i] & 0x3f);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *point = value;
    return size;
}

static void json_point(struct sw_buf *out, const char *text, size_t size, uint32_t point) {
    if (point == '"' || point == '\\')
        sw_buf_printf(out, "\\%c", (int)point);
    else if (point == '\n')
        sw_buf_puts(out, "\\n");
    else if (point == '\t')
        sw_buf_puts(out, "\\t");
    else if (point < 0x20 || point == 0x7f)
        sw_buf_printf(out, "\\u%04x", point);
    else
        sw_buf_add(out, text, size);
}

void sw_text_json(struct sw_buf *out, const char *text, size_t len) {
    sw_buf_putc(out, '"');
    for (size_t at = 0; at < len;) {
        uint32_t point;
        size_t size = decode((const unsigned char *)text + at, len - at, &point);
        if (size)
            json_point(out, text + at, size, point);
        else
            sw_buf_puts(out, "\xef\xbf\xbd");
        at += size ? size : 1;
    }
    sw_buf_putc(out, '"');
}

/* Length of the escape sequence at `text`, which starts with ESC. */
static size_t escape_len(const char *text, size_t len) {
    if (len < 2)
        return len;
    size_t at = 2;
    if (text[1] == '[') { /* CSI: parameters, then one final byte */
        while (at < len && (unsigned char)text[at] >= 0x20 && (unsigned char)text[at] < 0x40)
            at++;
        return at < len ? at + 1 : len;
    }
    if (text[1] == ']' || text[1] == 'P' || text[1] == '_' || text[1] == '^') { /* a string, ended by BEL or ESC \ */
        while (at < len && text[at] != '\a' && text[at] != '\x1b')
            at++;
        return at < len && text[at] == '\x1b' && at + 1 < len ? at + 2 : at < len ? at + 1 : len;
    }
    return at;
}

static size_t columns_of(uint32_t point) {
    bool combining =
        (point >= 0x300 && point <= 0x36f) || (point >= 0x200b && point <= 0x200f) || (point >= 0xfe00 && point <= 0xfe0f);
    bool wide = (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
                (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
                (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
                (point >= 0x1f300 && point <= 0x1faff) || (point >= 0x20000 && point <= 0x3fffd);
    return combining ? 0 : wide ? 2 : 1;
}

/* A control character: C0, DEL, C1, or one that turns the direction of text around. */
static bool is_control(uint32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x202a && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069);
}

struct plain {
    struct sw_buf *out;
    size_t width;
    size_t columns;
    size_t fits_len; /* length of `out` up to where the mark of a cut would still fit */
    size_t fits_columns;
    bool full;
};

static void plain_add(struct plain *plain, const char *text, size_t size, size_t columns) {
    if (plain->columns + columns > plain->width) {
        plain->full = true;
        return;
    }
    sw_buf_add(plain->out, text, size);
    plain->columns += columns;
    if (plain->columns < plain->width) {
        plain->fits_len = plain->out->len;
        plain->fits_columns = plain->columns;
    }
}

static size_t plain_step(struct plain *plain, const char *text, size_t len, enum sw_text_set set) {
    if (*text == '\x1b')
        return escape_len(text, len);
    if (*text == '\t') {
        do
            plain_add(plain, " ", 1, 1);
        while (!plain->full && plain->columns % 8);
        return 1;
    }
    uint32_t point = 0;
    size_t size = decode((const unsigned char *)text, len, &point);
    if (!size || (set == SW_TEXT_ASCII && point >= 0x80)) {
        plain_add(plain, "?", 1, 1);
        return size ? size : 1;
    }
    if (!is_control(point))
        plain_add(plain, text, size, columns_of(point));
    return size;
}

size_t sw_text_plain(struct sw_buf *out, const char *text, size_t len, size_t width, enum sw_text_set set) {
    struct plain plain = {.out = out, .width = width, .fits_len = out->len};
    for (size_t at = 0; at < len && !plain.full;)
        at += plain_step(&plain, text + at, len - at, set);
    if (plain.full && width) {
        sw_buf_truncate(out, plain.fits_len);
        sw_buf_puts(out, set == SW_TEXT_UTF8 ? "…" : "~");
        plain.columns = plain.fits_columns + 1;
    }
    return plain.columns;
}

void sw_text_duration(struct sw_buf *out, uint64_t ms) {
    uint64_t seconds = ms / 1000;
    if (seconds < 60)
        sw_buf_printf(out, "%u.%us", (unsigned)seconds, (unsigned)(ms % 1000 / 100));
    else if (seconds < 3600)
        sw_buf_printf(out, "%um%02us", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
    else
        sw_buf_printf(out, "%uh%02um", (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60));
}

void sw_text_bytes(struct sw_buf *out, uint64_t bytes) {
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000) {
        sw_buf_printf(out, "%u B", (unsigned)bytes);
        return;
    }
    double value = (double)bytes / 1000;
    size_t unit = 0;
    for (; value >= 999.95 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1000;
    sw_buf_printf(out, "%.1f %s", value, units[unit]);
}

void sw_text_now(struct sw_buf *out) {
    struct timespec now;
    struct tm parts;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    sw_buf_printf(out, "%s.%03uZ", text, (unsigned)(now.tv_nsec / 1000000));
}
