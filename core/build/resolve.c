#include "core/build/resolve.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

struct waiter {
    sw_resolved_done done;
    void *context;
};

struct resolution {
    struct sw_build *build;
    char *reference;
    char *platform;
    const struct sw_image *image;
    struct sw_error *error;
    bool ended;
    struct sw_vec waiters;
};

void sw_resolution_free(void *entry) {
    struct resolution *resolution = entry;
    sw_error_free(resolution->error);
    sw_vec_fini(&resolution->waiters);
    free(resolution->reference);
    free(resolution->platform);
    free(resolution);
}

static void end(struct resolution *resolution, const struct sw_image *image, struct sw_error *error) {
    struct sw_vec waiters = resolution->waiters;
    resolution->waiters = (struct sw_vec){.width = sizeof(struct waiter)};
    resolution->ended = true;
    resolution->image = image;
    resolution->error = error;
    for (size_t i = 0; i < waiters.len; i++) {
        struct waiter *waiter = sw_vec_at(&waiters, i);
        waiter->done(waiter->context, image, sw_error_copy(error));
    }
    sw_vec_fini(&waiters);
}

static void end_unresolved(struct resolution *resolution) {
    struct sw_image *image = sw_image_unresolved(resolution->reference, resolution->platform);
    end(resolution, sw_build_keep_image(resolution->build, image), NULL);
}

/* What cannot be looked up now is no reason to explain nothing. */
static void warn_unresolved(struct resolution *resolution, struct sw_error *error) {
    sw_cleanup_free char *text =
        sw_format("base image %s cannot be looked up, so what depends on its content may be told wrongly: %s",
                  resolution->reference, error->message);
    resolution->build->options.host->log("build", SW_LOG_WARN, text);
    sw_error_free(error);
    end_unresolved(resolution);
}

static void on_resolved(void *context, const struct sw_resolved *resolved, struct sw_error *error) {
    struct resolution *resolution = context;
    struct sw_image *image = NULL;
    if (error && error->code != SW_ERROR_CANCELLED && resolution->build->options.mode == SW_BUILD_WHY) {
        warn_unresolved(resolution, error);
        return;
    }
    if (!error) {
        struct sw_image_parts parts = {resolution->reference, resolved->repo, resolved->manifest->digest, resolved->manifest->body,
                                       resolved->config};
        image = sw_image_new(&parts, &error);
        if (image && resolved->index)
            sw_image_set_index(image, resolved->index->digest);
    }
    if (error) {
        error = sw_error_wrap(error, "base image %s", resolution->reference);
        end(resolution, NULL, error);
        return;
    }
    end(resolution, sw_build_keep_image(resolution->build, image), NULL);
}

static void ask(struct resolution *resolution) {
    struct sw_build *build = resolution->build;
    if (build->options.mode == SW_BUILD_PRINT) {
        end_unresolved(resolution);
        return;
    }
    if (!build->options.base_images) {
        struct sw_error *error = NULL;
        sw_fail(&error, SW_ERROR_UNSUPPORTED, "base image %s: no store plugin for registries is installed", resolution->reference);
        end(resolution, NULL, error);
        return;
    }
    build->options.base_images->resolve(resolution->reference, resolution->platform, build->cancel, on_resolved, resolution);
}

void sw_resolve_image(struct sw_job *job, const char *reference, const char *platform, sw_resolved_done done, void *context) {
    struct sw_build *build = job->build;
    const struct sw_image *own = sw_map_get(&build->by_name, reference);
    if (own) {
        done(context, own, NULL);
        return;
    }
    sw_cleanup_free char *key = sw_format("%s@%s", reference, platform);
    struct resolution *resolution = sw_map_get(&build->resolved, key);
    if (resolution && resolution->ended) {
        done(context, resolution->image, sw_error_copy(resolution->error));
        return;
    }
    bool first = !resolution;
    if (first) {
        resolution = sw_new(sizeof *resolution);
        *resolution = (struct resolution){
            build, sw_strdup(reference), sw_strdup(platform), NULL, NULL, false, {.width = sizeof(struct waiter)}};
        sw_map_set(&build->resolved, key, resolution);
    }
    sw_vec_push(&resolution->waiters, &(struct waiter){done, context});
    if (first)
        ask(resolution);
}
