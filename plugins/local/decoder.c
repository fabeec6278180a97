#include "plugins/local/decoder.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/alloc.h"
#include "core/base/error.h"

enum { ZSTD_WINDOW_LOG_MAX = 27 }; /* 128 MiB: what every reader of layers accepts */

struct gzip_decoder {
    struct sw_decoder base;
    z_stream stream;
    bool between; /* a member has ended, or none has begun */
    bool used;    /* a member was seen */
};

static bool gzip_step(struct sw_decoder *decoder, struct sw_decoder_io *io, struct sw_error **error) {
    struct gzip_decoder *gzip = (struct gzip_decoder *)decoder;
    z_stream *stream = &gzip->stream;
    stream->next_in = (Bytef *)io->in; /* zlib's type has no const, it does not write */
    stream->avail_in = (uInt)io->in_len;
    stream->next_out = io->out;
    stream->avail_out = (uInt)io->out_len;
    int status = Z_OK;
    while (stream->avail_out > 0 && status == Z_OK) {
        if (gzip->between && stream->avail_in == 0)
            break;
        gzip->between = false;
        status = inflate(stream, Z_NO_FLUSH);
        if (status == Z_STREAM_END) {
            gzip->between = true;
            status = inflateReset(stream);
        }
    }
    io->in = stream->next_in;
    io->in_len = stream->avail_in;
    io->out = stream->next_out;
    io->out_len = stream->avail_out;
    if (status == Z_OK || status == Z_BUF_ERROR)
        return true;
    return sw_fail(error, SW_ERROR_CORRUPT, "gzip data is damaged: %s", stream->msg ? stream->msg : zError(status));
}

static bool gzip_complete(const struct sw_decoder *decoder) {
    return ((const struct gzip_decoder *)decoder)->between;
}

static void gzip_destroy(struct sw_decoder *decoder) {
    inflateEnd(&((struct gzip_decoder *)decoder)->stream);
    free(decoder);
}

static struct sw_decoder *gzip_new(void) {
    struct gzip_decoder *gzip = sw_new(sizeof *gzip);
    gzip->base = (struct sw_decoder){.step = gzip_step, .complete = gzip_complete, .destroy = gzip_destroy};
    if (inflateInit2(&gzip->stream, 15 + 16) != Z_OK)
        abort(); /* no memory: see alloc.h */
    return &gzip->base;
}

struct zstd_decoder {
    struct sw_decoder base;
    ZSTD_DCtx *context;
    bool between;
};

static bool zstd_step(struct sw_decoder *decoder, struct sw_decoder_io *io, struct sw_error **error) {
    struct zstd_decoder *zstd = (struct zstd_decoder *)decoder;
    ZSTD_inBuffer in = {.src = io->in, .size = io->in_len};
    ZSTD_outBuffer out = {.dst = io->out, .size = io->out_len};
    for (;;) {
        size_t in_before = in.pos, out_before = out.pos;
        if (out.pos == out.size || (zstd->between && in.pos == in.size))
            break;
        size_t left = ZSTD_decompressStream(zstd->context, &out, &in);
        if (ZSTD_isError(left))
            return sw_fail(error, SW_ERROR_CORRUPT, "zstd data is damaged: %s", ZSTD_getErrorName(left));
        zstd->between = left == 0;
        if (in.pos == in_before && out.pos == out_before)
            break;
    }
    io->in += in.pos;
    io->in_len -= in.pos;
    io->out += out.pos;
    io->out_len -= out.pos;
    return true;
}

static bool zstd_complete(const struct sw_decoder *decoder) {
    return ((const struct zstd_decoder *)decoder)->between;
}

static void zstd_destroy(struct sw_decoder *decoder) {
    ZSTD_freeDCtx(((struct zstd_decoder *)decoder)->context);
    free(decoder);
}

static struct sw_decoder *zstd_new(void) {
    struct zstd_decoder *zstd = sw_new(sizeof *zstd);
    zstd->base = (struct sw_decoder){.step = zstd_step, .complete = zstd_complete, .destroy = zstd_destroy};
    zstd->context = ZSTD_createDCtx();
    if (!zstd->context)
        abort(); /* no memory: see alloc.h */
    ZSTD_DCtx_setParameter(zstd->context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    return &zstd->base;
}

static bool plain_step(struct sw_decoder *decoder, struct sw_decoder_io *io, struct sw_error **error) {
    (void)decoder, (void)error;
    size_t len = io->in_len < io->out_len ? io->in_len : io->out_len;
    memcpy(io->out, io->in, len);
    io->in += len;
    io->in_len -= len;
    io->out += len;
    io->out_len -= len;
    return true;
}

static bool plain_complete(const struct sw_decoder *decoder) {
    (void)decoder;
    return true;
}

static void plain_destroy(struct sw_decoder *decoder) {
    free(decoder);
}

static struct sw_decoder *plain_new(void) {
    struct sw_decoder *plain = sw_new(sizeof *plain);
    *plain = (struct sw_decoder){.step = plain_step, .complete = plain_complete, .destroy = plain_destroy};
    return plain;
}

static bool begins(const uint8_t *head, size_t len, const char *magic, size_t magic_len) {
    return len >= magic_len && memcmp(head, magic, magic_len) == 0;
}

struct sw_decoder *sw_decoder_for(const uint8_t *head, size_t len) {
    if (begins(head, len, "\x1f\x8b\x08", 3))
        return gzip_new();
    bool skippable = len >= 4 && (head[0] & 0xf0) == 0x50 && begins(head + 1, len - 1, "\x2a\x4d\x18", 3);
    if (skippable || begins(head, len, "\x28\xb5\x2f\xfd", 4))
        return zstd_new();
    return plain_new();
}
