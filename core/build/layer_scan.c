#include "core/build/layer_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

enum { INPUT = 256 * 1024, OUTPUT = 1024 * 1024, BLOCK = 512, LONGEST_NAME = 4096 };

/* ---- the bytes of the tar ---- */

struct reader {
    int fd;
    enum { PLAIN, GZIP, ZSTD } form;
    unsigned char *input;
    size_t len, at; /* of the input at hand */
    bool end;       /* of the file */
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool gzip_ended; /* a member of the file: there may be another */
};

static bool fill(struct reader *reader, struct sw_error **error) {
    if (reader->at < reader->len || reader->end)
        return true;
    ssize_t len;
    do
        len = read(reader->fd, reader->input, INPUT);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return sw_fail_errno(error, errno, "read a layer");
    reader->end = len == 0;
    reader->len = (size_t)len;
    reader->at = 0;
    return true;
}

static bool begin(struct reader *reader, struct sw_error **error) {
    static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (!fill(reader, error))
        return false;
    if (reader->len >= 2 && reader->input[0] == 0x1f && reader->input[1] == 0x8b)
        reader->form = GZIP;
    if (reader->len >= sizeof zstd && memcmp(reader->input, zstd, sizeof zstd) == 0)
        reader->form = ZSTD;
    if (reader->form == GZIP && inflateInit2(&reader->gzip, 15 + 16) != Z_OK)
        return sw_fail(error, SW_ERROR_INTERNAL, "zlib cannot begin");
    if (reader->form == ZSTD)
        reader->zstd = ZSTD_createDStream();
    return true;
}

static void end(struct reader *reader) {
    if (reader->form == GZIP)
        inflateEnd(&reader->gzip);
    ZSTD_freeDStream(reader->zstd);
    free(reader->input);
    sw_close(&reader->fd);
}

static bool inflate_some(struct reader *reader, unsigned char *out, size_t space, size_t *made, struct sw_error **error) {
    z_stream *z = &reader->gzip;
    if (reader->gzip_ended && reader->input[reader->at] != 0x1f) { /* nothing of the file */
        reader->at = reader->len;
        return true;
    }
    if (reader->gzip_ended) {
        inflateReset(z);
        reader->gzip_ended = false;
    }
    z->next_in = reader->input + reader->at;
    z->avail_in = (unsigned)(reader->len - reader->at);
    z->next_out = out;
    z->avail_out = (unsigned)space;
    int result = inflate(z, Z_NO_FLUSH);
    reader->at = reader->len - z->avail_in;
    *made = space - z->avail_out;
    reader->gzip_ended = result == Z_STREAM_END;
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ||
           sw_fail(error, SW_ERROR_CORRUPT, "a layer is no gzip file to its end");
}

static bool expand_some(struct reader *reader, unsigned char *out, size_t space, size_t *made, struct sw_error **error) {
    ZSTD_inBuffer in = {reader->input, reader->len, reader->at};
    ZSTD_outBuffer to = {out, space, 0};
    size_t result = ZSTD_decompressStream(reader->zstd, &to, &in);
    reader->at = in.pos;
    *made = to.pos;
    return !ZSTD_isError(result) || sw_fail(error, SW_ERROR_CORRUPT, "a layer is no zstd file: %s", ZSTD_getErrorName(result));
}

/* Reads until `out` is full or the layer ends. */
static bool read_some(struct reader *reader, unsigned char *out, size_t space, size_t *len, struct sw_error **error) {
    *len = 0;
    while (*len < space) {
        size_t made = 0;
        if (!fill(reader, error))
            return false;
        size_t left = reader->len - reader->at;
        if (left == 0 && reader->form == PLAIN)
            break;
        if (reader->form == PLAIN) {
            made = left < space - *len ? left : space - *len;
            memcpy(out + *len, reader->input + reader->at, made);
            reader->at += made;
        } else if (reader->form == GZIP ? !inflate_some(reader, out + *len, space - *len, &made, error)
                                        : !expand_some(reader, out + *len, space - *len, &made, error)) {
            return false;
        }
        *len += made;
        if (made == 0 && reader->end)
            break;
    }
    return true;
}

/* ---- whose bytes they are ---- */

/* Follows the headers of a tar, so that a place in it has a name. */
struct walk {
    uint64_t left;             /* bytes of the entry at hand, with its padding */
    char header[BLOCK];        /* as far as it came */
    size_t have;               /* of the header */
    char name[LONGEST_NAME];   /* of the entry at hand */
    char coming[LONGEST_NAME]; /* of the next one, from an extended header; "" for none */
    char type;
    char extended[LONGEST_NAME]; /* beginning of the data of such a header */
    size_t extended_len;
};

static uint64_t number(const char *field, size_t len) {
    uint64_t value = 0;
    if (field[0] & 0x80) {
        for (size_t i = 1; i < len; i++)
            value = value << 8 | (unsigned char)field[i];
        return value;
    }
    for (size_t i = 0; i < len && field[i]; i++)
        if (field[i] >= '0' && field[i] <= '7')
            value = value * 8 + (uint64_t)(field[i] - '0');
    return value;
}

/* "LEN path=VALUE\n" among the records of a pax header. */
static void take_pax_path(struct walk *walk) {
    static const char key[] = " path=";
    const char *end = walk->extended + walk->extended_len;
    const char *found = memmem(walk->extended, walk->extended_len, key, sizeof key - 1);
    if (!found)
        return;
    const char *value = found + sizeof key - 1, *stop = memchr(value, '\n', (size_t)(end - value));
    snprintf(walk->coming, sizeof walk->coming, "%.*s", (int)((stop ? stop : end) - value), value);
}

static void entry_ended(struct walk *walk) {
    if (walk->type == 'x')
        take_pax_path(walk);
    if (walk->type == 'L')
        snprintf(walk->coming, sizeof walk->coming, "%.*s", (int)walk->extended_len, walk->extended);
    walk->extended_len = 0;
}

static void take_header(struct walk *walk) {
    const char *header = walk->header;
    walk->have = 0;
    walk->type = header[156];
    bool named = walk->type != 'x' && walk->type != 'g' && walk->type != 'L' && walk->type != 'K';
    if (named && *walk->coming)
        memcpy(walk->name, walk->coming, sizeof walk->name);
    else if (named && memcmp(header + 257, "ustar", 6) == 0 && header[345])
        snprintf(walk->name, sizeof walk->name, "%.155s/%.100s", header + 345, header);
    else if (named)
        snprintf(walk->name, sizeof walk->name, "%.100s", header);
    if (named)
        walk->coming[0] = '\0';
    uint64_t size = number(header + 124, 12);
    walk->left = size > UINT64_MAX - BLOCK ? size : (size + BLOCK - 1) / BLOCK * BLOCK;
}

/* Goes on by one piece of the tar: the rest of an entry, or of a header. Returns its length. */
static size_t step(struct walk *walk, const unsigned char *data, size_t len) {
    if (walk->left > 0) {
        size_t piece = walk->left < len ? (size_t)walk->left : len, space = sizeof walk->extended - walk->extended_len;
        if (walk->type == 'x' || walk->type == 'L') {
            memcpy(walk->extended + walk->extended_len, data, piece < space ? piece : space);
            walk->extended_len += piece < space ? piece : space;
        }
        walk->left -= piece;
        if (walk->left == 0)
            entry_ended(walk);
        return piece;
    }
    size_t piece = BLOCK - walk->have < len ? BLOCK - walk->have : len;
    memcpy(walk->header + walk->have, data, piece);
    walk->have += piece;
    if (walk->have == BLOCK)
        take_header(walk);
    return piece;
}

/* ---- the search ---- */

/* Where in `data` the value of the secret that was found begins. */
static size_t place_of(const struct sw_needles *needles, const char *id, const unsigned char *data, size_t len) {
    for (size_t i = 0; i < needles->items.len; i++) {
        const struct sw_needle *needle = sw_vec_at(&needles->items, i);
        const unsigned char *found = needle->id == id ? memmem(data, len, needle->bytes, needle->len) : NULL;
        if (found)
            return (size_t)(found - data);
    }
    return 0;
}

/* Follows the tar to the entry that has the byte at `place` of what comes next. */
static char *name_at(struct walk *walk, const unsigned char *data, size_t len, size_t place) {
    for (size_t at = 0; at < len;) {
        size_t piece = step(walk, data + at, len - at);
        if (at + piece > place)
            break;
        at += piece;
    }
    return *walk->name ? sw_format("/%s", walk->name + (walk->name[0] == '/')) : NULL;
}

static bool scan(struct reader *reader, const struct sw_needles *needles, unsigned char *window, size_t size,
                 struct sw_layer_hit *hit, struct sw_error **error) {
    sw_cleanup_free struct walk *walk = sw_new(sizeof *walk);
    size_t kept = 0, len; /* the end of the last piece, where a value may have begun */
    do {
        if (!read_some(reader, window + kept, size - kept, &len, error))
            return false;
        hit->id = sw_needles_find(needles, (const char *)window, kept + len);
        if (hit->id) {
            size_t place = place_of(needles, hit->id, window, kept + len);
            hit->path = name_at(walk, window + kept, len, place > kept ? place - kept : 0);
            return true;
        }
        for (size_t at = 0; at < len;)
            at += step(walk, window + kept + at, len - at);
        size_t all = kept + len, keep = needles->longest - 1 < all ? needles->longest - 1 : all;
        memmove(window, window + all - keep, keep);
        kept = keep;
    } while (len > 0);
    return true;
}

bool sw_layer_scan(int fd, const struct sw_needles *needles, struct sw_layer_hit *hit, struct sw_error **error) {
    struct reader reader = {.fd = fd, .input = sw_new(INPUT)};
    *hit = (struct sw_layer_hit){0};
    size_t size = OUTPUT + needles->longest;
    unsigned char *window = sw_new(size);
    bool ok = needles->items.len == 0 || (begin(&reader, error) && scan(&reader, needles, window, size, hit, error));
    explicit_bzero(window, size);
    free(window);
    end(&reader);
    return ok;
}
