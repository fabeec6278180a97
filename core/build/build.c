#include "core/build/build.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/blobs.h"
#include "core/build/caches.h"
#include "core/build/custom_tags.h"
#include "core/build/final_repo.h"
#include "core/build/index.h"
#include "core/build/metadata.h"
#include "core/build/resolve.h"
#include "core/build/session.h"
#include "core/runtime/cancel.h"

bool sw_build_only_plans(const struct sw_build *build) {
    return build->options.mode == SW_BUILD_PRINT || build->options.mode == SW_BUILD_WHY;
}

static struct sw_job *job_at(const struct sw_build *build, size_t index) {
    return *(struct sw_job **)sw_vec_at(&build->jobs, index);
}

static struct sw_job *add_job(struct sw_build *build, const struct sw_project_image *image, const char *part,
                              const char *platform) {
    struct sw_job *job = sw_job_new(build, image, part, platform);
    sw_cleanup_free char *id = sw_format("%s@%s", job->name, platform);
    sw_vec_push(&build->jobs, &job);
    sw_map_set(&build->jobs_by_id, id, job);
    return job;
}

static void add_jobs(struct sw_build *build) {
    const struct sw_project *project = build->options.project;
    for (size_t i = 0; i < project->image_count; i++) {
        const struct sw_project_image *image = &project->images[i];
        for (size_t j = 0; build->options.wanted[i] && j < image->platforms.count; j++) {
            add_job(build, image, NULL, image->platforms.items[j]);
        }
    }
}

struct sw_build *sw_build_new(const struct sw_build_options *options) {
    struct sw_build *build = sw_new(sizeof *build);
    build->options = *options;
    build->jobs.width = sizeof(struct sw_job *);
    build->images.width = sizeof(struct sw_image *);
    build->indexes.width = sizeof(struct sw_index_image *);
    build->reports.width = sizeof(struct sw_image_report);
    build->cache_failed = sw_arena_new(&build->arena, options->cache_count * sizeof *build->cache_failed);
    build->secondaries = sw_new_array(options->secondary_count + 1, sizeof *build->secondaries);
    build->cancel = sw_cancel_new(options->cancel);
    add_jobs(build);
    sw_blobs_serve(build);
    return build;
}

static void free_origin(void *origin) {
    free(origin);
}

void sw_build_free(struct sw_build *build) {
    if (!build)
        return;
    sw_blobs_serve(NULL);
    for (size_t i = 0; i < build->jobs.len; i++)
        sw_job_free(job_at(build, i));
    for (size_t i = 0; i < build->images.len; i++)
        sw_image_free(*(struct sw_image **)sw_vec_at(&build->images, i));
    for (size_t i = 0; i < build->repos.len; i++)
        if (build->repos.entries[i].key)
            sw_build_store(build, build->repos.entries[i].key)->close(build->repos.entries[i].value);
    sw_map_fini(&build->repos, NULL);
    sw_map_fini(&build->jobs_by_id, NULL);
    sw_map_fini(&build->resolved, sw_resolution_free);
    sw_map_fini(&build->by_name, NULL);
    sw_map_fini(&build->layers, free_origin);
    sw_vec_fini(&build->jobs);
    sw_vec_fini(&build->images);
    sw_vec_fini(&build->indexes);
    sw_vec_fini(&build->reports);
    sw_map_fini(&build->fetched, NULL);
    sw_map_fini(&build->stand_ins, NULL);
    sw_stage_repo_fini(&build->primary);
    sw_stage_repo_fini(&build->final);
    for (size_t i = 0; i < build->options.secondary_count; i++)
        sw_stage_repo_fini(&build->secondaries[i]);
    free(build->secondaries);
    sw_error_free(build->first_error);
    sw_cancel_free(build->cancel);
    sw_arena_fini(&build->arena);
    free(build);
}

struct sw_job *sw_build_job(const struct sw_build *build, const char *name, const char *platform) {
    sw_cleanup_free char *id = sw_format("%s@%s", name, platform);
    return sw_map_get(&build->jobs_by_id, id);
}

/* It does not wait for a free place: the image that needs it holds one. */
struct sw_job *sw_build_start_part(struct sw_build *build, const struct sw_job *whole, const char *part) {
    sw_cleanup_free char *name = sw_format("%s/%s", whole->image->name, part);
    struct sw_job *job = sw_build_job(build, name, whole->platform);
    if (job)
        return job;
    job = add_job(build, whole->image, part, whole->platform);
    build->active++;
    sw_job_start(job);
    return job;
}

struct sw_image *sw_build_keep_image(struct sw_build *build, struct sw_image *image) {
    const struct sw_host_image *table = &sw_host_image_table;
    sw_vec_push(&build->images, &image);
    for (size_t i = 0; i < table->layer_count(image); i++) {
        const char *digest = table->layer(image, i).digest;
        if (sw_map_has(&build->layers, digest))
            continue;
        struct sw_layer_origin *origin = sw_new(sizeof *origin);
        *origin = (struct sw_layer_origin){image, i};
        sw_map_set(&build->layers, digest, origin);
    }
    sw_map_set(&build->by_name, table->reference(image), image);
    return image;
}

static const struct sw_extra_repo *find_extra(const struct sw_extra_repo *repos, size_t count, const char *address) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(repos[i].address, address) == 0)
            return &repos[i];
    return NULL;
}

/* The repositories of the command line have stores of their own choice; all other addresses are those of base images. */
const struct sw_store *sw_build_store(const struct sw_build *build, const char *address) {
    const struct sw_build_options *options = &build->options;
    if (strcmp(address, options->repo) == 0)
        return options->store;
    const struct sw_extra_repo *extra = find_extra(options->secondaries, options->secondary_count, address);
    if (!extra)
        extra = find_extra(options->caches, options->cache_count, address);
    if (!extra && options->final_repo)
        extra = find_extra(options->final_repo, 1, address);
    return extra ? extra->store : options->base_images;
}

struct sw_repo *sw_build_repo(struct sw_build *build, const char *address, struct sw_error **error) {
    struct sw_repo *repo = sw_map_get(&build->repos, address);
    if (repo)
        return repo;
    repo = sw_build_store(build, address)->open(address, error);
    if (repo)
        sw_map_set(&build->repos, address, repo);
    else if (error && *error && (*error)->code == SW_ERROR_CONFIG)
        (*error)->code = SW_ERROR_USAGE; /* it came from the command line */
    return repo;
}

char *sw_build_image_name(const struct sw_build *build, const char *tag) {
    return sw_format("%s:%s", build->options.repo_name, tag);
}

const char *sw_build_public_repo(const struct sw_build *build, const struct sw_project_image *image) {
    const struct sw_extra_repo *final = build->options.final_repo;
    return final && image->final ? final->name : build->options.repo_name;
}

/* ---- running ---- */

static void start_waiting(struct sw_build *build);

static struct sw_strings needs_of(struct sw_build *build, const struct sw_project_image *image) {
    const char **names = sw_arena_new(&build->arena, image->need_count * sizeof *names);
    for (size_t i = 0; i < image->need_count; i++)
        names[i] = build->options.project->images[image->needs[i].image].name;
    return (struct sw_strings){names, image->need_count};
}

/* Ids of the stages that this run has published. */
static void collect_rebuilt(const struct sw_build *build, struct sw_map *rebuilt) {
    for (size_t i = 0; i < build->jobs.len; i++) {
        const struct sw_job *job = job_at(build, i);
        for (size_t j = 0; j < job->stages.len; j++)
            if (sw_job_stage(job, j)->rebuilt)
                sw_map_set(rebuilt, sw_job_stage(job, j)->id, (void *)1);
    }
}

/* When the image's config says that it was created, in nanoseconds of whole seconds; else the time in the stage's name. */
static int64_t created_ns(const struct sw_stage_state *stage) {
    sw_cleanup_json json_t *config = stage->image ? json_loads(sw_host_image_table.config(stage->image), 0, NULL) : NULL;
    const char *created = json_string_value(json_object_get(config, "created"));
    struct tm time = {0};
    if (created && strptime(created, "%Y-%m-%dT%H:%M:%S", &time))
        return (int64_t)timegm(&time) * 1000000000;
    return stage->timestamp * 1000000;
}

/* A stage that several images share counts as rebuilt for the first of them, whoever was faster: equal runs make equal reports. */
static void report_stages(struct sw_build *build, const struct sw_job *job, struct sw_map *rebuilt,
                          struct sw_image_report *report) {
    struct sw_stage_report *stages = sw_arena_new(&build->arena, job->stages.len * sizeof *stages);
    for (size_t i = 0; i < job->stages.len; i++) {
        const struct sw_stage_state *stage = sw_job_stage(job, i);
        stages[i] = (struct sw_stage_report){
            .name = stage->name,
            .digest = stage->digest,
            .id = stage->id,
            .image = stage->image,
            .rebuilt = sw_map_remove(rebuilt, stage->id) != NULL,
            .copied = stage->copied,
            .skipped = !stage->image,
            .seconds = stage->seconds,
            .created_ns = created_ns(stage),
            .inputs = stage->inputs,
            .input_count = stage->input_count,
            .node = stage->node,
        };
        report->rebuilt |= stages[i].rebuilt;
    }
    report->stages = stages;
    report->stage_count = job->stages.len;
}

static uint64_t bytes_of(const struct sw_image *image) {
    uint64_t bytes = 0;
    for (size_t i = 0; image && i < sw_host_image_table.layer_count(image); i++)
        bytes += sw_host_image_table.layer(image, i).bytes;
    return bytes;
}

static void name_report(struct sw_build *build, struct sw_image_report *report) {
    report->repo = report->part ? build->options.repo_name : sw_build_public_repo(build, report->image);
    sw_cleanup_free char *name = report->tag ? sw_format("%s:%s", report->repo, report->tag) : NULL;
    report->name = name ? sw_arena_str(&build->arena, name) : NULL;
}

static int by_platform(const void *a, const void *b) {
    return strcmp((*(const struct sw_image_report *const *)a)->platform, (*(const struct sw_image_report *const *)b)->platform);
}

/* Whether `report` is of one platform of what `index` is the index of. */
static bool is_of_index(const struct sw_image_report *report, const struct sw_image_report *index) {
    return report->image == index->image && *report->platform &&
           (!report->part || !index->part ? report->part == index->part : strcmp(report->part, index->part) == 0);
}

/* The stages of all platforms, platforms in their index's order. */
static void report_index_stages(struct sw_build *build, struct sw_image_report *report) {
    const struct sw_image_report **parts = sw_arena_new(&build->arena, report->image->platforms.count * sizeof *parts);
    size_t part_count = 0, count = 0;
    for (size_t i = 0; i < build->reports.len && part_count < report->image->platforms.count; i++) {
        const struct sw_image_report *part = sw_vec_at(&build->reports, i);
        if (is_of_index(part, report)) {
            parts[part_count++] = part;
            count += part->stage_count;
        }
    }
    qsort(parts, part_count, sizeof *parts, by_platform);
    struct sw_stage_report *stages = sw_arena_new(&build->arena, count * sizeof *stages);
    for (size_t i = 0; i < part_count; i++) {
        for (size_t j = 0; j < parts[i]->stage_count; j++) {
            struct sw_stage_report *stage = &stages[report->stage_count++];
            *stage = parts[i]->stages[j];
            stage->name = sw_arena_format(&build->arena, "%s (%s)", stage->name, parts[i]->platform);
        }
    }
    report->stages = stages;
}

static void report_index(struct sw_build *build, const struct sw_index_image *index) {
    struct sw_image_report report = {.image = index->image,
                                     .part = index->part,
                                     .platform = "",
                                     .tag = index->tag,
                                     .digest = index->digest,
                                     .id = index->digest};
    name_report(build, &report);
    for (size_t i = 0; i < build->reports.len; i++) {
        const struct sw_image_report *part = sw_vec_at(&build->reports, i);
        if (!is_of_index(part, &report))
            continue;
        report.rebuilt |= part->rebuilt;
        report.bytes += part->bytes;
        if (part->seconds > report.seconds)
            report.seconds = part->seconds;
    }
    report_index_stages(build, &report);
    sw_vec_push(&build->reports, &report);
}

static void make_reports(struct sw_build *build) {
    struct sw_map rebuilt = {0};
    collect_rebuilt(build, &rebuilt);
    for (size_t i = 0; i < build->jobs.len; i++) {
        const struct sw_job *job = job_at(build, i);
        struct sw_image_report report = {
            .image = job->image,
            .part = job->part ? job->name : NULL,
            .platform = job->platform,
            .seconds = job->seconds,
            .tag = job->built.tag,
            .digest = job->built.digest,
            .id = job->built.id,
            .bytes = bytes_of(job->built.handle),
            .graph = job->graph,
            .needs = needs_of(build, job->image),
            .error = job->error,
            .not_begun = job->not_begun,
        };
        name_report(build, &report);
        report_stages(build, job, &rebuilt, &report);
        sw_vec_push(&build->reports, &report);
    }
    sw_map_fini(&rebuilt, NULL);
    for (size_t i = 0; i < build->indexes.len; i++)
        report_index(build, *(struct sw_index_image **)sw_vec_at(&build->indexes, i));
}

const struct sw_image_report *sw_build_reports(const struct sw_build *build, size_t *count) {
    *count = build->reports.len;
    return build->reports.data;
}

static void conclude(struct sw_build *build) {
    if (build->finished)
        return;
    build->finished = true;
    make_reports(build);
    build->done(build->context, sw_error_copy(build->first_error));
}

/* What is done when all images are there, in this order. The first failure ends it, unless the user wants to keep going: then it is done
 * for the images that are there. */
static void (*const conclusions[])(struct sw_build *build, sw_done done, void *context) = {
    sw_index_publish_all, sw_final_repo_fill, sw_custom_tags_publish, sw_metadata_publish, sw_caches_fill};

static bool ends_early(const struct sw_build *build) {
    return build->first_error && (!build->options.keep_going || sw_cancelled(build->cancel));
}

static void conclude_next(void *context, struct sw_error *error) {
    struct sw_build *build = context;
    if (error && !build->first_error)
        build->first_error = sw_error_copy(error);
    sw_error_free(error);
    if (ends_early(build) || build->conclusion == sizeof conclusions / sizeof *conclusions)
        conclude(build);
    else
        conclusions[build->conclusion++](build, conclude_next, build);
}

static bool all_ended(const struct sw_build *build) {
    if (build->primary.listing)
        return false;
    for (size_t i = 0; i < build->jobs.len; i++)
        if (job_at(build, i)->state < SW_JOB_DONE)
            return false;
    return true;
}

static void advance(struct sw_build *build) {
    start_waiting(build);
    if (build->concluding || !all_ended(build))
        return;
    build->concluding = true;
    if (ends_early(build) || sw_build_only_plans(build))
        conclude(build);
    else
        conclude_next(build, NULL);
}

void sw_build_job_failing(struct sw_build *build, const struct sw_job *job) {
    if (!build->first_error)
        build->first_error = sw_error_copy(job->error);
    if (build->options.keep_going || build->stopping)
        return;
    build->stopping = true;
    sw_cancel_fire(build->cancel);
}

void sw_build_job_ended(struct sw_build *build, struct sw_job *job) {
    build->active--;
    if (job->state == SW_JOB_FAILED)
        sw_build_job_failing(build, job);
    advance(build);
}

/* An image whose dependencies are not there yet waits inside its planner and does not count as active work, so that a limit of one
 * cannot deadlock: images are started in an order in which dependencies come first. */
static bool may_start(const struct sw_build *build, const struct sw_job *job) {
    for (size_t i = 0; i < job->image->need_count; i++) {
        const struct sw_project_image *need = &build->options.project->images[job->image->needs[i].image];
        const struct sw_job *other = sw_build_job(build, need->name, job->platform);
        if (other && other->state != SW_JOB_DONE && other->state != SW_JOB_FAILED)
            return false;
    }
    return true;
}

/* Whether an image that it needs failed; with `begun`, one that was not left out itself. */
static bool lacks_need(const struct sw_build *build, const struct sw_job *job, bool begun) {
    for (size_t i = 0; i < job->image->need_count; i++) {
        const struct sw_project_image *need = &build->options.project->images[job->image->needs[i].image];
        const struct sw_job *other = sw_build_job(build, need->name, job->platform);
        if (other && other->state == SW_JOB_FAILED && !(begun && other->not_begun))
            return true;
    }
    return false;
}

static void fail_unstarted(struct sw_job *job) {
    struct sw_error *error = NULL;
    job->build->active++;
    job->not_begun = !lacks_need(job->build, job, true);
    sw_fail(&error, SW_ERROR_CANCELLED, "image \"%s\" was not built because another one failed", job->image->name);
    sw_job_fail(job, error);
}

static void start_waiting(struct sw_build *build) {
    for (size_t i = 0; i < build->jobs.len; i++) {
        struct sw_job *job = job_at(build, i);
        if (job->state != SW_JOB_WAITING)
            continue;
        /* While a build ends, each is told after what it needs, to know whether that was begun. */
        if (build->stopping ? may_start(build, job) : lacks_need(build, job, false)) {
            fail_unstarted(job);
            return; /* which has called us again */
        }
        if (build->stopping || !may_start(build, job) || (build->options.parallel && build->active >= build->options.parallel))
            continue;
        build->active++;
        sw_job_start(job);
    }
}

/* A platform that is none is an error only of an image that is to be built. */
static bool check_platforms(const struct sw_build *build, struct sw_error **error) {
    const struct sw_project *project = build->options.project;
    for (size_t i = 0; i < project->image_count; i++) {
        const struct sw_project_image *image = &project->images[i];
        if (!build->options.wanted[i] || !image->platform_problem)
            continue;
        struct sw_error *cause = sw_error_new(SW_ERROR_CONFIG, "image \"%s\": %s", image->name, image->platform_problem);
        return sw_pass(error, sw_error_at(cause, image->place));
    }
    return true;
}

static bool open_repo(struct sw_build *build, struct sw_stage_repo *place, const struct sw_extra_repo *repo,
                      struct sw_error **error) {
    place->address = repo->address;
    place->name = repo->name;
    place->store = repo->store;
    place->repo = sw_build_repo(build, repo->address, error);
    return place->repo;
}

static bool open_repos(struct sw_build *build, struct sw_error **error) {
    const struct sw_build_options *options = &build->options;
    const struct sw_extra_repo primary = {options->repo, options->repo_name, options->store};
    if (!open_repo(build, &build->primary, &primary, error))
        return false;
    if (options->final_repo && !open_repo(build, &build->final, options->final_repo, error))
        return false;
    for (size_t i = 0; i < options->secondary_count; i++)
        if (!open_repo(build, &build->secondaries[i], &options->secondaries[i], error))
            return false;
    for (size_t i = 0; i < options->cache_count; i++)
        if (!sw_build_repo(build, options->caches[i].address, error))
            return false;
    return true;
}

static void on_listed(void *context, struct sw_error *error) {
    sw_error_free(error); /* whoever looks a stage up gets it too */
    advance(context);
}

/* Whatever the stages will be, they are looked up in this list: it comes while the planners are at work. */
static void list_ahead(struct sw_build *build) {
    if (build->options.mode != SW_BUILD_PRINT && !build->concluding)
        sw_stage_repo_list(&build->primary, build->cancel, on_listed, build);
}

void sw_build_run(struct sw_build *build, sw_done done, void *context) {
    struct sw_error *error = NULL;
    build->done = done;
    build->context = context;
    if (check_platforms(build, &error) && build->options.mode != SW_BUILD_PRINT)
        open_repos(build, &error);
    if (error) {
        build->first_error = error;
        conclude(build);
        return;
    }
    advance(build);
    list_ahead(build);
}
