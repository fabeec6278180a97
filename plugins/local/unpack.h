/* unpack.h - a layer's blob, unpacked into a folder.
 *
 * The blob is a tar (ustar, PAX or GNU), plain or compressed by gzip (any number of members) or zstd: its bytes say which. Both
 * digests are checked in the same pass. Nothing is ever written outside the folder. What a hostile layer can cost is limited.
 * Blocks; runs on a pool thread and starts one more. Nothing is synced: a syncfs before the folder gets its final name is the
 * caller's. After a failure the folder holds anything and must be removed. */
#ifndef PLUGINS_LOCAL_UNPACK_H
#define PLUGINS_LOCAL_UNPACK_H

#include "plugins/local/extract.h"
#include "plugins/local/work.h"

/* 0: the default. */
struct sw_unpack_limits {
    uint64_t entries;    /* 4 Mi */
    uint64_t bytes;      /* of the uncompressed tar: 256 GiB */
    uint32_t ratio;      /* uncompressed to compressed, once past 1 GiB: 4000 */
    uint32_t depth;      /* components of a name: 2000 */
    uint32_t meta_bytes; /* of one entry's extended headers: 1 MiB */
};

struct sw_unpack {
    int blob; /* read from its current offset to its end */
    int folder;
    enum sw_extract_form form; /* not SW_EXTRACT_ARCHIVE */
    bool keep_owner;           /* false: everything belongs to the caller (a user namespace with a single id) */
    const char *digest;        /* of the blob, "sha256:…"; NULL: not checked */
    const char *diff_id;       /* of the tar; NULL: not checked */
    const int *lowers; /* folders of the layers below, the topmost first: where folders that the layer does not describe, and
                            targets of hard links that it does not hold, get their metadata and content from. May be none. */
    size_t lower_count;
    struct sw_unpack_limits limits;
    const struct sw_work *work;
};

struct sw_unpack_sum {
    char digest[72];
    char diff_id[72];
    uint64_t entries;
    uint64_t tar_bytes;
    uint64_t blob_bytes;
    bool hides_lowers; /* the layer's root is opaque: nothing of the layers below is to be seen, which overlayfs cannot say */
};

/* `sum` may be NULL. */
bool sw_unpack_run(const struct sw_unpack *job, struct sw_unpack_sum *sum, struct sw_error **error);

#endif
