#include "core/build/caches.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/copy.h"

struct filling {
    struct sw_build *build;
    struct sw_vec stages; /* of const struct sw_stage_state *, a stage below before those above */
    struct sw_stage_repo place;
    const struct sw_extra_repo *cache;
    size_t next_cache;
    size_t stage; /* the next one for the current cache */
    sw_done done;
    void *context;
};

static void fill_next(struct filling *filling);

static bool is_worth_keeping(const struct sw_build *build, const struct sw_stage_state *stage) {
    bool fetched = false;
    for (size_t i = 0; stage->image && i < sw_host_image_table.layer_count(stage->image); i++)
        fetched |= sw_map_has(&build->fetched, sw_host_image_table.layer(stage->image, i).digest);
    return stage->image && (stage->rebuilt || stage->copied || fetched);
}

static void collect_stages(struct filling *filling) {
    const struct sw_build *build = filling->build;
    for (size_t i = 0; i < build->jobs.len; i++) {
        const struct sw_job *job = *(struct sw_job **)sw_vec_at(&build->jobs, i);
        for (size_t j = 0; j < job->stages.len; j++) {
            const struct sw_stage_state *stage = sw_job_stage(job, j);
            if (is_worth_keeping(build, stage))
                sw_vec_push(&filling->stages, &stage);
        }
    }
}

const struct sw_extra_repo *sw_cache_next(const struct sw_build *build, size_t *next) {
    while (*next < build->options.cache_count) {
        size_t index = (*next)++;
        if (!build->cache_failed[index])
            return &build->options.caches[index];
    }
    return NULL;
}

void sw_cache_failed(struct sw_build *build, const struct sw_extra_repo *cache, const struct sw_error *error) {
    bool *failed = &build->cache_failed[cache - build->options.caches];
    if (*failed)
        return;
    *failed = error->code != SW_ERROR_CORRUPT; /* what is broken is one stage, not the repository */
    sw_cleanup_free char *text =
        sw_format("cache repository %s: %s%s", cache->name, error->message, *failed ? "; it is left alone from here on" : "");
    build->options.host->log("build", SW_LOG_WARN, text);
}

static void start_next_cache(struct filling *filling);

/* Takes `error`. */
static void give_up(struct filling *filling, struct sw_error *error) {
    sw_cache_failed(filling->build, filling->cache, error);
    sw_error_free(error);
    start_next_cache(filling);
}

static void on_copied(void *context, struct sw_error *error) {
    struct filling *filling = context;
    if (error) { /* what one stage meets, the others would meet too */
        give_up(filling, error);
        return;
    }
    const struct sw_stage_state *stage = *(const struct sw_stage_state **)sw_vec_at(&filling->stages, filling->stage - 1);
    sw_stage_index_add(&filling->place.index, stage->id);
    fill_next(filling);
}

static void fill_next(struct filling *filling) {
    while (filling->stage < filling->stages.len) {
        const struct sw_stage_state *stage = *(const struct sw_stage_state **)sw_vec_at(&filling->stages, filling->stage++);
        if (sw_stage_index_has_tag(&filling->place.index, stage->id))
            continue;
        const struct sw_copy copy = {
            .build = filling->build,
            .image = stage->image,
            .store = filling->place.store,
            .repo = filling->place.repo,
            .tag = stage->id,
            .done = on_copied,
            .context = filling,
        };
        sw_copy_image(&copy);
        return;
    }
    start_next_cache(filling);
}

static void on_listed(void *context, struct sw_error *error) {
    struct filling *filling = context;
    if (error) {
        give_up(filling, error);
    } else {
        fill_next(filling);
    }
}

static void start_next_cache(struct filling *filling) {
    struct sw_build *build = filling->build;
    sw_stage_repo_fini(&filling->place);
    filling->cache = sw_cache_next(build, &filling->next_cache);
    if (!filling->cache) {
        sw_done done = filling->done;
        void *context = filling->context;
        sw_vec_fini(&filling->stages);
        free(filling);
        done(context, NULL);
        return;
    }
    const struct sw_extra_repo *cache = filling->cache;
    filling->stage = 0;
    filling->place = (struct sw_stage_repo){
        .address = cache->address, .name = cache->name, .store = cache->store, .repo = sw_build_repo(build, cache->address, NULL)};
    sw_stage_repo_list(&filling->place, build->cancel, on_listed, filling);
}

void sw_caches_fill(struct sw_build *build, sw_done done, void *context) {
    struct filling *filling = sw_new(sizeof *filling);
    *filling =
        (struct filling){.build = build, .stages = {.width = sizeof(struct sw_stage_state *)}, .done = done, .context = context};
    if (build->options.mode == SW_BUILD_PUBLISH && build->options.cache_count)
        collect_stages(filling);
    if (filling->stages.len == 0)
        filling->next_cache = build->options.cache_count;
    start_next_cache(filling);
}
