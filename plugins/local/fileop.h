/* fileop.h - the `file` operation: making, removing, linking and writing single paths of a snapshot. Blocks: [pool]. */
#ifndef PLUGINS_LOCAL_FILEOP_H
#define PLUGINS_LOCAL_FILEOP_H

#include "plugins/local/work.h"
#include "slipway/graph.h"

struct sw_fileop_job {
    const struct sw_op_file *op;
    int root;      /* mounted and writable */
    int64_t epoch; /* time of what is made */
    const struct sw_work *work;
};

bool sw_fileop_run(const struct sw_fileop_job *job, struct sw_error **error);

#endif
