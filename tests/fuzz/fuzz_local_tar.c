/* An archive in pieces: whatever comes, the reader must end, stay within its limits, and hand out content that fits the sizes it said.
 * Blocks with a magic get the right checksum, since no fuzzer finds that. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "plugins/local/tarread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
    uint8_t *data;
    size_t len;
    size_t at;
    size_t piece;
};

static ssize_t next_piece(void *context, const uint8_t **data, struct sw_error **error) {
    (void)error;
    struct input *input = context;
    size_t n = input->len - input->at < input->piece ? input->len - input->at : input->piece;
    *data = input->data + input->at;
    input->at += n;
    return (ssize_t)n;
}

static void fix_checksums(struct input *input) {
    for (size_t at = 0; at + SW_TAR_BLOCK_BYTES <= input->len; at += SW_TAR_BLOCK_BYTES) {
        struct sw_tar_header header;
        memcpy(&header, input->data + at, sizeof header);
        if (memcmp(header.magic, "ustar", 5) != 0)
            continue;
        sw_tar_octal(header.checksum, sizeof header.checksum, sw_tar_checksum(&header, false));
        memcpy(input->data + at, &header, sizeof header);
    }
}

static void read_content(struct sw_tar_reader *reader, const struct sw_tar_entry *entry) {
    uint64_t end = 0, offset;
    const uint8_t *data;
    ssize_t n;
    while ((n = sw_tar_data(reader, &data, &offset, NULL)) > 0) {
        assert(offset >= end && offset + (uint64_t)n <= entry->bytes);
        end = offset + (uint64_t)n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len < 1)
        return 0;
    struct input input = {.data = sw_memdup(data + 1, len - 1), .len = len - 1, .piece = 1 + data[0] * 3u};
    fix_checksums(&input);
    struct sw_tar_reader *reader = sw_tar_reader_new((struct sw_tar_input){.next = next_piece, .context = &input}, 4096);
    struct sw_error *error = NULL;
    struct sw_tar_entry entry;
    while (sw_tar_next(reader, &entry, &error) > 0) {
        assert(entry.name && entry.link && entry.bytes <= INT64_MAX);
        for (size_t i = 0; i < entry.xattr_count; i++)
            assert(*entry.xattrs[i].name && entry.xattrs[i].len <= 4096);
        if (entry.mode % 2)
            read_content(reader, &entry);
    }
    sw_tar_drain(reader, NULL);
    sw_error_free(error);
    sw_tar_reader_free(reader);
    free(input.data);
    return 0;
}
