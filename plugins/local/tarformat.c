#include "plugins/local/tarformat.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

static_assert(sizeof(struct sw_tar_header) == SW_TAR_BLOCK_BYTES, "a header is one block");

int64_t sw_tar_checksum(const struct sw_tar_header *header, bool negative) {
    const uint8_t *bytes = (const uint8_t *)header;
    size_t from = offsetof(struct sw_tar_header, checksum), to = from + sizeof header->checksum;
    int64_t sum = 0;
    for (size_t i = 0; i < SW_TAR_BLOCK_BYTES; i++) {
        if (i >= from && i < to)
            sum += ' ';
        else
            sum += negative ? (int8_t)bytes[i] : bytes[i];
    }
    return sum;
}

/* The first bit says base-256, the second is the sign. */
static bool base256(const uint8_t *field, size_t len, int64_t *value) {
    uint64_t inverted = field[0] & 0x40 ? 0xff : 0x00;
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        uint64_t byte = (i == 0 ? field[0] & 0x7fu : field[i]) ^ inverted;
        if (i == 0)
            byte &= 0x7f;
        if (sum >> 56)
            return false;
        sum = sum << 8 | byte;
    }
    if (sum >> 63)
        return false;
    *value = inverted ? -(int64_t)sum - 1 : (int64_t)sum;
    return true;
}

bool sw_tar_number(const char *field, size_t len, int64_t *value) {
    if ((uint8_t)field[0] & 0x80)
        return base256((const uint8_t *)field, len, value);
    size_t i = 0;
    while (i < len && field[i] == ' ')
        i++;
    uint64_t sum = 0;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
        if (sum >> 60)
            return false;
        sum = sum * 8 + (uint64_t)(field[i] - '0');
    }
    for (; i < len; i++)
        if (field[i] == '\0')
            break;
        else if (field[i] != ' ')
            return false;
    *value = (int64_t)sum;
    return true;
}

bool sw_tar_octal(char *field, size_t len, int64_t value) {
    if (value < 0 || (uint64_t)value >> (3 * (len - 1)))
        return false;
    snprintf(field, len, "%0*llo", (int)len - 1, (unsigned long long)value);
    return true;
}

uint64_t sw_tar_padded(uint64_t bytes) {
    return (bytes + SW_TAR_BLOCK_BYTES - 1) / SW_TAR_BLOCK_BYTES * SW_TAR_BLOCK_BYTES;
}
