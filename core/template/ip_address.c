#include "core/template/ip_address.h"

#include <string.h>

#include "core/template/quote.h"

enum { GROUP_DIGITS = 4, FIELDS = 4, BYTES = 16, NO_GAP = -1 };

static bool fail(struct sw_buf *error, struct sw_str whole, const char *message, struct sw_str at) {
    sw_buf_puts(error, "invalid host: ParseAddr(");
    sw_quote(error, whole, SW_UNICODE);
    sw_buf_printf(error, "): %s", message);
    if (at.len) {
        sw_buf_puts(error, " (at ");
        sw_quote(error, at, SW_UNICODE);
        sw_buf_putc(error, ')');
    }
    return false;
}

static struct sw_str from(struct sw_str text, size_t start) {
    return sw_str_slice(text, start, text.len);
}

/* Four decimal numbers of a byte each, with points between them. */
static bool check_ipv4(struct sw_str whole, struct sw_str text, struct sw_buf *error) {
    static const struct sw_str nowhere = {"", 0};
    int value = 0, digits = 0, points = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '.') {
            if (digits == 0 || i + 1 == text.len)
                return fail(error, whole, "IPv4 field must have at least one digit", from(text, i));
            if (++points == FIELDS)
                return fail(error, whole, "IPv4 address too long", nowhere);
            value = digits = 0;
            continue;
        }
        if (c < '0' || c > '9')
            return fail(error, whole, "unexpected character", from(text, i));
        if (digits == 1 && value == 0)
            return fail(error, whole, "IPv4 field has octet with leading zero", nowhere);
        value = value * 10 + (c - '0');
        digits++;
        if (value > 255)
            return fail(error, whole, "IPv4 field has value >255", nowhere);
    }
    return points == FIELDS - 1 || fail(error, whole, "IPv4 address too short", nowhere);
}

static size_t hex_digits(struct sw_str text) {
    size_t count = 0;
    while (count < text.len && text.data[count] && strchr("0123456789abcdefABCDEF", text.data[count]))
        count++;
    return count;
}

/* What may stand between two groups; takes it, and notes where "::" is. */
static bool take_colon(struct sw_str whole, struct sw_str *rest, int bytes, int *gap, struct sw_buf *error) {
    if (rest->data[0] != ':')
        return fail(error, whole, "unexpected character, want colon", *rest);
    if (rest->len == 1)
        return fail(error, whole, "colon must be followed by more characters", *rest);
    *rest = from(*rest, 1);
    if (rest->data[0] != ':')
        return true;
    if (*gap != NO_GAP)
        return fail(error, whole, "multiple :: in address", *rest);
    *gap = bytes;
    *rest = from(*rest, 1);
    return true;
}

/* Groups of up to four digits, the last two maybe as an IPv4 address. */
static bool check_groups(struct sw_str whole, struct sw_str rest, int gap, struct sw_buf *error) {
    static const struct sw_str nowhere = {"", 0};
    int bytes = 0;
    while (rest.len && bytes < BYTES) {
        size_t digits = hex_digits(rest);
        if (digits > GROUP_DIGITS)
            return fail(error, whole, "each group must have 4 or less digits", rest);
        if (digits == 0)
            return fail(error, whole, "each colon-separated field must have at least one digit", rest);
        if (digits < rest.len && rest.data[digits] == '.') {
            if (gap == NO_GAP && bytes != BYTES - FIELDS)
                return fail(error, whole, "embedded IPv4 address must replace the final 2 fields of the address", rest);
            if (bytes > BYTES - FIELDS)
                return fail(error, whole, "too many hex fields to fit an embedded IPv4 at the end of the address", rest);
            if (!check_ipv4(whole, rest, error))
                return false;
            rest = nowhere;
            bytes += FIELDS;
            break;
        }
        bytes += 2;
        rest = from(rest, digits);
        if (rest.len && !take_colon(whole, &rest, bytes, &gap, error))
            return false;
    }
    if (rest.len)
        return fail(error, whole, "trailing garbage after address", rest);
    if (bytes < BYTES && gap == NO_GAP)
        return fail(error, whole, "address string too short", nowhere);
    return bytes < BYTES || gap == NO_GAP || fail(error, whole, "the :: must expand to at least one field of zeros", nowhere);
}

static bool check_ipv6(struct sw_str whole, struct sw_buf *error) {
    ptrdiff_t percent = sw_str_find(whole, sw_str_of("%"));
    if (percent >= 0 && (size_t)percent + 1 == whole.len)
        return fail(error, whole, "zone must be a non-empty string", (struct sw_str){"", 0});
    struct sw_str rest = percent < 0 ? whole : sw_str_slice(whole, 0, (size_t)percent);
    bool gap = rest.len >= 2 && memcmp(rest.data, "::", 2) == 0;
    if (gap && rest.len == 2)
        return true;
    if (rest.len == 0)
        return fail(error, whole, "each colon-separated field must have at least one digit", rest);
    return check_groups(whole, gap ? from(rest, 2) : rest, gap ? 0 : NO_GAP, error);
}

bool sw_ip_address_check(struct sw_str text, struct sw_buf *error) {
    static const struct sw_str nowhere = {"", 0};
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == ':')
            return check_ipv6(text, error);
        if (text.data[i] == '%')
            return fail(error, text, "missing IPv6 address", nowhere);
        if (text.data[i] == '.') {
            if (check_ipv4(text, text, error))
                sw_buf_puts(error, "invalid IP-literal");
            return false;
        }
    }
    return fail(error, text, "unable to parse IP", nowhere);
}
