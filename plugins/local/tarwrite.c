#include "plugins/local/tarwrite.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

static void zeros(struct sw_buf *out, size_t len) {
    sw_buf_reserve(out, len);
    memset(out->data + out->len, 0, len);
    out->len += len;
    out->data[out->len] = '\0';
}

void sw_tar_write_padding(struct sw_buf *out, uint64_t bytes) {
    zeros(out, (size_t)(sw_tar_padded(bytes) - bytes));
}

void sw_tar_write_end(struct sw_buf *out) {
    zeros(out, 2 * SW_TAR_BLOCK_BYTES);
}

/* A record's length counts its own digits. */
static void add_record(struct sw_buf *records, const char *key, const void *value, size_t len) {
    size_t rest = strlen(key) + len + 3, total = rest + 1;
    for (size_t next; (next = rest + (size_t)snprintf(NULL, 0, "%zu", total)) != total;)
        total = next;
    sw_buf_printf(records, "%zu %s=", total, key);
    sw_buf_add(records, value, len);
    sw_buf_putc(records, '\n');
}

static void add_text(struct sw_buf *records, const char *key, const char *value) {
    add_record(records, key, value, strlen(value));
}

static void add_number(struct sw_buf *records, const char *key, int64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    add_text(records, key, digits);
}

/* Puts `name` into name and prefix. False when it does not fit. */
static bool split_name(struct sw_tar_header *header, const char *name) {
    size_t len = strlen(name);
    if (len <= sizeof header->name) {
        memcpy(header->name, name, len);
        return true;
    }
    for (size_t i = len - 1; i-- > 1;) {
        if (name[i] != '/' || i > sizeof header->prefix)
            continue;
        if (len - i - 1 > sizeof header->name)
            break;
        memcpy(header->prefix, name, i);
        memcpy(header->name, name + i + 1, len - i - 1);
        return true;
    }
    memcpy(header->name, name, sizeof header->name);
    return false;
}

static char type_of(enum sw_tar_kind kind) {
    static const char types[] = {[SW_TAR_FILE] = '0',  [SW_TAR_HARDLINK] = '1', [SW_TAR_SYMLINK] = '2', [SW_TAR_CHAR] = '3',
                                 [SW_TAR_BLOCK] = '4', [SW_TAR_FOLDER] = '5',   [SW_TAR_FIFO] = '6'};
    return types[kind];
}

static void add_block(struct sw_buf *out, struct sw_tar_header *header) {
    memcpy(header->magic,
           "ustar\0"
           "00",
           sizeof header->magic);
    snprintf(header->checksum, sizeof header->checksum, "%06llo", (unsigned long long)sw_tar_checksum(header, false));
    header->checksum[7] = ' ';
    sw_buf_add(out, header, sizeof *header);
}

static void add_extended(struct sw_buf *out, const struct sw_buf *records) {
    struct sw_tar_header header = {.name = "@PaxHeader", .type = 'x'};
    sw_tar_octal(header.mode, sizeof header.mode, 0644);
    sw_tar_octal(header.uid, sizeof header.uid, 0);
    sw_tar_octal(header.gid, sizeof header.gid, 0);
    sw_tar_octal(header.size, sizeof header.size, (int64_t)records->len);
    sw_tar_octal(header.mtime, sizeof header.mtime, 0);
    add_block(out, &header);
    sw_buf_add(out, records->data, records->len);
    sw_tar_write_padding(out, records->len);
}

/* Sets an octal field, or 0 and a record. */
static void set_number(char *field, size_t len, int64_t value, struct sw_buf *records, const char *key) {
    if (sw_tar_octal(field, len, value))
        return;
    sw_tar_octal(field, len, 0);
    add_number(records, key, value);
}

void sw_tar_write_header(struct sw_buf *out, const struct sw_tar_entry *entry) {
    sw_cleanup_buf struct sw_buf records = {0};
    struct sw_tar_header header = {.type = type_of(entry->kind)};
    for (size_t i = 0; i < entry->xattr_count; i++) {
        sw_cleanup_free char *key = sw_format("SCHILY.xattr.%s", entry->xattrs[i].name);
        add_record(&records, key, entry->xattrs[i].value, entry->xattrs[i].len);
    }
    /* Records in the order of their keys. */
    set_number(header.gid, sizeof header.gid, entry->gid, &records, "gid");
    const char *link = entry->link ? entry->link : "";
    size_t link_len = strlen(link);
    memcpy(header.link, link, link_len < sizeof header.link ? link_len : sizeof header.link);
    if (link_len > sizeof header.link)
        add_text(&records, "linkpath", link);
    set_number(header.mtime, sizeof header.mtime, entry->mtime.tv_sec, &records, "mtime");
    sw_cleanup_free char *name = sw_format("%s%s", entry->name, entry->kind == SW_TAR_FOLDER ? "/" : "");
    if (!split_name(&header, name))
        add_text(&records, "path", name);
    set_number(header.size, sizeof header.size, (int64_t)entry->bytes, &records, "size");
    set_number(header.uid, sizeof header.uid, entry->uid, &records, "uid");
    sw_tar_octal(header.mode, sizeof header.mode, entry->mode & 07777);
    sw_tar_octal(header.major, sizeof header.major, major(entry->device));
    sw_tar_octal(header.minor, sizeof header.minor, minor(entry->device));
    if (records.len > 0)
        add_extended(out, &records);
    add_block(out, &header);
}
