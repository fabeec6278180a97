#include "plugins/local/solver.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/map.h"
#include "plugins/local/plan.h"
#include "plugins/local/result.h"
#include "plugins/local/task.h"

enum { REST_MS = 50, LEAST_SLOTS = 2 };

struct sw_solver {
    struct sw_workshop *workshop;
    struct sw_workers *workers;
    struct sw_map tasks; /* key -> struct sw_task *, those that have not ended */
    size_t running;
    struct sw_vec touched; /* of struct sw_solving *: their counts changed, see settle() */
};

/* One solve. It goes through planning, tasks, and results; an error or a cancellation skips what has not begun. */
struct sw_solving {
    struct sw_solver *solver;
    struct sw_solve request;
    sw_node *wanted;
    struct sw_plan_list plan;
    bool *ended;    /* for each planned task */
    bool *reported; /* for each wanted node: its result is being made, or was reported */
    size_t wants;   /* tasks, and results being made, that it waits for */
    size_t owned;   /* tasks that use its graph */
    bool tasked;    /* the tasks have been made */
    bool touched;   /* it is in the solver's list */
    struct sw_cancel_watch *watch;
    struct sw_error *error; /* the first one */
};

static void settle(struct sw_solver *solver);

static const struct sw_host *host_of(const struct sw_solving *solving) {
    return solving->solver->workshop->host;
}

struct sw_solver *sw_solver_new(struct sw_workshop *workshop, struct sw_workers *workers) {
    struct sw_solver *solver = sw_new(sizeof *solver);
    solver->workshop = workshop;
    solver->workers = workers;
    solver->touched.width = sizeof(struct sw_solving *);
    return solver;
}

void sw_solver_free(struct sw_solver *solver) {
    if (!solver)
        return;
    sw_map_fini(&solver->tasks, NULL);
    sw_vec_fini(&solver->touched);
    free(solver);
}

/* Counts change in the middle of walks over lists; what follows from that is done once these are over. */
static void touch(struct sw_solving *solving) {
    if (solving->touched)
        return;
    solving->touched = true;
    sw_vec_push(&solving->solver->touched, &solving);
}

/* ---- ending tasks ---- */

static void drop_pointer(struct sw_vec *vec, const void *pointer) {
    void **items = vec->data;
    for (size_t i = 0; i < vec->len; i++) {
        if (items[i] != pointer)
            continue;
        memmove(&items[i], &items[i + 1], (vec->len - i - 1) * sizeof *items);
        vec->len--;
        return;
    }
}

/* How many there were. */
static size_t drop_interest(struct sw_task *task, const struct sw_solving *solving) {
    struct sw_interest *interests = task->interests.data;
    size_t kept = 0, count = task->interests.len;
    for (size_t i = 0; i < count; i++)
        if (interests[i].solving != solving)
            interests[kept++] = interests[i];
    task->interests.len = kept;
    return count - kept;
}

static void finish_vertex(struct sw_task *task, uint32_t state) {
    if (task->vertex)
        task->solver->workshop->host->progress->finish(task->vertex, state);
    task->vertex = NULL;
}

static void wake_dependents(struct sw_task *task) {
    for (size_t i = 0; i < task->dependents.len; i++)
        (*(struct sw_task **)sw_vec_at(&task->dependents, i))->missing--;
}

static void release(struct sw_task *task) {
    task->owner->owned--;
    touch(task->owner);
    sw_task_free(task);
}

/* No solve wants a task any more that has not begun. What still waits for it has found its result in the store. */
static void abandon(struct sw_task *task) {
    struct sw_solver *solver = task->solver;
    for (size_t i = 0; i < solver->tasks.len; i++)
        if (solver->tasks.entries[i].key)
            drop_pointer(&((struct sw_task *)solver->tasks.entries[i].value)->dependents, task);
    if (task->timer)
        solver->workshop->host->timers->stop(task->timer);
    wake_dependents(task);
    finish_vertex(task, SW_VERTEX_CANCELLED);
    release(task);
}

/* Gives a solve's tasks up: those that run are stopped, unless another solve wants them. */
static void give_up(struct sw_solving *solving) {
    struct sw_solver *solver = solving->solver;
    for (size_t i = solver->tasks.len; i-- > 0;) {
        struct sw_map_entry *entry = &solver->tasks.entries[i];
        struct sw_task *task = entry->key ? entry->value : NULL;
        if (!task)
            continue;
        solving->wants -= drop_interest(task, solving);
        if (task->interests.len)
            continue;
        sw_task_cancel(task);
        sw_map_remove(&solver->tasks, task->key);
        if (task->state != SW_TASK_RUNNING && task->state != SW_TASK_FETCHING)
            abandon(task);
    }
}

static void fail(struct sw_solving *solving, struct sw_error *error) {
    if (solving->error) {
        sw_error_free(error);
        return;
    }
    solving->error = error;
    give_up(solving);
}

static uint32_t vertex_state(const struct sw_task *task) {
    if (task->end == SW_NODEWORK_DONE)
        return SW_VERTEX_DONE;
    if (task->end == SW_NODEWORK_FOUND)
        return SW_VERTEX_CACHED;
    return task->error && task->error->code == SW_ERROR_CANCELLED ? SW_VERTEX_CANCELLED : SW_VERTEX_FAILED;
}

/* A task is over, well or not: those who wait for it go on. */
static void end_task(struct sw_task *task) {
    struct sw_solver *solver = task->solver;
    if (sw_map_get(&solver->tasks, task->key) == task)
        sw_map_remove(&solver->tasks, task->key);
    finish_vertex(task, vertex_state(task));
    wake_dependents(task);
    while (task->interests.len) {
        struct sw_interest interest = ((struct sw_interest *)task->interests.data)[--task->interests.len];
        interest.solving->wants--;
        interest.solving->ended[interest.number] = true;
        touch(interest.solving);
        if (task->error)
            fail(interest.solving, sw_error_copy(task->error));
    }
    release(task);
    settle(solver);
}

/* ---- running tasks ---- */

static void on_rested(void *context) {
    struct sw_task *task = context;
    task->timer = NULL;
    task->state = SW_TASK_READY;
    settle(task->solver);
}

static void on_worked(void *context) {
    struct sw_task *task = context;
    struct sw_solver *solver = task->solver;
    solver->running--;
    if (task->end == SW_NODEWORK_BUSY && !atomic_load(&task->cancelled)) {
        task->state = SW_TASK_RESTING;
        task->timer = solver->workshop->host->timers->after(REST_MS, on_rested, task);
        settle(solver);
        return;
    }
    if (task->end == SW_NODEWORK_BUSY)
        task->error = sw_error_new(SW_ERROR_CANCELLED, "cancelled");
    end_task(task);
}

static bool is_cancelled(void *context) {
    return atomic_load(&((struct sw_task *)context)->cancelled);
}

static void on_output(void *context, int stream, struct sw_bytes bytes) {
    const struct sw_task *task = context;
    if (task->vertex)
        task->solver->workshop->host->progress->output(task->vertex, stream, bytes);
}

static void work(void *context) {
    struct sw_task *task = context;
    task->end = sw_nodework_do(&task->work, &task->error);
}

static void begin_work(struct sw_task *task) {
    task->state = SW_TASK_RUNNING;
    task->work = (struct sw_nodework){.workshop = task->solver->workshop,
                                      .solve = &task->owner->request,
                                      .kind = task->kind,
                                      .node = task->node,
                                      .index = task->index,
                                      .blob = task->blob,
                                      .name = task->name,
                                      .written = task->written,
                                      .threads = task->solver->workshop->host->pool->width(),
                                      .output = on_output,
                                      .context = task,
                                      .work = {is_cancelled, task},
                                      .cancelled = task->cancel_fd};
    sw_workers_run(task->solver->workers, work, on_worked, task);
}

static void on_layer_fetched(void *context, int fd, struct sw_error *error) {
    struct sw_task *task = context;
    task->blob = fd;
    if (!error) {
        begin_work(task);
        return;
    }
    task->solver->running--;
    task->end = SW_NODEWORK_FAILED;
    task->error = error;
    end_task(task);
}

static void fetch(struct sw_task *task) {
    const struct sw_host *host = task->solver->workshop->host;
    const struct sw_op_image *op = host->graph->record(task->owner->request.graph, task->node);
    task->state = SW_TASK_FETCHING;
    host->blob->open_layer(op->image, task->index, task->owner->request.cancel, task->vertex, on_layer_fetched, task);
}

static void start_vertex(struct sw_task *task) {
    const struct sw_host *host = task->solver->workshop->host;
    const struct sw_graph *graph = task->owner->request.graph;
    if (task->vertex || task->kind == SW_TASK_WRITE)
        return;
    const char *title = host->graph->note(graph, task->node)->title;
    sw_cleanup_free char *text = NULL;
    if (task->kind == SW_TASK_UNPACK) {
        const struct sw_image *image = ((const struct sw_op_image *)host->graph->record(graph, task->node))->image;
        text = sw_format("%s: layer %zu/%zu", host->image->reference(image), task->index + 1, host->image->layer_count(image));
    } else {
        text = sw_format("%s%s", title, task->kind == SW_TASK_RESTORE ? " (unpacking its layer)" : "");
    }
    task->vertex = host->progress->start(task->owner->request.vertex, text);
}

static size_t slots(const struct sw_solver *solver) {
    uint32_t width = solver->workshop->host->pool->width();
    return width > LEAST_SLOTS ? width : LEAST_SLOTS;
}

static void start_ready(struct sw_solver *solver) {
    for (size_t i = 0; i < solver->tasks.len && solver->running < slots(solver); i++) {
        struct sw_map_entry *entry = &solver->tasks.entries[i];
        struct sw_task *task = entry->key ? entry->value : NULL;
        if (!task || task->missing || (task->state != SW_TASK_WAITING && task->state != SW_TASK_READY))
            continue;
        solver->running++;
        start_vertex(task);
        if (task->kind == SW_TASK_UNPACK && task->blob < 0)
            fetch(task);
        else
            begin_work(task);
    }
}

/* ---- making tasks ---- */

static void take_interest(struct sw_solving *solving, struct sw_task *task, size_t number) {
    sw_vec_push(&task->interests, &(struct sw_interest){solving, number});
    solving->wants++;
}

static struct sw_task *join_task(struct sw_solving *solving, const struct sw_planned *plan, size_t number) {
    struct sw_solver *solver = solving->solver;
    sw_cleanup_free char *key = sw_task_key(plan->kind, plan->name);
    struct sw_task *task = sw_map_get(&solver->tasks, key);
    if (!task || atomic_load(&task->cancelled))
        return NULL;
    take_interest(solving, task, number);
    return task;
}

static struct sw_task *add_task(struct sw_solving *solving, const struct sw_planned *plan, size_t number) {
    struct sw_task *task = sw_task_new(solving->solver, solving, plan);
    sw_map_set(&solving->solver->tasks, task->key, task);
    take_interest(solving, task, number);
    solving->owned++;
    return task;
}

static void make_tasks(struct sw_solving *solving) {
    size_t count = solving->plan.tasks.len;
    struct sw_task **tasks = sw_new_array(count + 1, sizeof *tasks);
    solving->ended = sw_new_array(count + 1, sizeof *solving->ended);
    for (size_t i = 0; i < count; i++) {
        const struct sw_planned *plan = sw_vec_at(&solving->plan.tasks, i);
        tasks[i] = join_task(solving, plan, i);
        if (tasks[i])
            continue;
        tasks[i] = add_task(solving, plan, i);
        for (size_t k = 0; k < plan->needs.len; k++) {
            struct sw_task *needed = tasks[*(size_t *)sw_vec_at(&plan->needs, k)];
            sw_vec_push(&needed->dependents, &tasks[i]);
            tasks[i]->missing++;
        }
    }
    free(tasks);
}

static void show_cached(struct sw_solving *solving) {
    const struct sw_host *host = host_of(solving);
    const struct sw_graph *graph = solving->request.graph;
    for (sw_node node = 0; node < host->graph->count(graph); node++) {
        if (!solving->plan.cached[node])
            continue;
        struct sw_vertex *vertex = host->progress->start(solving->request.vertex, host->graph->note(graph, node)->title);
        host->progress->finish(vertex, SW_VERTEX_CACHED);
    }
}

/* ---- results ---- */

/* The result of one wanted node being put together. */
struct making {
    struct sw_solving *solving;
    size_t index;
    struct sw_arena arena;
    struct sw_result result;
    struct sw_error *error;
};

static bool all_cached(struct sw_solving *solving, struct sw_stacks *stacks, sw_node node) {
    sw_cleanup_stack struct sw_stack stack = {0};
    sw_stack_of(stacks, node, &stack);
    bool cached = true;
    for (size_t i = 0; i < stack.parts.len; i++) {
        const struct sw_stack_part *part = sw_vec_at(&stack.parts, i);
        cached = cached && (part->belongs_to_image || solving->plan.cached[part->node]);
    }
    return cached;
}

static void make_result(void *context) {
    struct making *making = context;
    struct sw_solving *solving = making->solving;
    struct sw_stacks stacks = {.host = host_of(solving), .graph = solving->request.graph};
    sw_node node = solving->wanted[making->index];
    stacks.store = sw_workshop_store(solving->solver->workshop, &making->error);
    if (stacks.store && sw_result_make(&stacks, &solving->request, node, &making->arena, &making->result, &making->error))
        making->result.cached = all_cached(solving, &stacks, node);
    sw_stacks_fini(&stacks);
}

static void on_result_made(void *context) {
    struct making *making = context;
    struct sw_solving *solving = making->solving;
    solving->wants--;
    if (making->error)
        fail(solving, making->error);
    else
        solving->request.on_result(solving->request.context, &making->result);
    sw_arena_fini(&making->arena);
    free(making);
    touch(solving);
    settle(solving->solver);
}

static bool is_ready(const struct sw_solving *solving, size_t wanted) {
    const struct sw_vec *writes = &solving->plan.writes[wanted];
    for (size_t i = 0; i < writes->len; i++)
        if (!solving->ended[*(size_t *)sw_vec_at(writes, i)])
            return false;
    return true;
}

static void make_ready_results(struct sw_solving *solving) {
    for (size_t i = 0; i < solving->request.wanted_count && !solving->error; i++) {
        if (solving->reported[i] || !is_ready(solving, i))
            continue;
        struct making *making = sw_new(sizeof *making);
        making->solving = solving;
        making->index = i;
        solving->reported[i] = true;
        solving->wants++;
        sw_workers_run(solving->solver->workers, make_result, on_result_made, making);
    }
}

/* ---- a solve's way ---- */

static void end_solving(struct sw_solving *solving) {
    if (solving->watch)
        host_of(solving)->cancel->unwatch(solving->watch);
    sw_done done = solving->request.done;
    void *context = solving->request.context;
    struct sw_error *error = solving->error;
    sw_plan_list_fini(&solving->plan);
    free(solving->ended);
    free(solving->reported);
    free(solving->wanted);
    free(solving);
    done(context, error);
}

/* Goes on after something has changed. */
static void advance(struct sw_solving *solving) {
    if (!solving->tasked)
        return;
    make_ready_results(solving);
    if (!solving->wants && !solving->owned)
        end_solving(solving);
}

/* Does what follows from changed counts. A solve that ends may begin others meanwhile. */
static void settle(struct sw_solver *solver) {
    while (solver->touched.len) {
        struct sw_solving *solving = ((struct sw_solving **)solver->touched.data)[--solver->touched.len];
        solving->touched = false;
        advance(solving);
    }
    start_ready(solver);
}

static void on_planned(void *context) {
    struct sw_solving *solving = context;
    if (!solving->error && host_of(solving)->cancel->cancelled(solving->request.cancel))
        solving->error = sw_error_new(SW_ERROR_CANCELLED, "cancelled");
    if (!solving->error) {
        show_cached(solving);
        make_tasks(solving);
    }
    solving->tasked = true;
    touch(solving);
    settle(solving->solver);
}

static void make_plan(void *context) {
    struct sw_solving *solving = context;
    struct sw_stacks stacks = {.host = host_of(solving), .graph = solving->request.graph};
    struct sw_error *error = NULL;
    stacks.store = sw_workshop_store(solving->solver->workshop, &error);
    if (stacks.store)
        sw_plan_make(&stacks, solving->wanted, solving->request.wanted_count, &solving->plan);
    else
        solving->error = error;
    sw_stacks_fini(&stacks);
}

static void on_cancelled(void *context) {
    struct sw_solving *solving = context;
    if (!solving->tasked) /* planning, which is short */
        return;
    fail(solving, sw_error_new(SW_ERROR_CANCELLED, "cancelled"));
    touch(solving);
    settle(solving->solver);
}

void sw_solver_solve(struct sw_solver *solver, const struct sw_solve *solve) {
    struct sw_solving *solving = sw_new(sizeof *solving);
    solving->solver = solver;
    solving->request = *solve;
    solving->wanted = sw_memdup(solve->wanted, solve->wanted_count * sizeof *solve->wanted);
    solving->reported = sw_new_array(solve->wanted_count + 1, sizeof *solving->reported);
    if (solve->cancel)
        solving->watch = solver->workshop->host->cancel->watch(solve->cancel, on_cancelled, solving);
    sw_workers_run(solver->workers, make_plan, on_planned, solving);
}
