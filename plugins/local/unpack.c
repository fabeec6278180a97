#include "plugins/local/unpack.h"

#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/local/inflate.h"

static const struct sw_unpack_limits defaults = {
    .entries = 4u << 20, .bytes = (uint64_t)256 << 30, .ratio = 4000, .depth = 2000, .meta_bytes = 1u << 20};

static struct sw_unpack_limits limits_of(const struct sw_unpack *job) {
    struct sw_unpack_limits limits = job->limits;
    limits.entries = limits.entries ? limits.entries : defaults.entries;
    limits.bytes = limits.bytes ? limits.bytes : defaults.bytes;
    limits.ratio = limits.ratio ? limits.ratio : defaults.ratio;
    limits.depth = limits.depth ? limits.depth : defaults.depth;
    limits.meta_bytes = limits.meta_bytes ? limits.meta_bytes : defaults.meta_bytes;
    return limits;
}

/* The plain bytes on their way to the tar reader: hashed. */
struct stream {
    struct sw_inflate *inflate;
    struct sw_sha256 *hash;
    uint64_t bytes;
};

static ssize_t stream_next(void *context, const uint8_t **data, struct sw_error **error) {
    struct stream *stream = context;
    ssize_t n = sw_inflate_next(stream->inflate, data, error);
    if (n <= 0)
        return n;
    sw_sha256_add(stream->hash, *data, (size_t)n);
    stream->bytes += (uint64_t)n;
    return n;
}

static bool extract_all(const struct sw_unpack *job, struct sw_unpack_limits limits, struct sw_tar_reader *reader,
                        struct sw_unpack_sum *sum, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(job->folder, SW_FSROOT_IN_ROOT, error);
    if (!root)
        return false;
    struct sw_extract_options options = {.form = job->form,
                                         .keep_owner = job->keep_owner,
                                         .depth = limits.depth,
                                         .lowers = job->lowers,
                                         .lower_count = job->lower_count,
                                         .work = job->work};
    sw_cleanup_extract struct sw_extract *extract = sw_extract_new(root, &options, error);
    if (!extract)
        return false;
    struct sw_tar_entry entry;
    int got;
    while ((got = sw_tar_next(reader, &entry, error)) > 0) {
        if (++sum->entries > limits.entries)
            return sw_fail(error, SW_ERROR_CORRUPT, "it has more than %llu entries", (unsigned long long)limits.entries);
        if (!sw_extract_entry(extract, reader, &entry, error))
            return false;
    }
    sum->hides_lowers = sw_extract_hides_lowers(extract);
    return got == 0 && sw_tar_drain(reader, error) && sw_extract_finish(extract, error);
}

static bool check(const char *what, const char *wanted, const char *found, struct sw_error **error) {
    if (!wanted || strcmp(wanted, found) == 0)
        return true;
    sw_fail(error, SW_ERROR_CORRUPT, "%s is %s, expected %s", what, found, wanted);
    if (error)
        *error = sw_error_hint(*error, "the blob is damaged or not what its manifest says; remove it and download it again");
    return false;
}

bool sw_unpack_run(const struct sw_unpack *job, struct sw_unpack_sum *result, struct sw_error **error) {
    struct sw_unpack_limits limits = limits_of(job);
    struct sw_unpack_sum sum = {0};
    struct sw_inflate_limits inflate_limits = {.bytes = limits.bytes, .ratio = limits.ratio, .ratio_from = 1u << 30};
    struct stream stream = {.inflate = sw_inflate_new(job->blob, SW_INFLATE_LAYERS, inflate_limits), .hash = sw_sha256_new()};
    struct sw_tar_input input = {.next = stream_next, .context = &stream};
    struct sw_tar_reader *reader = sw_tar_reader_new(input, limits.meta_bytes);
    bool ok = extract_all(job, limits, reader, &sum, error);
    if (ok) {
        sw_inflate_sum(stream.inflate, sum.digest, &sum.blob_bytes);
        memcpy(sum.diff_id, "sha256:", 7);
        sw_sha256_final_hex(stream.hash, sum.diff_id + 7);
        sum.tar_bytes = stream.bytes;
        ok = check("the blob's digest", job->digest, sum.digest, error) &&
             check("the digest of the uncompressed layer", job->diff_id, sum.diff_id, error);
    } else if (error && *error) {
        *error = sw_error_wrap(*error, "cannot unpack layer%s%s", job->digest ? " " : "", job->digest ? job->digest : "");
    }
    sw_tar_reader_free(reader);
    sw_inflate_free(stream.inflate);
    sw_sha256_free(stream.hash);
    if (ok && result)
        *result = sum;
    return ok;
}
