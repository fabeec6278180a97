/* treeop.h - the `tree` and `patch` operations: files that the host reads from git, written into a snapshot. Blocks: [pool]. */
#ifndef PLUGINS_LOCAL_TREEOP_H
#define PLUGINS_LOCAL_TREEOP_H

#include "plugins/local/work.h"
#include "slipway/graph.h"

struct sw_treeop_job {
    const struct sw_host_graph *reader;
    const struct sw_graph *graph;
    sw_node node;
    int root;      /* tree: an empty folder; patch: mounted and writable */
    int64_t epoch; /* newest time of a file; time of folders made on the way */
    const struct sw_work *work;
};

/* Writes a `tree` node. */
bool sw_treeop_write(const struct sw_treeop_job *job, struct sw_error **error);

/* Applies a `patch` node: replaces and adds files, removes deleted ones and the folders that this empties, never above the
 * mapping's `to`. */
bool sw_treeop_patch(const struct sw_treeop_job *job, struct sw_error **error);

#endif
