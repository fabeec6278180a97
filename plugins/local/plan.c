#include "plugins/local/plan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/local/shadow.h"

enum { NOTHING = SIZE_MAX };

struct planning {
    struct sw_stacks *stacks;
    struct sw_plan_list *list;
    struct sw_map known; /* "KIND NAME" -> task number + 2; 1: nothing to do */
};

static size_t want_snapshot(struct planning *planning, const struct sw_stack *stack, size_t part);

static uint32_t kind_of(const struct planning *planning, sw_node node) {
    return planning->stacks->host->graph->kind(planning->stacks->graph, node);
}

/* ---- tasks ---- */

static size_t add_task(struct planning *planning, enum sw_task_kind kind, const struct sw_stack_part *part, struct sw_vec needs) {
    struct sw_planned task = {
        .kind = kind, .node = part->node, .index = part->index, .name = sw_strdup(part->name), .needs = needs};
    sw_vec_push(&planning->list->tasks, &task);
    return planning->list->tasks.len - 1;
}

static void need(struct sw_vec *needs, size_t task) {
    if (task != NOTHING)
        sw_vec_push(needs, &task);
}

/* The first `count` parts of a stack must be in the store. */
static void need_parts(struct planning *planning, const struct sw_stack *stack, size_t count, struct sw_vec *needs) {
    for (size_t i = 0; i < count; i++)
        need(needs, want_snapshot(planning, stack, i));
}

static void need_files(struct planning *planning, sw_node node, struct sw_vec *needs) {
    if (node == SW_NODE_NONE)
        return;
    sw_cleanup_stack struct sw_stack stack = {0};
    sw_stack_of(planning->stacks, node, &stack);
    need_parts(planning, &stack, stack.parts.len, needs);
}

/* ---- what operations read ---- */

static void need_exec(struct planning *planning, const struct sw_op_exec *op, struct sw_vec *needs) {
    need_files(planning, op->input, needs);
    for (size_t i = 0; i < op->mount_count; i++)
        if (op->mounts[i].kind == SW_MOUNT_BIND || op->mounts[i].kind == SW_MOUNT_CACHE)
            need_files(planning, op->mounts[i].from, needs);
}

/* The files of a tree are read through the host, and need no snapshot. */
static void need_copy(struct planning *planning, const struct sw_op_copy *op, struct sw_vec *needs) {
    if (!op->link)
        need_files(planning, op->input, needs);
    for (size_t i = 0; i < op->source_count; i++)
        if (kind_of(planning, op->sources[i].from) != SW_OP_TREE)
            need_files(planning, op->sources[i].from, needs);
}

static void need_inputs(struct planning *planning, sw_node node, struct sw_vec *needs) {
    const void *record = planning->stacks->host->graph->record(planning->stacks->graph, node);
    switch (kind_of(planning, node)) {
    case SW_OP_EXEC:
        need_exec(planning, record, needs);
        break;
    case SW_OP_COPY:
        need_copy(planning, record, needs);
        break;
    case SW_OP_FILE:
        need_files(planning, ((const struct sw_op_file *)record)->input, needs);
        break;
    case SW_OP_PATCH:
        need_files(planning, ((const struct sw_op_patch *)record)->input, needs);
        break;
    case SW_OP_DIFF:
        need_files(planning, ((const struct sw_op_diff *)record)->lower, needs);
        need_files(planning, ((const struct sw_op_diff *)record)->upper, needs);
        break;
    default:
        break;
    }
}

/* ---- snapshots and blobs ---- */

static size_t recall(struct planning *planning, const char *key, bool *found) {
    uintptr_t value = (uintptr_t)sw_map_get(&planning->known, key);
    *found = value != 0;
    return value > 1 ? value - 2 : NOTHING;
}

static size_t remember(struct planning *planning, const char *key, size_t task) {
    sw_map_set(&planning->known, key, (void *)(task == NOTHING ? (uintptr_t)1 : (uintptr_t)task + 2));
    return task;
}

static size_t make_snapshot(struct planning *planning, const struct sw_stack *stack, size_t index) {
    const struct sw_stack_part *part = sw_vec_at(&stack->parts, index);
    struct sw_vec needs = {.width = sizeof(size_t)};
    struct sw_layer_record record;
    if (part->belongs_to_image || sw_layer_record_find(planning->stacks->store, part->name, &record)) {
        need_parts(planning, stack, index, &needs);
        return add_task(planning, part->belongs_to_image ? SW_TASK_UNPACK : SW_TASK_RESTORE, part, needs);
    }
    need_inputs(planning, part->node, &needs);
    return add_task(planning, SW_TASK_RUN, part, needs);
}

static size_t want_snapshot(struct planning *planning, const struct sw_stack *stack, size_t index) {
    const struct sw_stack_part *part = sw_vec_at(&stack->parts, index);
    sw_cleanup_free char *key = sw_format("snapshot %s", part->name);
    bool found;
    size_t task = recall(planning, key, &found);
    if (found)
        return task;
    if (sw_snapshot_exists(planning->stacks->store, part->name))
        return remember(planning, key, NOTHING);
    return remember(planning, key, make_snapshot(planning, stack, index));
}

/* The task that makes the blob, NOTHING when it is there. */
static size_t want_blob(struct planning *planning, const struct sw_stack *stack, size_t index) {
    const struct sw_stack_part *part = sw_vec_at(&stack->parts, index);
    struct sw_layer_record record;
    sw_cleanup_free char *key = sw_format("blob %s", part->name);
    bool found;
    size_t task = recall(planning, key, &found);
    if (found || part->belongs_to_image)
        return task;
    if (sw_layer_record_find(planning->stacks->store, part->name, &record)) {
        planning->list->cached[part->node] = true;
        return remember(planning, key, NOTHING);
    }
    struct sw_vec needs = {.width = sizeof(size_t)};
    size_t snapshot = want_snapshot(planning, stack, index);
    need(&needs, snapshot);
    if (snapshot != NOTHING)
        ((struct sw_planned *)sw_vec_at(&planning->list->tasks, snapshot))->written = true;
    return remember(planning, key, add_task(planning, SW_TASK_WRITE, part, needs));
}

/* A copy from git whose files nobody reads needs no snapshot. The task that would write it as a blob then finds the blob. */
static void spare_snapshots(struct planning *planning) {
    struct sw_vec *tasks = &planning->list->tasks;
    size_t *readers = sw_new_array(tasks->len + 1, sizeof *readers);
    for (size_t i = 0; i < tasks->len; i++) {
        const struct sw_planned *task = sw_vec_at(tasks, i);
        for (size_t k = 0; k < task->needs.len; k++)
            readers[*(size_t *)sw_vec_at(&task->needs, k)]++;
    }
    for (size_t i = 0; i < tasks->len; i++) {
        struct sw_planned *task = sw_vec_at(tasks, i);
        if (task->kind == SW_TASK_RUN && task->written && readers[i] == 1 &&
            sw_shadow_suits(planning->stacks->host->graph, planning->stacks->graph, task->node))
            task->kind = SW_TASK_LAYER;
    }
    free(readers);
}

void sw_plan_make(struct sw_stacks *stacks, const sw_node *wanted, size_t count, struct sw_plan_list *list) {
    struct planning planning = {.stacks = stacks, .list = list};
    list->tasks.width = sizeof(struct sw_planned);
    list->cached = sw_new_array(stacks->host->graph->count(stacks->graph) + 1, sizeof *list->cached);
    list->writes = sw_new_array(count + 1, sizeof *list->writes);
    list->wanted_count = count;
    for (size_t i = 0; i < count; i++) {
        sw_cleanup_stack struct sw_stack stack = {0};
        sw_stack_of(stacks, wanted[i], &stack);
        list->writes[i].width = sizeof(size_t);
        for (size_t part = 0; part < stack.parts.len; part++)
            need(&list->writes[i], want_blob(&planning, &stack, part));
    }
    spare_snapshots(&planning);
    sw_map_fini(&planning.known, NULL);
}

void sw_plan_list_fini(struct sw_plan_list *list) {
    for (size_t i = 0; i < list->tasks.len; i++) {
        struct sw_planned *task = sw_vec_at(&list->tasks, i);
        free(task->name);
        sw_vec_fini(&task->needs);
    }
    sw_vec_fini(&list->tasks);
    for (size_t i = 0; i < list->wanted_count; i++)
        sw_vec_fini(&list->writes[i]);
    free(list->writes);
    free(list->cached);
    *list = (struct sw_plan_list){0};
}
