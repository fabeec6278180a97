/* plan.h - what a solve has to do, given what the store has.
 *
 * Starts from the wanted nodes and goes down: a node whose blob is known needs nothing; one that must run needs the snapshots that
 * it reads, and a base image is unpacked only for them. Reads the store: not on the loop. */
#ifndef PLUGINS_LOCAL_PLAN_H
#define PLUGINS_LOCAL_PLAN_H

#include "plugins/local/stack.h"

enum sw_task_kind {
    SW_TASK_UNPACK,  /* a layer of an image becomes a snapshot */
    SW_TASK_RUN,     /* an operation makes a snapshot */
    SW_TASK_RESTORE, /* a snapshot that is gone comes back from its blob */
    SW_TASK_WRITE,   /* a snapshot becomes a blob */
    SW_TASK_LAYER,   /* an operation makes a blob, and no snapshot as long as nobody wants one */
};

struct sw_planned {
    enum sw_task_kind kind;
    sw_node node;
    bool written;        /* RUN: a WRITE task follows */
    size_t index;        /* UNPACK: of the image's layer */
    char *name;          /* of the snapshot */
    struct sw_vec needs; /* of size_t: numbers of earlier tasks */
};

struct sw_plan_list {
    struct sw_vec tasks;   /* of struct sw_planned; what a task needs is before it */
    struct sw_vec *writes; /* for each wanted node: numbers (size_t) of the tasks that make its blobs */
    size_t wanted_count;
    bool *cached; /* for each node of the graph: a layer of a wanted node that is there already */
};

void sw_plan_make(struct sw_stacks *stacks, const sw_node *wanted, size_t count, struct sw_plan_list *list);
void sw_plan_list_fini(struct sw_plan_list *list);

#endif
