#include "plugins/local/imageroot.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/layerwork.h"

enum { REST_MS = 50 };

struct getting {
    struct sw_imageroot_wish wish;
    struct sw_localstore *store;
    struct sw_stack stack;
    size_t next; /* layer */
    int blob;
    bool busy;
    struct sw_error *error;
};

static void look(struct getting *getting);

static void finish(struct getting *getting) {
    getting->wish.done(getting->wish.context, &getting->stack, getting->error);
    sw_stack_fini(&getting->stack);
    free(getting);
}

static bool is_cancelled(void *context) {
    const struct getting *getting = context;
    return getting->wish.workshop->host->cancel->cancelled(getting->wish.cancel);
}

/* ---- a layer that is missing ---- */

static void unpack_one(struct getting *getting, const char *name) {
    const struct sw_image *image = getting->wish.image;
    struct sw_layer layer = getting->wish.workshop->host->image->layer(image, getting->next);
    struct sw_work work = {is_cancelled, getting};
    struct sw_layerwork job = {.store = getting->store,
                               .stack = &getting->stack,
                               .below = getting->next,
                               .blob = getting->blob,
                               .digest = layer.digest,
                               .diff_id = layer.diff_id,
                               .work = &work};
    sw_cleanup_draft struct sw_draft draft = {0};
    if (sw_snapshot_exists(getting->store, name))
        return;
    if (sw_draft_begin(getting->store, &draft, &getting->error) && sw_layerwork_do(&job, &draft, &getting->error))
        sw_draft_commit(&draft, name, getting->wish.workshop->host->image->reference(image), SW_DRAFT_SUMMED, &getting->error);
}

static void unpack(void *context) {
    struct getting *getting = context;
    const struct sw_stack_part *part = sw_vec_at(&getting->stack.parts, getting->next);
    sw_cleanup_free char *lock = sw_format("make/%s", part->name);
    getting->busy = !sw_lease_take(getting->store->leases, lock);
    if (getting->busy)
        return;
    unpack_one(getting, part->name);
    sw_lease_release(getting->store->leases, lock);
}

static void on_unpacked(void *context);

static void on_rested(void *context) {
    struct getting *getting = context;
    sw_workers_run(getting->wish.workers, unpack, on_unpacked, getting);
}

static void on_unpacked(void *context) {
    struct getting *getting = context;
    if (getting->busy && !is_cancelled(getting)) {
        getting->wish.workshop->host->timers->after(REST_MS, on_rested, getting);
        return;
    }
    sw_close(&getting->blob);
    if (getting->busy)
        getting->error = sw_error_new(SW_ERROR_CANCELLED, "cancelled");
    look(getting);
}

static void on_fetched(void *context, int fd, struct sw_error *error) {
    struct getting *getting = context;
    getting->blob = fd;
    getting->error = error;
    if (error)
        finish(getting);
    else
        sw_workers_run(getting->wish.workers, unpack, on_unpacked, getting);
}

/* ---- one layer after the other ---- */

static void find_missing(void *context) {
    struct getting *getting = context;
    if (!getting->store)
        getting->store = sw_workshop_store(getting->wish.workshop, &getting->error);
    if (!getting->store)
        return;
    if (!getting->stack.parts.width)
        sw_stack_of_image(getting->wish.workshop->host, getting->store, getting->wish.image, &getting->stack);
    for (; getting->next < getting->stack.parts.len; getting->next++) {
        const struct sw_stack_part *part = sw_vec_at(&getting->stack.parts, getting->next);
        if (!sw_snapshot_exists(getting->store, part->name))
            return;
    }
}

static void on_looked(void *context) {
    struct getting *getting = context;
    const struct sw_host *host = getting->wish.workshop->host;
    if (getting->error || getting->next >= getting->stack.parts.len)
        finish(getting);
    else
        host->blob->open_layer(getting->wish.image, getting->next, getting->wish.cancel, NULL, on_fetched, getting);
}

static void look(struct getting *getting) {
    if (getting->error)
        finish(getting);
    else
        sw_workers_run(getting->wish.workers, find_missing, on_looked, getting);
}

void sw_imageroot_get(const struct sw_imageroot_wish *wish) {
    struct getting *getting = sw_new(sizeof *getting);
    *getting = (struct getting){.wish = *wish, .blob = -1};
    look(getting);
}
