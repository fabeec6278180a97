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
    size_t cache; /* the next one */
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

static void warn(const struct filling *filling, struct sw_error *error) {
    sw_cleanup_free char *text = sw_format("cache repository %s: %s", filling->place.name, error->message);
    filling->build->options.host->log("build", SW_LOG_WARN, text);
    sw_error_free(error);
}

static void start_next_cache(struct filling *filling);

static void on_copied(void *context, struct sw_error *error) {
    struct filling *filling = context;
    if (error) { /* what one stage meets, the others would meet too */
        warn(filling, error);
        start_next_cache(filling);
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
        warn(filling, error);
        start_next_cache(filling);
    } else {
        fill_next(filling);
    }
}

static void start_next_cache(struct filling *filling) {
    struct sw_build *build = filling->build;
    sw_stage_repo_fini(&filling->place);
    if (filling->cache == build->options.cache_count) {
        sw_done done = filling->done;
        void *context = filling->context;
        sw_vec_fini(&filling->stages);
        free(filling);
        done(context, NULL);
        return;
    }
    const struct sw_extra_repo *cache = &build->options.caches[filling->cache++];
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
        filling->cache = build->options.cache_count;
    start_next_cache(filling);
}
