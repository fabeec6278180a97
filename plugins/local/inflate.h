/* inflate.h - a blob as a stream of plain bytes: read, hashed and decompressed ahead by a thread of its own.
 *
 * gzip (any number of members), zstd (any number of frames) and plain bytes, told apart by how they begin; bzip2 and xz when asked
 * for. Memory is a fixed ring of buffers. */
#ifndef PLUGINS_LOCAL_INFLATE_H
#define PLUGINS_LOCAL_INFLATE_H

#include <sys/types.h>

#include "slipway/types.h"

struct sw_inflate_limits {
    uint64_t bytes; /* plain ones; 0: no limit */
    uint32_t ratio; /* plain to compressed, once past `ratio_from`; 0: no limit */
    uint64_t ratio_from;
};

enum sw_inflate_formats { SW_INFLATE_LAYERS, SW_INFLATE_ARCHIVES /* bzip2 and xz too */ };

struct sw_inflate;

/* Begins at `fd`'s current offset; the descriptor must stay open until sw_inflate_free. */
struct sw_inflate *sw_inflate_new(int fd, enum sw_inflate_formats formats, struct sw_inflate_limits limits);

/* The next piece, borrowed until the next call. Its length, 0 at the end, -1: `error` says why. */
ssize_t sw_inflate_next(struct sw_inflate *inflate, const uint8_t **data, struct sw_error **error);

/* After the end: the digest of the blob as read, "sha256:…", and its length. */
void sw_inflate_sum(const struct sw_inflate *inflate, char digest[72], uint64_t *bytes);

/* Stops the thread wherever it is. Takes NULL. */
void sw_inflate_free(struct sw_inflate *inflate);
void sw_inflate_free_p(struct sw_inflate **inflate);
#define sw_cleanup_inflate __attribute__((cleanup(sw_inflate_free_p)))

#endif
