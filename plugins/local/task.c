#include "plugins/local/task.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

char *sw_task_key(enum sw_task_kind kind, const char *name) {
    const char *what = kind == SW_TASK_WRITE ? "write" : kind == SW_TASK_LAYER ? "layer" : "make";
    return sw_format("%s %s", what, name);
}

struct sw_task *sw_task_new(struct sw_solver *solver, struct sw_solving *owner, const struct sw_planned *plan) {
    struct sw_task *task = sw_new(sizeof *task);
    *task = (struct sw_task){.solver = solver,
                             .owner = owner,
                             .key = sw_task_key(plan->kind, plan->name),
                             .name = sw_strdup(plan->name),
                             .kind = plan->kind,
                             .node = plan->node,
                             .index = plan->index,
                             .written = plan->written && (plan->kind == SW_TASK_RUN || plan->kind == SW_TASK_LAYER),
                             .dependents = {.width = sizeof(struct sw_task *)},
                             .interests = {.width = sizeof(struct sw_interest)},
                             .cancel_fd = eventfd(0, EFD_CLOEXEC),
                             .blob = -1};
    return task;
}

void sw_task_free(struct sw_task *task) {
    if (!task)
        return;
    sw_close(&task->cancel_fd);
    sw_close(&task->blob);
    sw_vec_fini(&task->dependents);
    sw_vec_fini(&task->interests);
    sw_error_free(task->error);
    free(task->key);
    free(task->name);
    free(task);
}

void sw_task_cancel(struct sw_task *task) {
    if (atomic_exchange(&task->cancelled, true))
        return;
    uint64_t one = 1;
    ssize_t written = write(task->cancel_fd, &one, sizeof one);
    (void)written;
}
