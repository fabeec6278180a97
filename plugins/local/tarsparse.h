/* tarsparse.h - where the bytes of a sparse file belong: the maps of GNU tar's old format and of its three PAX forms. */
#ifndef PLUGINS_LOCAL_TARSPARSE_H
#define PLUGINS_LOCAL_TARSPARSE_H

#include "core/base/vec.h"
#include "slipway/types.h"

struct sw_tar_segment {
    uint64_t offset;
    uint64_t len;
};

struct sw_tar_sparse {
    bool is_sparse;
    bool map_in_data; /* PAX 1.0: the content begins with the map */
    uint64_t real_size;
    struct sw_vec segments;  /* of struct sw_tar_segment */
    uint64_t pending_offset; /* PAX 0.0 */
};

void sw_tar_sparse_init(struct sw_tar_sparse *sparse);
void sw_tar_sparse_fini(struct sw_tar_sparse *sparse);

/* Adds up to `count` pairs of 12-byte fields of a header or of a block behind it; an empty pair ends them. */
bool sw_tar_sparse_fields(struct sw_tar_sparse *sparse, const char *fields, size_t count, struct sw_error **error);

/* Takes a PAX record whose key begins with "GNU.sparse."; what it does not know is ignored. */
bool sw_tar_sparse_record(struct sw_tar_sparse *sparse, const char *key, const char *value, struct sw_error **error);

/* Reads on in a map that is part of the content (PAX 1.0): numbers, each with a newline. 1: `text` holds the whole map; 0: more
 * is needed; -1: error. */
int sw_tar_sparse_map(struct sw_tar_sparse *sparse, const char *text, size_t len, struct sw_error **error);

/* Whether the segments are in order, within the file, and `stored` bytes in all. */
bool sw_tar_sparse_check(const struct sw_tar_sparse *sparse, uint64_t stored, struct sw_error **error);

#endif
