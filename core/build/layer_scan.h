/* layer_scan.h - looks through the bytes of one layer for values of secrets. */
#ifndef CORE_BUILD_LAYER_SCAN_H
#define CORE_BUILD_LAYER_SCAN_H

#include "core/base/error.h"
#include "core/build/needles.h"

struct sw_layer_hit {
    const char *id; /* of the secret, borrowed from the needles; NULL: none was found */
    char *path;     /* of the file that has it, or is called so; to be freed. NULL: it is not known */
};

/* Reads a layer (a tar, plain, gzip or zstd, as its bytes say) to its end or to the first value that is found. What is no tar is looked
 * through as it is. Blocks. Takes over `fd`. [pool] */
bool sw_layer_scan(int fd, const struct sw_needles *needles, struct sw_layer_hit *hit, struct sw_error **error);

#endif
