/* stack.h - which snapshots, one on another, are a node's files. */
#ifndef PLUGINS_LOCAL_STACK_H
#define PLUGINS_LOCAL_STACK_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "plugins/local/snapshot.h"
#include "slipway/host.h"

struct sw_stack_part {
    sw_node node;      /* that made the layer, or the `image` node it belongs to */
    size_t index;      /* of an image's layer */
    char *name;        /* of the snapshot */
    char chain_id[72]; /* of an image's layer, else "" */
    bool belongs_to_image;
};

/* Works out stacks of one graph; belongs to one thread at a time. */
struct sw_stacks {
    const struct sw_host *host;
    struct sw_localstore *store;
    const struct sw_graph *graph;
    struct sw_map images; /* number of an `image` node -> struct sw_stack of its layers */
};
void sw_stacks_fini(struct sw_stacks *stacks);

struct sw_stack {
    struct sw_vec parts; /* of struct sw_stack_part, the lowest first */
};

/* The layers of an image; their `node` means nothing. Reads the store. */
void sw_stack_of_image(const struct sw_host *host, struct sw_localstore *store, const struct sw_image *image,
                       struct sw_stack *stack);

/* The parts of `node`'s files. */
void sw_stack_of(struct sw_stacks *stacks, sw_node node, struct sw_stack *stack);
void sw_stack_fini(struct sw_stack *stack);
#define sw_cleanup_stack __attribute__((cleanup(sw_stack_fini)))

/* Opens the snapshots, topmost first, with the store's empty folder as the last: a list for sw_overlay_mount. A snapshot that hides
 * what lies below ends it. False and `error` when one is missing. Closed by sw_stack_close. */
bool sw_stack_open(struct sw_localstore *store, const struct sw_stack *stack, struct sw_vec *folders, struct sw_error **error);
void sw_stack_close(struct sw_vec *folders);

#endif
