/* copy.h - the `copy` operation: paths of other snapshots into one.
 *
 * Takes what BuildKit's COPY and ADD, and werf's imports, do with names, owners, modes, links and archives. Sources are mounted
 * read-only roots or `tree` nodes that are read through the host, so that a context need not be written twice. Blocks: [pool]. */
#ifndef PLUGINS_LOCAL_COPY_H
#define PLUGINS_LOCAL_COPY_H

#include "core/base/fsroot.h"
#include "plugins/local/hollow.h"
#include "plugins/local/work.h"
#include "slipway/graph.h"

/* Where a source's files are. */
struct sw_copy_from {
    int root; /* the mounted snapshot; -1: a tree node, read by: */
    const struct sw_host_graph *reader;
    const struct sw_graph *graph;
    sw_node node;
    struct sw_hollow *hollow; /* of a tree node: its files are made hollow; NULL: whole */
};

struct sw_copy_job {
    const struct sw_op_copy *op;
    const struct sw_copy_from *from; /* one for each of op->sources */
    int root;                        /* the result, mounted and writable; for `link` a folder that begins empty */
    struct sw_fsroot *accounts;      /* where names of users and groups are looked up; NULL: in the result */
    int64_t epoch;                   /* time of folders that are made on the way */
    const struct sw_work *work;
};

bool sw_copy_run(const struct sw_copy_job *job, struct sw_error **error);

#endif
