/* hollow.h - regular files whose content was left out when they were made.
 *
 * A copy from git into a layer needs names and metadata of its files on a file system, where the rules of copying work on them, but
 * not their contents: those come from git when the layer is written. A hollow file's size is its number here, from 1 on. One thread
 * at a time. */
#ifndef PLUGINS_LOCAL_HOLLOW_H
#define PLUGINS_LOCAL_HOLLOW_H

#include "core/base/vec.h"
#include "slipway/graph.h"
#include "slipway/host.h"

struct sw_hollow_file {
    sw_node node;
    uint32_t reserved;
    size_t index; /* of the entry in the node's tree, in the order of reading */
    uint64_t bytes;
};

struct sw_hollow {
    const struct sw_host_graph *reader;
    const struct sw_graph *graph;
    struct sw_vec files; /* of struct sw_hollow_file */
    struct sw_tree_reader *open;
    sw_node node; /* that `open` reads */
};

void sw_hollow_fini(struct sw_hollow *hollow);
#define sw_cleanup_hollow __attribute__((cleanup(sw_hollow_fini)))

/* Makes the empty file `fd` hollow. -1 and errno. */
int sw_hollow_mark(struct sw_hollow *hollow, int fd, const struct sw_hollow_file *file);

/* The file that has this size. Borrowed until the next mark. */
const struct sw_hollow_file *sw_hollow_file(const struct sw_hollow *hollow, uint64_t size);

/* Begins to read its content. Cheap in the order of the tree. */
bool sw_hollow_open(struct sw_hollow *hollow, uint64_t size, struct sw_error **error);

/* Reads on: the number of bytes, 0 at the end, -1 and `error`. */
int64_t sw_hollow_read(struct sw_hollow *hollow, void *buffer, size_t len, struct sw_error **error);

#endif
