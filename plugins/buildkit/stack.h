/* stack.h - which layers a node's result has, from the graph alone. Pure. */
#ifndef PLUGINS_BUILDKIT_STACK_H
#define PLUGINS_BUILDKIT_STACK_H

#include "core/base/vec.h"
#include "slipway/host.h"

struct sw_stack_part {
    sw_node node;
    const struct sw_image *image; /* a layer that an image brought, else NULL */
    size_t index;                 /* of the image's layer; of a merge: which of its copies */
};

/* Appends the parts of `node`, base first, to `parts` (of struct sw_stack_part). `merges` says whether the daemon merges without copying:
 * then an input's own layers stay. */
void sw_stack_of(const struct sw_host *host, const struct sw_graph *graph, sw_node node, bool merges, struct sw_vec *parts);

/* Identity of a part that the build makes: "KEY INDEX". To be freed. */
char *sw_stack_part_key(const struct sw_host *host, const struct sw_graph *graph, const struct sw_stack_part *part);

#endif
