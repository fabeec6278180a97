/* nodework.h - doing one planned task: a layer unpacked, an operation run, a blob written. Blocks; not on the loop. */
#ifndef PLUGINS_LOCAL_NODEWORK_H
#define PLUGINS_LOCAL_NODEWORK_H

#include "plugins/local/plan.h"
#include "plugins/local/workshop.h"
#include "slipway/backend.h"

struct sw_nodework {
    struct sw_workshop *workshop;
    const struct sw_solve *solve;
    enum sw_task_kind kind;
    sw_node node;
    size_t index;     /* UNPACK */
    int blob;         /* UNPACK: the layer's blob, read from its start */
    const char *name; /* of the snapshot */
    bool written;     /* RUN: the snapshot will become a blob */
    uint32_t threads; /* WRITE, LAYER: that compress */
    void (*output)(void *context, int stream, struct sw_bytes bytes);
    void *context;
    struct sw_work work;
    int cancelled; /* an eventfd: see sw_step */
};

enum sw_nodework_end {
    SW_NODEWORK_DONE,
    SW_NODEWORK_FOUND, /* somebody else has done it meanwhile */
    SW_NODEWORK_BUSY,  /* another process is doing it, or has a cache that it needs: ask again later */
    SW_NODEWORK_FAILED,
};

enum sw_nodework_end sw_nodework_do(struct sw_nodework *work, struct sw_error **error);

#endif
