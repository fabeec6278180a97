/* plan.c - what builders ask of the host while they plan (struct sw_host_plan). A plan is a job. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/imports.h"
#include "core/build/resolve.h"
#include "core/build/session.h"

static struct sw_job *job_of(struct sw_plan *plan) {
    return (struct sw_job *)plan;
}

static void resolve_image(struct sw_plan *plan, const char *reference, const char *platform,
                          void (*done)(void *context, const struct sw_image *image, struct sw_error *error), void *context) {
    struct sw_job *job = job_of(plan);
    sw_resolve_image(job, reference, platform ? platform : job->platform, done, context);
}

static bool is_project_image(struct sw_plan *plan, const char *name) {
    return sw_project_find(job_of(plan)->build->options.project, name) != NULL;
}

/* ---- other images ---- */

struct image_wait {
    char *stage;
    void (*done)(void *context, const struct sw_built_image *image, struct sw_error *error);
    void *context;
};

/* A stage that is not the last one, as an image of its own. A stage that does not exist falls back to the last one, as in werf. */
static const struct sw_built_image *image_of_stage(struct sw_job *other, const char *name) {
    struct sw_stage_state *stage = name ? sw_job_find_stage(other, name) : NULL;
    if (!stage || stage == sw_job_last_stage(other) || !stage->image)
        return &other->built;
    struct sw_built_image *built = sw_arena_copy(&other->build->arena, &other->built, sizeof *built);
    sw_cleanup_free char *full = sw_build_image_name(other->build, stage->id);
    built->name = sw_arena_str(&other->build->arena, full);
    built->tag = stage->id;
    built->digest = sw_host_image_table.manifest_digest(stage->image);
    built->id = sw_host_image_table.config_digest(stage->image);
    built->content_digest = stage->content_digest;
    built->handle = stage->image;
    return built;
}

static void on_image(void *context, struct sw_job *other) {
    struct image_wait wait = *(struct image_wait *)context;
    struct sw_error *error = NULL;
    free(context);
    const struct sw_built_image *built = other->state == SW_JOB_DONE ? image_of_stage(other, wait.stage) : NULL;
    if (!built)
        sw_fail(&error, SW_ERROR_CANCELLED, "image \"%s\", which is needed, was not built", other->name);
    wait.done(wait.context, built, error);
    free(wait.stage);
}

static void project_image(struct sw_plan *plan, const char *name, const char *stage,
                          void (*done)(void *context, const struct sw_built_image *image, struct sw_error *error), void *context) {
    struct sw_job *job = job_of(plan), *other = sw_build_job(job->build, name, job->platform);
    if (!other) {
        struct sw_error *error = NULL;
        sw_fail(&error, SW_ERROR_CONFIG, "image \"%s\" needs image \"%s\" for platform %s, for which it is not built",
                job->image->name, name, job->platform);
        done(context, NULL, sw_error_at(error, job->image->place));
        return;
    }
    struct image_wait *wait = sw_new(sizeof *wait);
    *wait = (struct image_wait){sw_strdup(stage), done, context};
    sw_job_wait(other, on_image, wait);
}

static void image_part(struct sw_plan *plan, const char *part,
                       void (*done)(void *context, const struct sw_built_image *image, struct sw_error *error), void *context) {
    struct sw_job *job = job_of(plan);
    struct image_wait *wait = sw_new(sizeof *wait);
    *wait = (struct image_wait){NULL, done, context};
    sw_job_wait(sw_build_start_part(job->build, job, part), on_image, wait);
}

static void import_checksum(struct sw_plan *plan, const struct sw_import *import,
                            void (*done)(void *context, const char *checksum, const char *source, struct sw_error *error),
                            void *context) {
    sw_import_checksum(job_of(plan), import, done, context);
}

static struct sw_strings secret_ids(struct sw_plan *plan) {
    struct sw_job *job = job_of(plan);
    const char **ids = sw_arena_new(&job->arena, job->image->secret_count * sizeof *ids);
    for (size_t i = 0; i < job->image->secret_count; i++)
        ids[i] = job->image->secrets[i].id;
    return (struct sw_strings){ids, job->image->secret_count};
}

static void warn(struct sw_plan *plan, const struct sw_place *place, const char *rule, const char *text) {
    struct sw_job *job = job_of(plan);
    sw_cleanup_free char *where = place && place->file ? sw_format("%s:%u: ", place->file, place->line) : sw_strdup("");
    sw_cleanup_free char *line = sw_format("%s%s%s%s", where, text, rule ? " " : "", rule ? rule : "");
    job->build->options.host->log(job->image->builder->name, SW_LOG_WARN, line);
}

const struct sw_host_plan sw_plan_table = {
    .size = sizeof(struct sw_host_plan),
    .resolve_image = resolve_image,
    .is_project_image = is_project_image,
    .project_image = project_image,
    .import_checksum = import_checksum,
    .secret_ids = secret_ids,
    .warn = warn,
    .image_part = image_part,
};
