#include "core/build/stage_repo.h"

#include "core/base/error.h"

struct waiter {
    sw_done done;
    void *context;
};

static void on_listed(void *context, struct sw_strings tags, struct sw_error *error) {
    struct sw_stage_repo *place = context;
    place->listing = false;
    place->listed = true;
    place->error = sw_error_copy(error);
    if (!error)
        sw_stage_index_fill(&place->index, tags);
    sw_error_free(error);
    struct sw_vec waiters = place->waiters;
    place->waiters = (struct sw_vec){0};
    for (size_t i = 0; i < waiters.len; i++) {
        struct waiter *waiter = sw_vec_at(&waiters, i);
        waiter->done(waiter->context, sw_error_copy(place->error));
    }
    sw_vec_fini(&waiters);
}

void sw_stage_repo_list(struct sw_stage_repo *place, struct sw_cancel *cancel, sw_done done, void *context) {
    if (place->listed) {
        done(context, sw_error_copy(place->error));
        return;
    }
    place->waiters.width = sizeof(struct waiter);
    sw_vec_push(&place->waiters, &(struct waiter){done, context});
    if (place->listing)
        return;
    place->listing = true;
    place->store->list(place->repo, cancel, on_listed, place);
}

void sw_stage_repo_fini(struct sw_stage_repo *place) {
    sw_stage_index_fini(&place->index);
    sw_vec_fini(&place->waiters);
    sw_error_free(place->error);
    *place = (struct sw_stage_repo){0};
}
