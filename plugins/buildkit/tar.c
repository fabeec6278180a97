#include "plugins/buildkit/tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"

enum { EXTENSION_LIMIT = 1024 * 1024 };

void sw_tar_entry_fini(struct sw_tar_entry *entry) {
    sw_buf_fini(&entry->name);
    sw_buf_fini(&entry->link);
    sw_buf_fini(&entry->pax);
}

static bool corrupt(struct sw_error **error) {
    return sw_fail(error, SW_ERROR_CORRUPT, "the daemon sent a malformed archive");
}

bool sw_tar_read(int fd, void *buffer, size_t len, uint64_t at, struct sw_error **error) {
    char *to = buffer;
    while (len) {
        ssize_t got = pread(fd, to, len, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sw_fail_errno(error, errno, "cannot read an archive");
        if (got == 0)
            return corrupt(error);
        to += got;
        at += (uint64_t)got;
        len -= (size_t)got;
    }
    return true;
}

uint64_t sw_tar_number(const uint8_t *field, size_t len) {
    uint64_t value = 0;
    if (field[0] & 0x80) { /* GNU's base 256 */
        for (size_t i = len > 8 ? len - 8 : 1; i < len; i++)
            value = value << 8 | field[i];
        return value;
    }
    for (size_t i = 0; i < len && field[i]; i++)
        if (field[i] >= '0' && field[i] <= '7')
            value = value << 3 | (uint64_t)(field[i] - '0');
    return value;
}

void sw_tar_put_octal(uint8_t *field, size_t len, uint64_t value) {
    field[len - 1] = '\0';
    for (size_t i = len - 1; i-- > 0; value >>= 3)
        field[i] = (uint8_t)('0' + (value & 7));
}

static uint64_t checksum(const uint8_t header[SW_TAR_BLOCK]) {
    uint64_t sum = 0;
    for (size_t i = 0; i < SW_TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : header[i];
    return sum;
}

void sw_tar_put_checksum(uint8_t header[SW_TAR_BLOCK]) {
    sw_tar_put_octal(header + 148, 7, checksum(header));
    header[155] = ' ';
}

static uint64_t padded(uint64_t bytes) {
    return (bytes + SW_TAR_BLOCK - 1) / SW_TAR_BLOCK * SW_TAR_BLOCK;
}

/* ---- names ---- */

static void set_text(struct sw_buf *buf, const char *text, size_t len) {
    sw_buf_truncate(buf, 0);
    sw_buf_add(buf, text, strnlen(text, len));
}

static void name_of_header(struct sw_tar_entry *entry) {
    const char *header = (const char *)entry->header;
    sw_buf_truncate(&entry->name, 0);
    bool has_prefix = !memcmp(header + 257, "ustar", 6) && header[345];
    if (has_prefix) {
        sw_buf_add(&entry->name, header + 345, strnlen(header + 345, 155));
        sw_buf_putc(&entry->name, '/');
    }
    sw_buf_add(&entry->name, header, strnlen(header, 100));
}

/* Leaves "a/b" of "./a/b/". */
static void tidy_name(struct sw_buf *name) {
    const char *text = sw_buf_text(name);
    size_t skip = 0;
    while (text[skip] == '/' || (text[skip] == '.' && (text[skip + 1] == '/' || !text[skip + 1])))
        skip++;
    if (skip) {
        memmove(name->data, name->data + skip, name->len - skip);
        sw_buf_truncate(name, name->len - skip);
    }
    while (name->len && name->data[name->len - 1] == '/')
        sw_buf_truncate(name, name->len - 1);
}

/* Takes path, linkpath and size out of PAX records ("LEN KEY=VALUE\n"). */
static bool apply_pax(struct sw_tar_entry *entry, struct sw_error **error) {
    const char *at = sw_buf_text(&entry->pax), *end = at + entry->pax.len;
    while (at < end) {
        char *space = NULL;
        unsigned long len = strtoul(at, &space, 10);
        if (!space || *space != ' ' || len > (size_t)(end - at) || len < (size_t)(space - at) + 3 || at[len - 1] != '\n')
            return corrupt(error);
        const char *key = space + 1, *value = memchr(key, '=', len - (size_t)(key - at));
        if (!value)
            return corrupt(error);
        size_t key_len = (size_t)(value - key), value_len = len - (size_t)(++value - at) - 1;
        if (key_len == 4 && !memcmp(key, "path", 4))
            set_text(&entry->name, value, value_len);
        else if (key_len == 8 && !memcmp(key, "linkpath", 8))
            set_text(&entry->link, value, value_len);
        else if (key_len == 4 && !memcmp(key, "size", 4))
            entry->bytes = strtoull(value, NULL, 10);
        at += len;
    }
    return true;
}

/* ---- entries ---- */

static bool read_extension(struct sw_tar *tar, uint64_t bytes, struct sw_buf *out, struct sw_error **error) {
    if (bytes > EXTENSION_LIMIT || padded(bytes) > tar->end - tar->at)
        return corrupt(error);
    sw_buf_truncate(out, 0);
    sw_buf_reserve(out, (size_t)bytes);
    if (!sw_tar_read(tar->fd, out->data, (size_t)bytes, tar->at, error))
        return false;
    out->len = (size_t)bytes;
    out->data[out->len] = '\0';
    tar->at += padded(bytes);
    return true;
}

static bool is_zero(const uint8_t block[SW_TAR_BLOCK]) {
    for (size_t i = 0; i < SW_TAR_BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

/* Fills in what extensions did not say. */
static bool complete(struct sw_tar *tar, struct sw_tar_entry *entry, const struct sw_buf *long_name, const struct sw_buf *long_link,
                     struct sw_error **error) {
    name_of_header(entry);
    set_text(&entry->link, (const char *)entry->header + 157, 100);
    if (long_name->len)
        set_text(&entry->name, long_name->data, long_name->len);
    if (long_link->len)
        set_text(&entry->link, long_link->data, long_link->len);
    entry->has_gnu_names = long_name->len || long_link->len;
    entry->bytes = sw_tar_number(entry->header + SW_TAR_SIZE, SW_TAR_SIZE_LEN);
    entry->type = entry->header[SW_TAR_TYPE] ? (char)entry->header[SW_TAR_TYPE] : '0';
    if (!apply_pax(entry, error))
        return false;
    bool has_data = entry->type == '0' || entry->type == '7' || entry->type == 'S';
    if (!has_data)
        entry->bytes = 0;
    tidy_name(&entry->name);
    entry->data = tar->at;
    if (entry->bytes > tar->end - tar->at)
        return corrupt(error);
    tar->at += padded(entry->bytes);
    return true;
}

int sw_tar_next(struct sw_tar *tar, struct sw_tar_entry *entry, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf long_name = {0}, long_link = {0}, ignored = {0};
    sw_buf_truncate(&entry->pax, 0);
    entry->first = tar->at;
    while (tar->at < tar->end) {
        if (tar->end - tar->at < SW_TAR_BLOCK)
            return corrupt(error) - 1;
        if (!sw_tar_read(tar->fd, entry->header, SW_TAR_BLOCK, tar->at, error))
            return -1;
        if (is_zero(entry->header))
            return 0;
        if (sw_tar_number(entry->header + 148, 8) != checksum(entry->header))
            return corrupt(error) - 1;
        tar->at += SW_TAR_BLOCK;
        uint64_t bytes = sw_tar_number(entry->header + SW_TAR_SIZE, SW_TAR_SIZE_LEN);
        char type = (char)entry->header[SW_TAR_TYPE];
        struct sw_buf *extension = type == 'x'   ? &entry->pax
                                   : type == 'L' ? &long_name
                                   : type == 'K' ? &long_link
                                   : type == 'g' ? &ignored
                                                 : NULL;
        if (!extension)
            return complete(tar, entry, &long_name, &long_link, error) ? 1 : -1;
        if (!read_extension(tar, bytes, extension, error))
            return -1;
    }
    return 0;
}
