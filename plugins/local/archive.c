#include "plugins/local/archive.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "plugins/local/extract.h"
#include "plugins/local/inflate.h"
#include "plugins/local/tarread.h"

enum { META_LIMIT = 1 << 20, DEPTH_LIMIT = 2000 };

static ssize_t next_piece(void *context, const uint8_t **data, struct sw_error **error) {
    return sw_inflate_next(context, data, error);
}

/* Reads the first block of what `inflate` gives. Anything that cannot be decompressed is no archive. */
static bool has_header(struct sw_inflate *inflate) {
    uint8_t block[SW_TAR_BLOCK_BYTES];
    size_t have = 0;
    while (have < sizeof block) {
        const uint8_t *data;
        ssize_t n = sw_inflate_next(inflate, &data, NULL);
        if (n <= 0)
            return false;
        size_t part = (size_t)n < sizeof block - have ? (size_t)n : sizeof block - have;
        memcpy(block + have, data, part);
        have += part;
    }
    return sw_tar_is_header(block);
}

int sw_archive_is_one(int fd, struct sw_error **error) {
    sw_cleanup_inflate struct sw_inflate *inflate = sw_inflate_new(fd, SW_INFLATE_ARCHIVES, (struct sw_inflate_limits){0});
    bool is_one = has_header(inflate);
    sw_inflate_free(inflate);
    inflate = NULL;
    if (lseek(fd, 0, SEEK_SET) < 0) {
        sw_fail_errno(error, errno, "cannot read an archive");
        return -1;
    }
    return is_one;
}

bool sw_archive_unpack(struct sw_fsroot *root, const struct sw_archive_job *job, struct sw_error **error) {
    struct sw_extract_options options = {.form = SW_EXTRACT_ARCHIVE,
                                         .keep_owner = true,
                                         .owner = job->owner,
                                         .prefix = job->folder + strspn(job->folder, "/"),
                                         .depth = DEPTH_LIMIT,
                                         .work = job->work};
    sw_cleanup_inflate struct sw_inflate *inflate = sw_inflate_new(job->fd, SW_INFLATE_ARCHIVES, (struct sw_inflate_limits){0});
    sw_cleanup_tar_reader struct sw_tar_reader *reader =
        sw_tar_reader_new((struct sw_tar_input){.next = next_piece, .context = inflate}, META_LIMIT);
    sw_cleanup_extract struct sw_extract *extract = sw_extract_new(root, &options, error);
    struct sw_tar_entry entry;
    int got = extract ? 1 : -1;
    while (got > 0 && (got = sw_tar_next(reader, &entry, error)) > 0)
        if (!sw_extract_entry(extract, reader, &entry, error))
            return false;
    return got == 0 && sw_extract_finish(extract, error);
}
