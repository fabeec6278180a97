#include "plugins/local/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/local/decoder.h"

enum { PIECE_BYTES = 256 * 1024, PIECES = 6, READ_BYTES = 128 * 1024 };

struct piece {
    uint8_t *data;
    size_t len;
};

struct sw_inflate {
    int fd;
    enum sw_inflate_formats formats;
    struct sw_inflate_limits limits;

    /* The thread's own. */
    struct sw_sha256 *hash;
    uint8_t *in;
    uint64_t in_bytes;
    uint64_t out_bytes;
    char digest[72];

    /* Shared, below `lock`. Pieces [taken, made) are full; numbers wrap in the ring by modulo. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct piece ring[PIECES];
    uint64_t made;
    uint64_t taken;
    bool ended;
    bool stop;
    struct sw_error *error;

    pthread_t thread;
    bool started;
    bool holding; /* the piece `taken` is lent to the caller */
};

/* Reads the next part of the blob and hashes it. Its length, 0 at the end, -1 on error. */
static ssize_t read_part(struct sw_inflate *inflate, struct sw_error **error) {
    size_t len = 0;
    while (len < READ_BYTES) {
        ssize_t n = read(inflate->fd, inflate->in + len, READ_BYTES - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            sw_fail_errno(error, errno, "cannot read the blob");
            return -1;
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    sw_sha256_add(inflate->hash, inflate->in, len);
    inflate->in_bytes += len;
    return (ssize_t)len;
}

/* Waits for an empty piece. NULL: nobody wants more. */
static struct piece *begin_piece(struct sw_inflate *inflate) {
    pthread_mutex_lock(&inflate->lock);
    while (!inflate->stop && inflate->made - inflate->taken == PIECES)
        pthread_cond_wait(&inflate->changed, &inflate->lock);
    struct piece *piece = inflate->stop ? NULL : &inflate->ring[inflate->made % PIECES];
    pthread_mutex_unlock(&inflate->lock);
    if (piece && !piece->data)
        piece->data = sw_new(PIECE_BYTES);
    return piece;
}

/* Hands a piece over, or refuses what has become too big. */
static bool end_piece(struct sw_inflate *inflate, struct piece *piece, size_t len, struct sw_error **error) {
    const struct sw_inflate_limits *limits = &inflate->limits;
    inflate->out_bytes += len;
    if (limits->bytes && inflate->out_bytes > limits->bytes)
        return sw_fail(error, SW_ERROR_CORRUPT, "it is larger than %llu bytes when decompressed",
                       (unsigned long long)limits->bytes);
    if (limits->ratio && inflate->out_bytes > limits->ratio_from && inflate->out_bytes / limits->ratio > inflate->in_bytes)
        return sw_fail(error, SW_ERROR_CORRUPT, "it decompresses to more than %u times its size", limits->ratio);
    if (len == 0)
        return true;
    piece->len = len;
    pthread_mutex_lock(&inflate->lock);
    inflate->made++;
    pthread_cond_broadcast(&inflate->changed);
    pthread_mutex_unlock(&inflate->lock);
    return true;
}

/* Decodes everything, beginning with the part in `in`. */
static bool decode_all(struct sw_inflate *inflate, struct sw_decoder *decoder, size_t in_len, struct sw_error **error) {
    struct sw_decoder_io io = {.in = inflate->in, .in_len = in_len};
    bool at_end = false;
    for (struct piece *piece; (piece = begin_piece(inflate));) {
        io.out = piece->data;
        io.out_len = PIECE_BYTES;
        while (io.out_len > 0) {
            if (io.in_len == 0 && !at_end) {
                ssize_t n = read_part(inflate, error);
                if (n < 0)
                    return false;
                at_end = n == 0;
                io.in = inflate->in;
                io.in_len = (size_t)n;
            }
            size_t room = io.out_len;
            if (!decoder->step(decoder, &io, error))
                return false;
            if (at_end && io.out_len == room)
                break;
        }
        if (!end_piece(inflate, piece, PIECE_BYTES - io.out_len, error))
            return false;
        if (io.out_len > 0)
            return decoder->complete(decoder) || sw_fail(error, SW_ERROR_CORRUPT, "it ends too early");
    }
    return true;
}

static bool run_decoder(struct sw_inflate *inflate, size_t in_len, struct sw_error **error) {
    bool archive = inflate->formats == SW_INFLATE_ARCHIVES;
    struct sw_decoder *decoder = archive ? sw_decoder_for_archive(inflate->in, in_len) : sw_decoder_for(inflate->in, in_len);
    bool ok = decode_all(inflate, decoder, in_len, error);
    decoder->destroy(decoder);
    return ok;
}

static void *run(void *context) {
    struct sw_inflate *inflate = context;
    struct sw_error *error = NULL;
    posix_fadvise(inflate->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    ssize_t n = read_part(inflate, &error);
    if (n >= 0)
        run_decoder(inflate, (size_t)n, &error);
    memcpy(inflate->digest, "sha256:", 7);
    sw_sha256_final_hex(inflate->hash, inflate->digest + 7);
    pthread_mutex_lock(&inflate->lock);
    inflate->ended = true;
    inflate->error = error;
    pthread_cond_broadcast(&inflate->changed);
    pthread_mutex_unlock(&inflate->lock);
    return NULL;
}

struct sw_inflate *sw_inflate_new(int fd, enum sw_inflate_formats formats, struct sw_inflate_limits limits) {
    struct sw_inflate *inflate = sw_new(sizeof *inflate);
    inflate->fd = fd;
    inflate->formats = formats;
    inflate->limits = limits;
    inflate->hash = sw_sha256_new();
    inflate->in = sw_new(READ_BYTES);
    pthread_mutex_init(&inflate->lock, NULL);
    pthread_cond_init(&inflate->changed, NULL);
    int failed = pthread_create(&inflate->thread, NULL, run, inflate);
    inflate->started = failed == 0;
    if (failed) { /* else these are the thread's to set */
        inflate->ended = true;
        sw_fail_errno(&inflate->error, failed, "cannot start a thread");
    }
    return inflate;
}

ssize_t sw_inflate_next(struct sw_inflate *inflate, const uint8_t **data, struct sw_error **error) {
    ssize_t len = 0;
    pthread_mutex_lock(&inflate->lock);
    if (inflate->holding) {
        inflate->holding = false;
        inflate->taken++;
        pthread_cond_broadcast(&inflate->changed);
    }
    while (!inflate->ended && inflate->made == inflate->taken)
        pthread_cond_wait(&inflate->changed, &inflate->lock);
    if (inflate->made > inflate->taken) {
        const struct piece *piece = &inflate->ring[inflate->taken % PIECES];
        inflate->holding = true;
        *data = piece->data;
        len = (ssize_t)piece->len;
    } else if (inflate->error) {
        sw_pass(error, sw_error_copy(inflate->error));
        len = -1;
    }
    pthread_mutex_unlock(&inflate->lock);
    return len;
}

void sw_inflate_sum(const struct sw_inflate *inflate, char digest[72], uint64_t *bytes) {
    memcpy(digest, inflate->digest, 72);
    *bytes = inflate->in_bytes;
}

void sw_inflate_free(struct sw_inflate *inflate) {
    if (!inflate)
        return;
    pthread_mutex_lock(&inflate->lock);
    inflate->stop = true;
    pthread_cond_broadcast(&inflate->changed);
    pthread_mutex_unlock(&inflate->lock);
    if (inflate->started)
        pthread_join(inflate->thread, NULL);
    pthread_cond_destroy(&inflate->changed);
    pthread_mutex_destroy(&inflate->lock);
    for (size_t i = 0; i < PIECES; i++)
        free(inflate->ring[i].data);
    sw_sha256_free(inflate->hash);
    sw_error_free(inflate->error);
    free(inflate->in);
    free(inflate);
}

void sw_inflate_free_p(struct sw_inflate **inflate) {
    sw_inflate_free(*inflate);
    *inflate = NULL;
}
