#include "plugins/local/imagerun.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/flatten.h"
#include "plugins/local/imageroot.h"
#include "plugins/local/layerwork.h"
#include "plugins/local/overlay.h"

static struct sw_workshop *shop;
static struct sw_workers *threads;

/* A run: its own copy of the request, since the caller's lasts for the call only. */
struct running {
    const struct sw_image *image;
    struct sw_strlist argv;
    struct sw_strlist env;
    char *user;
    char *cwd;
    bool tty;
    uint32_t network;
    struct sw_cancel *cancel;
    struct sw_cancel_watch *watch;
    int cancel_fd;
    void (*done)(void *context, int32_t status, struct sw_error *error);
    void *context;
    struct sw_stack stack;
    int status;
    struct sw_error *error;
};

/* ---- what the image's config says ---- */

static void add_texts(struct sw_strlist *list, const json_t *array) {
    const json_t *item;
    size_t index;
    json_array_foreach(array, index, item) {
        if (json_is_string(item))
            sw_strlist_add(list, json_string_value(item));
    }
}

static void take_config(struct running *running, const struct sw_run *run) {
    sw_cleanup_json json_t *json = json_loads(shop->host->image->config(run->image), 0, NULL);
    const json_t *config = json_object_get(json, "config");
    const char *user = json_string_value(json_object_get(config, "User"));
    const char *cwd = json_string_value(json_object_get(config, "WorkingDir"));
    if (run->use_entrypoint || !run->argv.count)
        add_texts(&running->argv, json_object_get(config, "Entrypoint"));
    if (run->argv.count)
        sw_strlist_copy(&running->argv, run->argv);
    else
        add_texts(&running->argv, json_object_get(config, "Cmd"));
    add_texts(&running->env, json_object_get(config, "Env"));
    sw_strlist_copy(&running->env, run->env);
    running->user = sw_strdup(run->user ? run->user : user ? user : "");
    running->cwd = sw_strdup(run->cwd ? run->cwd : cwd && cwd[0] ? cwd : "/");
}

/* ---- running ---- */

static int mount_root(struct running *running, struct sw_draft *draft) {
    struct sw_vec folders = {0};
    int fd = -1;
    if (sw_stack_open(shop->store, &running->stack, &folders, &running->error) &&
        sw_flatten(shop->store, &running->stack, &folders, &running->error) &&
        sw_draft_begin(shop->store, draft, &running->error) &&
        sw_layerwork_copy_root(*(int *)sw_vec_at(&folders, 0), draft->files, &running->error)) {
        struct sw_overlay overlay = {
            .lowers = folders.data, .lower_count = folders.len, .upper = draft->files, .work = draft->work};
        fd = sw_overlay_mount(&overlay, &running->error);
    }
    sw_stack_close(&folders);
    return fd;
}

static void work(void *context) {
    struct running *running = context;
    sw_cleanup_draft struct sw_draft draft = {0};
    if (!sw_workshop_runtime(shop, &running->error))
        return;
    struct sw_op_exec op = {.size = sizeof op,
                            .input = SW_NODE_NONE,
                            .argv = sw_strlist_view(&running->argv),
                            .env = sw_strlist_view(&running->env),
                            .cwd = running->cwd,
                            .user = running->user,
                            .network = running->network};
    struct sw_step step = {.runtime = shop->runtime,
                           .seccomp = shop->seccomp,
                           .op = &op,
                           .root = mount_root(running, &draft),
                           .upper = draft.files,
                           .secrets = shop->host->secret,
                           .inherit = true,
                           .terminal = running->tty,
                           .cancelled = running->cancel_fd};
    struct sw_step_end end = {0};
    if (step.root >= 0 && sw_step_run(&step, &end, &running->error)) {
        running->status = end.status;
        if (end.cause)
            sw_fail(&running->error, SW_ERROR_BUILD, "%s", end.cause);
    }
    sw_step_end_fini(&end);
}

static void on_ran(void *context) {
    struct running *running = context;
    if (running->watch)
        shop->host->cancel->unwatch(running->watch);
    if (!running->error && shop->host->cancel->cancelled(running->cancel))
        running->error = sw_error_new(SW_ERROR_CANCELLED, "cancelled");
    running->done(running->context, running->status, running->error);
    sw_strlist_fini(&running->argv);
    sw_strlist_fini(&running->env);
    sw_stack_fini(&running->stack);
    sw_close(&running->cancel_fd);
    free(running->user);
    free(running->cwd);
    free(running);
}

static void on_cancelled(void *context) {
    const struct running *running = context;
    uint64_t one = 1;
    ssize_t written = write(running->cancel_fd, &one, sizeof one);
    (void)written;
}

static void on_root(void *context, struct sw_stack *stack, struct sw_error *error) {
    struct running *running = context;
    running->error = error;
    running->stack = *stack;
    *stack = (struct sw_stack){0};
    if (!error && !running->argv.len)
        running->error = sw_error_new(SW_ERROR_USAGE, "the image has no command, and none was given");
    if (running->error) {
        on_ran(running);
        return;
    }
    if (running->cancel)
        running->watch = shop->host->cancel->watch(running->cancel, on_cancelled, running);
    sw_workers_run(threads, work, on_ran, running);
}

static void run_image(const struct sw_run *run) {
    struct running *running = sw_new(sizeof *running);
    running->image = run->image;
    running->tty = run->tty;
    running->network = run->network;
    running->cancel = run->cancel;
    running->cancel_fd = eventfd(0, EFD_CLOEXEC);
    running->done = run->done;
    running->context = run->context;
    take_config(running, run);
    sw_imageroot_get(&(struct sw_imageroot_wish){
        .workshop = shop, .workers = threads, .image = run->image, .cancel = run->cancel, .done = on_root, .context = running});
}

static const struct sw_backend_run table = {.size = sizeof table, .run = run_image};

const struct sw_backend_run *sw_imagerun_table(struct sw_workshop *workshop, struct sw_workers *workers) {
    shop = workshop;
    threads = workers;
    return &table;
}
