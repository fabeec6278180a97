/* shadow.h - what a copy from git would add to a snapshot, without the snapshot and without the files' contents.
 *
 * The copy is made into a folder in memory that has the folders which lead to its destinations, as the snapshot below has them, and
 * nothing else. As long as all that is copied is new there, the folder holds what an overlay's upper one would hold, and the layer
 * made of it is the same, byte for byte. Blocks: [pool]. */
#ifndef PLUGINS_LOCAL_SHADOW_H
#define PLUGINS_LOCAL_SHADOW_H

#include "plugins/local/copy.h"

struct sw_shadow_job {
    const struct sw_host_graph *reader;
    const struct sw_graph *graph;
    const struct sw_op_copy *op;
    int lower; /* the input's files; -1: none (`link`) */
    int64_t epoch;
    struct sw_hollow *hollow; /* gets the files */
    const struct sw_work *work;
};

enum sw_shadow_end {
    SW_SHADOW_MADE,
    SW_SHADOW_UNFIT, /* it meets something that is there: the copy has to be made for real */
    SW_SHADOW_FAILED,
};

/* Whether a node may be tried: it copies files of git commits alone, and no archives. */
bool sw_shadow_suits(const struct sw_host_graph *reader, const struct sw_graph *graph, sw_node node);

/* Makes the folder in memory; `*folder` is it, to be closed, which ends it. */
enum sw_shadow_end sw_shadow_make(const struct sw_shadow_job *job, int *folder, struct sw_error **error);

#endif
