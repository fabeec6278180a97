/* layerwork.h - a layer's blob made into the files of a snapshot. */
#ifndef PLUGINS_LOCAL_LAYERWORK_H
#define PLUGINS_LOCAL_LAYERWORK_H

#include "plugins/local/stack.h"
#include "plugins/local/work.h"

struct sw_layerwork {
    struct sw_localstore *store;
    const struct sw_stack *stack;
    size_t below; /* how many of its parts lie below the layer */
    int blob;     /* read from its current offset */
    const char *digest;
    const char *diff_id;
    const struct sw_work *work;
};

/* Fills a draft that has just begun. */
bool sw_layerwork_do(const struct sw_layerwork *work, struct sw_draft *draft, struct sw_error **error);

/* Overlayfs shows the root folder of the topmost layer: a new one must look as the one below. */
bool sw_layerwork_copy_root(int from, int to, struct sw_error **error);

#endif
