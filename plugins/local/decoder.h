/* decoder.h - one way to decompress, fed piece by piece. */
#ifndef PLUGINS_LOCAL_DECODER_H
#define PLUGINS_LOCAL_DECODER_H

#include "slipway/types.h"

struct sw_decoder_io {
    const uint8_t *in; /* moves on as it is used up */
    size_t in_len;
    uint8_t *out; /* moves on as it is filled */
    size_t out_len;
};

struct sw_decoder {
    /* Decodes as much as input and room allow; false: `error` says why. `in_len` 0: the input has ended, hand out what is pending. */
    bool (*step)(struct sw_decoder *decoder, struct sw_decoder_io *io, struct sw_error **error);
    /* Whether the input may end here. */
    bool (*complete)(const struct sw_decoder *decoder);
    void (*destroy)(struct sw_decoder *decoder);
};

/* For the first bytes of an input: gzip, zstd, or one that copies. */
struct sw_decoder *sw_decoder_for(const uint8_t *head, size_t len);

/* The same for archives of users, which can be compressed by bzip2 and xz too. */
struct sw_decoder *sw_decoder_for_archive(const uint8_t *head, size_t len);

#endif
