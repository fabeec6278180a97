/* task.h - one piece of a solve's work, and who waits for it. Only solver.c uses this. */
#ifndef PLUGINS_LOCAL_TASK_H
#define PLUGINS_LOCAL_TASK_H

#include <stdatomic.h>

#include "core/base/vec.h"
#include "plugins/local/nodework.h"

struct sw_solving;
struct sw_solver;

enum sw_task_state {
    SW_TASK_WAITING, /* for other tasks */
    SW_TASK_READY,   /* for its turn */
    SW_TASK_FETCHING,
    SW_TASK_RUNNING,
    SW_TASK_RESTING, /* until it asks again whether somebody else is done */
};

/* A solve that wants a task, and the task's number in its plan. */
struct sw_interest {
    struct sw_solving *solving;
    size_t number;
};

struct sw_task {
    struct sw_solver *solver;
    struct sw_solving *owner; /* whose graph it is about; lives until the task has ended */
    char *key;                /* kind and name: equal tasks of other solves join this one */
    char *name;
    enum sw_task_kind kind;
    enum sw_task_state state;
    sw_node node;
    size_t index;
    bool written;
    size_t missing;           /* tasks that it waits for */
    struct sw_vec dependents; /* of struct sw_task * */
    struct sw_vec interests;  /* of struct sw_interest */
    struct sw_vertex *vertex;
    struct sw_timer *timer; /* RESTING */
    atomic_bool cancelled;
    int cancel_fd;
    int blob; /* UNPACK */
    struct sw_nodework work;
    enum sw_nodework_end end;
    struct sw_error *error;
};

struct sw_task *sw_task_new(struct sw_solver *solver, struct sw_solving *owner, const struct sw_planned *plan);
void sw_task_free(struct sw_task *task);

/* "unpack NAME"; to be freed. Restoring and running make the same thing and have the same key. */
char *sw_task_key(enum sw_task_kind kind, const char *name);

/* Tells a task that runs to stop. */
void sw_task_cancel(struct sw_task *task);

#endif
