/* tar.h - reading tar archives that daemons send: entry by entry, from a file.
 *
 * Knows ustar, GNU's long names and sizes, and PAX. Nothing is unpacked. Not on the loop. */
#ifndef PLUGINS_BUILDKIT_TAR_H
#define PLUGINS_BUILDKIT_TAR_H

#include "core/base/buf.h"
#include "slipway/types.h"

enum { SW_TAR_BLOCK = 512 };

/* A part of a file. */
struct sw_tar {
    int fd;
    uint64_t at; /* of what comes next */
    uint64_t end;
};

struct sw_tar_entry {
    struct sw_buf name; /* without a leading "./" or '/', nor a final '/' */
    struct sw_buf link;
    char type; /* as in the header; '0' for regular files */
    uint64_t bytes;
    uint64_t data;                /* where its content begins in the file */
    uint64_t first;               /* where its first header begins, extensions included */
    struct sw_buf pax;            /* its PAX records, as they stand */
    bool has_gnu_names;           /* names came in GNU's entries, which are a part of it */
    uint8_t header[SW_TAR_BLOCK]; /* the last one */
};

void sw_tar_entry_fini(struct sw_tar_entry *entry);

/* 1: the next entry; 0: the end; -1: `error` says why. `entry` is zeroed before its first use, and used again. */
int sw_tar_next(struct sw_tar *tar, struct sw_tar_entry *entry, struct sw_error **error);

/* Reads exactly `len` bytes at `at`. */
bool sw_tar_read(int fd, void *buffer, size_t len, uint64_t at, struct sw_error **error);

/* Writes `value` as octal digits into a header's field. */
void sw_tar_put_octal(uint8_t *field, size_t len, uint64_t value);
void sw_tar_put_checksum(uint8_t header[SW_TAR_BLOCK]);
uint64_t sw_tar_number(const uint8_t *field, size_t len);

enum { SW_TAR_MTIME = 136, SW_TAR_MTIME_LEN = 12, SW_TAR_SIZE = 124, SW_TAR_SIZE_LEN = 12, SW_TAR_TYPE = 156 };

#endif
