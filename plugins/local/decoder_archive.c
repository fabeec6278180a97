#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "plugins/local/decoder.h"

/* What xz may take: its strongest preset needs 65 MiB, its largest dictionary 1.5 GiB. */
#define XZ_MEMORY (512ull << 20)

struct bzip2_decoder {
    struct sw_decoder base;
    bz_stream stream;
    bool between; /* a stream has ended, or none has begun */
};

static void bzip2_begin(struct bzip2_decoder *bzip2) {
    if (BZ2_bzDecompressInit(&bzip2->stream, 0, 0) != BZ_OK)
        abort(); /* no memory: see alloc.h */
    bzip2->between = true;
}

static bool bzip2_step(struct sw_decoder *decoder, struct sw_decoder_io *io, struct sw_error **error) {
    struct bzip2_decoder *bzip2 = (struct bzip2_decoder *)decoder;
    bz_stream *stream = &bzip2->stream;
    int status = BZ_OK;
    bool moved = true;
    while (moved && io->out_len > 0 && status == BZ_OK && !(bzip2->between && io->in_len == 0)) {
        stream->next_in = (char *)io->in; /* the library's type has no const, it does not write */
        stream->avail_in = (unsigned)io->in_len;
        stream->next_out = (char *)io->out;
        stream->avail_out = (unsigned)io->out_len;
        bzip2->between = false;
        status = BZ2_bzDecompress(stream);
        moved = stream->avail_in != io->in_len || stream->avail_out != io->out_len;
        io->in = (const uint8_t *)stream->next_in;
        io->in_len = stream->avail_in;
        io->out = (uint8_t *)stream->next_out;
        io->out_len = stream->avail_out;
        if (status == BZ_STREAM_END) {
            BZ2_bzDecompressEnd(stream);
            bzip2_begin(bzip2);
            status = BZ_OK;
        }
    }
    return status == BZ_OK || sw_fail(error, SW_ERROR_CORRUPT, "bzip2 data is damaged");
}

static bool bzip2_complete(const struct sw_decoder *decoder) {
    return ((const struct bzip2_decoder *)decoder)->between;
}

static void bzip2_destroy(struct sw_decoder *decoder) {
    BZ2_bzDecompressEnd(&((struct bzip2_decoder *)decoder)->stream);
    free(decoder);
}

static struct sw_decoder *bzip2_new(void) {
    struct bzip2_decoder *bzip2 = sw_new(sizeof *bzip2);
    bzip2->base = (struct sw_decoder){.step = bzip2_step, .complete = bzip2_complete, .destroy = bzip2_destroy};
    bzip2_begin(bzip2);
    return &bzip2->base;
}

struct xz_decoder {
    struct sw_decoder base;
    lzma_stream stream;
    bool ended;
};

static const char *xz_reason(lzma_ret status) {
    return status == LZMA_MEMLIMIT_ERROR  ? "it needs more memory than 512 MiB"
           : status == LZMA_OPTIONS_ERROR ? "its options are not supported"
                                          : "xz data is damaged";
}

static bool xz_step(struct sw_decoder *decoder, struct sw_decoder_io *io, struct sw_error **error) {
    struct xz_decoder *xz = (struct xz_decoder *)decoder;
    lzma_stream *stream = &xz->stream;
    lzma_action action = io->in_len ? LZMA_RUN : LZMA_FINISH; /* which says that no further stream follows */
    lzma_ret status = xz->ended ? LZMA_STREAM_END : LZMA_OK;
    bool moved = true;
    while (moved && io->out_len > 0 && status == LZMA_OK && (io->in_len > 0 || action == LZMA_FINISH)) {
        stream->next_in = io->in;
        stream->avail_in = io->in_len;
        stream->next_out = io->out;
        stream->avail_out = io->out_len;
        status = lzma_code(stream, action);
        moved = stream->avail_in != io->in_len || stream->avail_out != io->out_len;
        io->in = stream->next_in;
        io->in_len = stream->avail_in;
        io->out = stream->next_out;
        io->out_len = stream->avail_out;
    }
    xz->ended = status == LZMA_STREAM_END;
    return status == LZMA_OK || status == LZMA_STREAM_END || status == LZMA_BUF_ERROR ||
           sw_fail(error, SW_ERROR_CORRUPT, "%s", xz_reason(status));
}

static bool xz_complete(const struct sw_decoder *decoder) {
    return ((const struct xz_decoder *)decoder)->ended;
}

static void xz_destroy(struct sw_decoder *decoder) {
    lzma_end(&((struct xz_decoder *)decoder)->stream);
    free(decoder);
}

static struct sw_decoder *xz_new(void) {
    struct xz_decoder *xz = sw_new(sizeof *xz);
    xz->base = (struct sw_decoder){.step = xz_step, .complete = xz_complete, .destroy = xz_destroy};
    xz->stream = (lzma_stream)LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&xz->stream, XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
        abort(); /* no memory: see alloc.h */
    return &xz->base;
}

struct sw_decoder *sw_decoder_for_archive(const uint8_t *head, size_t len) {
    static const uint8_t xz_magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
    if (len >= 3 && memcmp(head, "BZh", 3) == 0)
        return bzip2_new();
    return len >= sizeof xz_magic && memcmp(head, xz_magic, sizeof xz_magic) == 0 ? xz_new() : sw_decoder_for(head, len);
}
