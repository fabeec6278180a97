#include "core/template/unicode.h"

#include "core/template/unicode_tables.h"

enum { UPPER, LOWER, TITLE };

/* How many bytes a sequence with lead byte `lead` has; 0 for what cannot lead. `low` and `high` bound the second byte. */
static size_t sequence(unsigned char lead, unsigned char *low, unsigned char *high) {
    *low = 0x80;
    *high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (lead == 0xE0)
            *low = 0xA0;
        if (lead == 0xED)
            *high = 0x9F;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (lead == 0xF0)
            *low = 0x90;
        if (lead == 0xF4)
            *high = 0x8F;
        return 4;
    }
    return 0;
}

uint32_t sw_rune_decode(const char *text, size_t len, size_t *width) {
    *width = len > 0;
    if (len == 0)
        return SW_RUNE_ERROR;
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80)
        return bytes[0];
    unsigned char low, high;
    size_t need = sequence(bytes[0], &low, &high);
    if (need == 0 || need > len || bytes[1] < low || bytes[1] > high)
        return SW_RUNE_ERROR;
    uint32_t rune = bytes[0] & (0xFFu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return SW_RUNE_ERROR;
        rune = rune << 6 | (bytes[i] & 0x3Fu);
    }
    *width = need;
    return rune;
}

uint32_t sw_rune_decode_last(const char *text, size_t len, size_t *width) {
    for (size_t back = 1; back <= 4 && back <= len; back++) {
        if (((unsigned char)text[len - back] & 0xC0) == 0x80)
            continue;
        uint32_t rune = sw_rune_decode(text + len - back, back, width);
        if (*width == back)
            return rune;
        break;
    }
    *width = len > 0;
    return SW_RUNE_ERROR;
}

size_t sw_rune_encode(uint32_t rune, char out[4]) {
    if (rune > SW_RUNE_MAX || (rune >= 0xD800 && rune <= 0xDFFF))
        rune = SW_RUNE_ERROR;
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    size_t len = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, rune >>= 6)
        out[i] = (char)(0x80 | (rune & 0x3F));
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[len] | rune);
    return len;
}

void sw_buf_add_rune(struct sw_buf *buf, uint32_t rune) {
    char bytes[4];
    sw_buf_add(buf, bytes, sw_rune_encode(rune, bytes));
}

size_t sw_rune_count(const char *text, size_t len) {
    size_t count = 0, width;
    for (size_t i = 0; i < len; i += width, count++)
        sw_rune_decode(text + i, len - i, &width);
    return count;
}

bool sw_utf8_valid(const char *text, size_t len) {
    size_t width;
    for (size_t i = 0; i < len; i += width)
        if (sw_rune_decode(text + i, len - i, &width) == SW_RUNE_ERROR && width == 1)
            return false;
    return true;
}

enum sw_category sw_rune_category(uint32_t rune) {
    if (rune > SW_RUNE_MAX)
        return SW_CN;
    size_t low = 0, high = sw_unicode_run_count; /* the last run that begins at or before `rune` */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (sw_unicode_runs[middle] >> 5 <= rune)
            low = middle;
        else
            high = middle;
    }
    return (enum sw_category)(sw_unicode_runs[low] & 31);
}

bool sw_rune_is_letter(uint32_t rune) {
    if (rune < 0x80)
        return (rune | 0x20) >= 'a' && (rune | 0x20) <= 'z';
    return sw_rune_category(rune) <= SW_LO;
}

bool sw_rune_is_digit(uint32_t rune) {
    if (rune < 0x80)
        return rune >= '0' && rune <= '9';
    return sw_rune_category(rune) == SW_ND;
}

bool sw_rune_is_number(uint32_t rune) {
    enum sw_category category = sw_rune_category(rune);
    return category >= SW_ND && category <= SW_NO;
}

bool sw_rune_is_punct(uint32_t rune) {
    enum sw_category category = sw_rune_category(rune);
    return category >= SW_PC && category <= SW_PO;
}

bool sw_rune_is_upper(uint32_t rune) {
    return sw_rune_category(rune) == SW_LU;
}

bool sw_rune_is_lower(uint32_t rune) {
    return sw_rune_category(rune) == SW_LL;
}

bool sw_rune_is_title(uint32_t rune) {
    return sw_rune_category(rune) == SW_LT;
}

bool sw_rune_is_space(uint32_t rune) {
    if ((rune >= 9 && rune <= 13) || rune == ' ' || rune == 0x85 || rune == 0xA0)
        return true;
    if (rune < 0x1680)
        return false;
    enum sw_category category = sw_rune_category(rune);
    return category == SW_ZS || category == SW_ZL || category == SW_ZP;
}

bool sw_rune_is_print(uint32_t rune) {
    if (rune < 0x7F)
        return rune >= ' ';
    return sw_rune_category(rune) <= SW_SO;
}

static uint32_t mapped(uint32_t rune, int to) {
    size_t low = 0, high = sw_case_range_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sw_case_range *range = &sw_case_ranges[middle];
        if (rune > range->last) {
            low = middle + 1;
        } else if (rune < range->first) {
            high = middle;
        } else {
            if (range->delta[to] > SW_RUNE_MAX)
                return range->first + (((rune - range->first) & ~1u) | (to == LOWER));
            return (uint32_t)((int32_t)rune + range->delta[to]);
        }
    }
    return rune;
}

uint32_t sw_rune_upper(uint32_t rune) {
    if (rune < 0x80)
        return rune >= 'a' && rune <= 'z' ? rune - 32 : rune;
    return mapped(rune, UPPER);
}

uint32_t sw_rune_lower(uint32_t rune) {
    if (rune < 0x80)
        return rune >= 'A' && rune <= 'Z' ? rune + 32 : rune;
    return mapped(rune, LOWER);
}

uint32_t sw_rune_title(uint32_t rune) {
    if (rune < 0x80)
        return sw_rune_upper(rune);
    return mapped(rune, TITLE);
}
