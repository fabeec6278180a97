#include "core/template/base64.h"

#include <string.h>

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base32_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* Groups of `chars` characters of `bits` bits each, padded with '='. */
static void write_groups(struct sw_buf *out, struct sw_str data, const char *alphabet, unsigned bits, unsigned chars) {
    unsigned group = bits * chars / 8;
    for (size_t i = 0; i < data.len; i += group) {
        uint64_t value = 0;
        size_t here = data.len - i < group ? data.len - i : group;
        for (size_t j = 0; j < group; j++)
            value = value << 8 | (j < here ? (unsigned char)data.data[i + j] : 0);
        size_t used = (here * 8 + bits - 1) / bits;
        for (unsigned j = 0; j < chars; j++)
            sw_buf_putc(out, j < used ? alphabet[value >> (bits * (chars - 1 - j)) & ((1u << bits) - 1)] : '=');
    }
}

void sw_base64_write(struct sw_buf *out, struct sw_str data) {
    write_groups(out, data, base64_alphabet, 6, 4);
}

void sw_base32_write(struct sw_buf *out, struct sw_str data) {
    write_groups(out, data, base32_alphabet, 5, 8);
}

static int value_in(const char *alphabet, char c) {
    const char *found = c ? strchr(alphabet, c) : NULL;
    return found ? (int)(found - alphabet) : -1;
}

static bool fail(struct sw_buf *error, const char *base, size_t at) {
    sw_buf_printf(error, "illegal %s data at input byte %zu", base, at);
    return false;
}

static bool fail64(struct sw_buf *error, size_t at) {
    return fail(error, "base64", at);
}

static size_t skip_breaks(struct sw_str text, size_t at) {
    while (at < text.len && (text.data[at] == '\n' || text.data[at] == '\r'))
        at++;
    return at;
}

/* Whether padding that begins behind `at` is whole and the last of the text. */
static bool check_padding64(struct sw_str text, size_t at, int have, struct sw_buf *error) {
    if (have < 2)
        return fail64(error, at - 1);
    if (have == 2) {
        at = skip_breaks(text, at);
        if (at == text.len)
            return fail64(error, text.len);
        if (text.data[at] != '=')
            return fail64(error, at - 1);
        at++;
    }
    at = skip_breaks(text, at);
    return at == text.len || fail64(error, at);
}

bool sw_base64_read(struct sw_buf *out, struct sw_str text, struct sw_buf *error) {
    uint32_t value = 0;
    int have = 0;
    bool padded = false;
    for (size_t i = 0; i < text.len && !padded; i++) {
        char c = text.data[i];
        int digit = value_in(base64_alphabet, c);
        if (c == '\n' || c == '\r')
            continue;
        if (digit < 0) {
            if (c != '=')
                return fail64(error, i);
            if (!check_padding64(text, i + 1, have, error))
                return false;
            padded = true;
            continue;
        }
        value = value << 6 | (uint32_t)digit;
        if (++have < 4)
            continue;
        char bytes[] = {(char)(value >> 16), (char)(value >> 8), (char)value};
        sw_buf_add(out, bytes, 3);
        value = 0;
        have = 0;
    }
    if (have == 0)
        return true;
    if (!padded)
        return fail64(error, text.len - (size_t)have);
    value <<= 6 * (4 - have);
    char bytes[] = {(char)(value >> 16), (char)(value >> 8)};
    sw_buf_add(out, bytes, (size_t)have - 1);
    return true;
}

/* Padding at `at` behind `have` characters of a group. */
static bool check_padding32(struct sw_str text, size_t at, size_t have, struct sw_buf *error) {
    size_t left = text.len - at - 1;
    if (left + have < 7)
        return fail(error, "base32", text.len);
    for (size_t k = 0; k < 7 - have && k < left; k++)
        if (text.data[at + 1 + k] != '=')
            return fail(error, "base32", at + k);
    if (have == 3 || have == 6)
        return fail(error, "base32", at);
    return true;
}

static void add_group32(struct sw_buf *out, uint64_t value, size_t have) {
    value <<= 5 * (8 - have);
    for (size_t i = 0; i < have * 5 / 8; i++)
        sw_buf_putc(out, (char)(value >> (32 - 8 * i)));
}

bool sw_base32_read(struct sw_buf *out, struct sw_str text, struct sw_buf *error) {
    sw_cleanup_buf struct sw_buf solid = {0};
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '\n' && text.data[i] != '\r')
            sw_buf_putc(&solid, text.data[i]);
    struct sw_str all = {solid.data, solid.len};
    uint64_t value = 0;
    size_t have = 0;
    for (size_t i = 0; i < all.len; i++) {
        if (all.data[i] == '=' && have >= 2 && all.len - i - 1 < 8) {
            if (!check_padding32(all, i, have, error))
                return false;
            add_group32(out, value, have);
            return true;
        }
        int digit = value_in(base32_alphabet, all.data[i]);
        if (digit < 0)
            return fail(error, "base32", i);
        value = value << 5 | (uint64_t)digit;
        if (++have < 8)
            continue;
        add_group32(out, value, have);
        value = 0;
        have = 0;
    }
    return have == 0 || fail(error, "base32", all.len - have);
}
