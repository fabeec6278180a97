/* Archives of users, compressed by bzip2 and xz, in pieces of every size. */
#include <bzlib.h>
#include <lzma.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/decoder.h"
#include "tests/unit/check.h"

enum { PLAIN_BYTES = 300 * 1024 };

typedef void compressor(struct sw_buf *out, const uint8_t *plain, size_t len);

static void bzip2(struct sw_buf *out, const uint8_t *plain, size_t len) {
    unsigned packed = (unsigned)len + len / 100 + 600;
    sw_cleanup_free char *room = sw_new(packed);
    assert_int_equal(BZ2_bzBuffToBuffCompress(room, &packed, (char *)plain, (unsigned)len, 1, 0, 0), BZ_OK);
    sw_buf_add(out, room, packed);
}

static void xz(struct sw_buf *out, const uint8_t *plain, size_t len) {
    size_t packed = 0, size = lzma_stream_buffer_bound(len);
    sw_cleanup_free uint8_t *room = sw_new(size);
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, plain, len, room, &packed, size), LZMA_OK);
    sw_buf_add(out, room, packed);
}

static void plain_copy(struct sw_buf *out, const uint8_t *plain, size_t len) {
    sw_buf_add(out, plain, len);
}

/* Decodes `in` in pieces of `in_piece` bytes into pieces of `out_piece`. False: damaged. */
static bool decode(const struct sw_buf *in, size_t in_piece, size_t out_piece, struct sw_buf *out, bool *complete,
                   struct sw_error **error) {
    struct sw_decoder *decoder = sw_decoder_for_archive((const uint8_t *)in->data, in->len);
    sw_cleanup_free uint8_t *room = sw_new(out_piece);
    struct sw_decoder_io io = {0};
    size_t at = 0;
    bool ok = true, at_end = false;
    while (ok) {
        if (!io.in_len) {
            io.in = (const uint8_t *)in->data + at;
            io.in_len = in->len - at < in_piece ? in->len - at : in_piece;
            at += io.in_len;
            at_end = !io.in_len;
        }
        io.out = room;
        io.out_len = out_piece;
        ok = decoder->step(decoder, &io, error);
        sw_buf_add(out, room, out_piece - io.out_len);
        if (at_end && io.out_len == out_piece)
            break;
    }
    *complete = decoder->complete(decoder);
    decoder->destroy(decoder);
    return ok;
}

static const uint8_t *plain_bytes(void) {
    static uint8_t bytes[PLAIN_BYTES];
    unsigned random = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        random = random * 1103515245 + 12345;
        bytes[i] = "slipway, "[random >> 16 & 7];
    }
    return bytes;
}

static const struct {
    const char *name;
    compressor *compress;
    bool has_end; /* the format knows where it ends */
} formats[] = {{"bzip2", bzip2, true}, {"xz", xz, true}, {"plain", plain_copy, false}};
enum { FORMATS = sizeof formats / sizeof *formats };

static void streams_one_after_another_are_one_file_whatever_the_pieces(void **state) {
    static const size_t pieces[][2] = {{1 << 20, 1 << 20}, {4096, 100}, {100, 4096}, {1, 1 << 20}, {1 << 20, 1}};
    (void)state;
    for (size_t f = 0; f < FORMATS; f++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            sw_cleanup_buf struct sw_buf packed = {0}, out = {0};
            bool complete;
            formats[f].compress(&packed, plain_bytes(), 1000);
            formats[f].compress(&packed, plain_bytes() + 1000, PLAIN_BYTES - 1000);
            assert_true(decode(&packed, pieces[p][0], pieces[p][1], &out, &complete, NULL));
            assert_true(complete);
            assert_int_equal(out.len, PLAIN_BYTES);
            assert_memory_equal(out.data, plain_bytes(), PLAIN_BYTES);
        }
}

static void a_stream_that_is_cut_off_is_not_complete(void **state) {
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        sw_cleanup_buf struct sw_buf packed = {0};
        formats[f].compress(&packed, plain_bytes(), PLAIN_BYTES);
        for (size_t cut = 7; cut < packed.len && formats[f].has_end; cut += packed.len / 9) {
            sw_cleanup_buf struct sw_buf out = {0};
            struct sw_buf part = {.data = packed.data, .len = packed.len - cut};
            bool complete;
            assert_true(decode(&part, 1000, 1000, &out, &complete, NULL));
            assert_false(complete);
            assert_memory_equal(out.data ? out.data : "", plain_bytes(), out.len);
        }
    }
}

static void a_changed_byte_is_found(void **state) {
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        sw_cleanup_buf struct sw_buf packed = {0}, out = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        bool complete;
        formats[f].compress(&packed, plain_bytes(), PLAIN_BYTES);
        packed.data[packed.len / 2] ^= 0x20;
        assert_int_equal(decode(&packed, 1000, 1000, &out, &complete, &error), !formats[f].has_end);
        if (error)
            assert_non_null(strstr(error->message, formats[f].name));
    }
}

static void garbage_behind_a_stream_is_damage(void **state) {
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        sw_cleanup_buf struct sw_buf packed = {0}, out = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        bool complete;
        formats[f].compress(&packed, plain_bytes(), 1000);
        sw_buf_puts(&packed, "garbage");
        bool taken = decode(&packed, 1000, 1000, &out, &complete, &error) && complete;
        assert_int_equal(taken, !formats[f].has_end);
    }
}

static void a_dictionary_larger_than_half_a_gigabyte_is_refused(void **state) {
    sw_cleanup_buf struct sw_buf packed = {0}, out = {0};
    sw_cleanup_error struct sw_error *error = NULL;
    lzma_options_lzma options;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    uint8_t room[1000];
    size_t len = 0;
    bool complete;
    (void)state;
    lzma_lzma_preset(&options, 0);
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, plain_bytes(), 100, room, &len, sizeof room),
                     LZMA_OK);
    sw_buf_add(&packed, room, len);
    uint8_t *header =
        (uint8_t *)packed.data + 12; /* of the block: its size by four, …, filter 0x21 with one byte: the dictionary */
    size_t bytes = ((size_t)header[0] + 1) * 4;
    uint8_t *filter = memmem(header, bytes, "\x21\x01", 2);
    filter[2] = 39; /* 3 GiB */
    uint32_t sum = lzma_crc32(header, bytes - 4, 0);
    memcpy(header + bytes - 4, &sum, sizeof sum);
    assert_false(decode(&packed, 1000, 1000, &out, &complete, &error));
    assert_string_equal(error->message, "it needs more memory than 512 MiB");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_one_after_another_are_one_file_whatever_the_pieces),
        cmocka_unit_test(a_stream_that_is_cut_off_is_not_complete),
        cmocka_unit_test(a_changed_byte_is_found),
        cmocka_unit_test(garbage_behind_a_stream_is_damage),
        cmocka_unit_test(a_dictionary_larger_than_half_a_gigabyte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
