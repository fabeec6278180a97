/* treediff.h - what changed from one tree to another: the `diff` operation, where no layers say so.
 *
 * Changes a mounted copy of the one tree until it equals the other; the layer that takes the changes is then the difference. Files
 * count as equal when all that `stat` says of them is. Blocks: [pool]. */
#ifndef PLUGINS_LOCAL_TREEDIFF_H
#define PLUGINS_LOCAL_TREEDIFF_H

#include "plugins/local/work.h"

struct sw_treediff {
    int root;  /* the lower tree, mounted and writable */
    int upper; /* the upper tree */
    const struct sw_work *work;
};

bool sw_treediff_run(const struct sw_treediff *diff, struct sw_error **error);

#endif
