/* tarread.h - the entries of a tar stream, one after another.
 *
 * Reads ustar, PAX (its own records and SCHILY.xattr), GNU (long names, base-256 numbers, sparse files of all forms) and v7.
 * Works on whatever pieces the bytes come in and copies no content. Names are handed out as they stand: nothing here makes them
 * safe. */
#ifndef PLUGINS_LOCAL_TARREAD_H
#define PLUGINS_LOCAL_TARREAD_H

#include "plugins/local/tarformat.h"

/* Where the bytes come from: the next piece, borrowed until the next call; its length, 0 at the end, -1: `error` says why. */
struct sw_tar_input {
    ssize_t (*next)(void *context, const uint8_t **data, struct sw_error **error);
    void *context;
};

struct sw_tar_reader;

/* `meta_bytes` limits the extended headers of one entry. */
struct sw_tar_reader *sw_tar_reader_new(struct sw_tar_input input, size_t meta_bytes);

/* 1: an entry; 0: the end; -1: `error` says why. What was left of the entry before is skipped. */
int sw_tar_next(struct sw_tar_reader *reader, struct sw_tar_entry *entry, struct sw_error **error);

/* The next piece of the entry's content and where in the file it belongs (they come in order; between them are holes). Its
 * length, 0 at the end, -1: `error` says why. */
ssize_t sw_tar_data(struct sw_tar_reader *reader, const uint8_t **data, uint64_t *offset, struct sw_error **error);

/* Reads what is behind the last entry, so that the input comes to its end. */
bool sw_tar_drain(struct sw_tar_reader *reader, struct sw_error **error);

void sw_tar_reader_free(struct sw_tar_reader *reader);
void sw_tar_reader_free_p(struct sw_tar_reader **reader);
#define sw_cleanup_tar_reader __attribute__((cleanup(sw_tar_reader_free_p)))

/* Whether 512 bytes are an entry's header: how ADD tells an archive from a file. */
bool sw_tar_is_header(const uint8_t block[512]);

#endif
