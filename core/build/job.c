/* job.c - one image for one platform, stage by stage: planned, looked up, solved, published. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/allowed.h"
#include "core/build/digest.h"
#include "core/build/leaks.h"
#include "core/build/manifest.h"
#include "core/build/session.h"
#include "core/build/stage_copy.h"
#include "core/build/stage_labels.h"

/* Stage tags of times before this one would not have thirteen digits. */
static const int64_t FIRST_TIMESTAMP = 1000000000000;

static const struct sw_host *host_of(const struct sw_job *job) {
    return job->build->options.host;
}

/* ---- the job itself ---- */

struct sw_job *sw_job_new(struct sw_build *build, const struct sw_project_image *image, const char *part, const char *platform) {
    struct sw_job *job = sw_new(sizeof *job);
    job->build = build;
    job->image = image;
    job->part = part ? sw_arena_str(&job->arena, part) : NULL;
    job->name = part ? sw_format("%s/%s", image->name, part) : sw_strdup(image->name);
    job->platform = platform;
    job->plan_id = sw_format("%s@%s", image->name, platform);
    job->stages.width = sizeof(struct sw_stage_state *);
    job->waiters.width = sizeof(struct sw_job_waiter);
    for (size_t i = 0; i < build->options.builder_count; i++)
        if (strcmp(build->options.builders[i].name, image->builder->name) == 0)
            job->builder = build->options.builders[i].builder;
    const struct sw_build_options *options = &build->options;
    job->request = (struct sw_plan_request){
        .size = sizeof job->request,
        .offline = options->mode == SW_BUILD_PRINT ? SW_OFFLINE_GRAPH
                   : options->mode == SW_BUILD_WHY ? SW_OFFLINE_LOOK
                                                   : SW_ONLINE,
        .plan = (struct sw_plan *)job,
        .project = options->project->name,
        .image = image->name,
        .platform = platform,
        .build_platform = options->build_platform,
        .document = image->document,
        .meta = options->project->meta,
        .commit = options->commit,
        .project_folder = options->project_folder,
        .host_project_folder = options->host_project_folder,
        .cache_version = image->cache_version,
        .network = *options->network ? options->network : image->network,
        .cancel = build->cancel,
        .part = job->part,
        .merge_from = options->merge_from,
        .merge_into = options->merge_into,
    };
    struct sw_graph_files files = sw_trees_for(job);
    job->graph = sw_graph_new(&files);
    return job;
}

void sw_job_free(struct sw_job *job) {
    if (!job)
        return;
    if (job->planner)
        job->builder->close(job->planner);
    for (size_t i = 0; i < job->stages.len; i++) {
        struct sw_stage_state *stage = sw_job_stage(job, i);
        free(stage->config);
    }
    sw_vec_fini(&job->stages);
    sw_vec_fini(&job->waiters);
    sw_graph_free(job->graph);
    sw_arena_fini(&job->arena);
    sw_error_free(job->error);
    free(job->name);
    free(job->plan_id);
    free(job);
}

struct sw_stage_state *sw_job_stage(const struct sw_job *job, size_t index) {
    return *(struct sw_stage_state **)sw_vec_at(&job->stages, index);
}

struct sw_stage_state *sw_job_last_stage(const struct sw_job *job) {
    return job->stages.len ? sw_job_stage(job, job->stages.len - 1) : NULL;
}

struct sw_stage_state *sw_job_find_stage(const struct sw_job *job, const char *name) {
    for (size_t i = 0; i < job->stages.len; i++)
        if (strcmp(sw_job_stage(job, i)->name, name) == 0)
            return sw_job_stage(job, i);
    return NULL;
}

void sw_job_wait(struct sw_job *job, void (*ready)(void *context, struct sw_job *job), void *context) {
    if (job->state == SW_JOB_DONE || job->state == SW_JOB_FAILED) {
        ready(context, job);
        return;
    }
    sw_vec_push(&job->waiters, &(struct sw_job_waiter){ready, context});
}

static void end(struct sw_job *job, enum sw_job_state state) {
    job->state = state;
    job->seconds = (double)(host_of(job)->timers->now() - job->started) / 1000;
    if (job->vertex) {
        bool failed = state == SW_JOB_FAILED, cancelled = failed && job->error && job->error->code == SW_ERROR_CANCELLED;
        struct sw_stage_state *last = sw_job_last_stage(job);
        uint32_t shown = cancelled               ? SW_VERTEX_CANCELLED
                         : failed                ? SW_VERTEX_FAILED
                         : last && last->rebuilt ? SW_VERTEX_DONE
                                                 : SW_VERTEX_CACHED;
        host_of(job)->progress->finish(job->vertex, shown);
        job->vertex = NULL;
    }
    struct sw_vec waiters = job->waiters;
    job->waiters = (struct sw_vec){.width = sizeof(struct sw_job_waiter)};
    for (size_t i = 0; i < waiters.len; i++) {
        struct sw_job_waiter *waiter = sw_vec_at(&waiters, i);
        waiter->ready(waiter->context, job);
    }
    sw_vec_fini(&waiters);
    sw_build_job_ended(job->build, job);
}

void sw_job_fail(struct sw_job *job, struct sw_error *error) {
    if (job->state == SW_JOB_FAILED || job->state == SW_JOB_DONE) {
        sw_error_free(error);
        return;
    }
    if (!job->error)
        job->error = sw_error_copy(error);
    sw_error_free(error);
    if (job->in_flight)
        sw_build_job_failing(job->build, job);
    else
        end(job, SW_JOB_FAILED);
}

/* An answer that was due has come. True when the job has failed in the meantime: the answer is of no use, and may have been the last. */
static bool landed_after_failure(struct sw_job *job) {
    job->in_flight--;
    if (!job->error)
        return false;
    if (job->in_flight == 0)
        end(job, SW_JOB_FAILED);
    return true;
}

/* ---- planning ---- */

static void plan_next(struct sw_job *job);
static void plan_spec(struct sw_job *job);
static void start_solving(struct sw_job *job);

static struct sw_stage_state *take_stage(struct sw_job *job, const struct sw_stage *answer) {
    struct sw_stage_state *stage = sw_stage_copy(&job->arena, answer);
    stage->started = host_of(job)->timers->now();
    return stage;
}

/* What the stage adds to the digest above it: the commits that its image stands at, or the latest ones when it has none yet. */
static void compute_next(struct sw_stage_state *stage, const struct sw_image *image) {
    sw_cleanup_strlist struct sw_strlist commits = {0};
    stage->next[0] = '\0';
    if (!(stage->flags & SW_STAGE_FEEDS_COMMITS))
        return;
    for (size_t i = 0; i < stage->commit_count; i++) {
        const char *label = image ? sw_image_label(image, stage->commits[i].label) : NULL;
        sw_strlist_add(&commits, label ? label : stage->commits[i].commit);
    }
    sw_commits_digest(sw_strlist_view(&commits), stage->next);
}

static void compute_digest(struct sw_job *job, struct sw_stage_state *stage) {
    struct sw_stage_state *previous = sw_job_last_stage(job);
    sw_cleanup_free char *dependencies = sw_stage_dependencies(stage->inputs, stage->input_count, stage->flags);
    struct sw_digest_inputs inputs = {
        .platform = job->platform,
        .name = stage->digest_name,
        .dependencies = dependencies,
        .previous_digest = previous ? previous->digest : NULL,
        .previous_next = previous ? previous->next : NULL,
        .base = stage->digest_base,
    };
    sw_stage_digest(&inputs, stage->digest);
}

/* The stage's own name for a time: the commit's, so that equal builds make equal tags, and never before the stage below. A tag that is
 * there already was looked at and did not fit: it may be of another branch. */
static void make_id(const struct sw_job *job, struct sw_stage_state *stage) {
    int64_t stamp = job->build->options.epoch * 1000;
    const struct sw_stage_state *previous = sw_job_last_stage(job);
    if (previous && previous->timestamp > stamp)
        stamp = previous->timestamp;
    stage->timestamp = stamp < FIRST_TIMESTAMP ? FIRST_TIMESTAMP : stamp;
    sw_stage_id_format(stage->digest, stage->timestamp, stage->id);
    while (sw_stage_index_has_tag(&job->build->primary.index, stage->id))
        sw_stage_id_format(stage->digest, ++stage->timestamp, stage->id);
}

/* The node that stands for the last stage, to build the next one on. */
static sw_node node_below(struct sw_job *job, struct sw_error **error) {
    struct sw_stage_state *previous = sw_job_last_stage(job);
    if (!previous)
        return SW_NODE_NONE;
    if (previous->node == SW_NODE_NONE && previous->image) {
        struct sw_op_image op = {.size = sizeof op, .image = previous->image};
        sw_cleanup_free char *title = sw_format("stage %s", previous->name);
        struct sw_op_note note = {.size = sizeof note, .title = title};
        previous->node = sw_host_graph_table.add_image(job->graph, &op, &note, error);
    }
    return previous->node;
}

/* Puts the stage's labels on `config`, which is taken, and that on `node`: what is solved is the finished image. */
static sw_node finish_node(struct sw_job *job, const struct sw_stage_state *stage, sw_node node, json_t *config,
                           struct sw_error **error) {
    if (!stage->is_spec) /* which had its labels before it could remove some of them */
        sw_stage_set_labels(job, stage, config);
    sw_cleanup_free char *title = sw_format("stage %s", stage->name);
    struct sw_op_note note = {.size = sizeof note, .title = title};
    return sw_graph_add_config(job->graph, node, config, &note, error);
}

static void stage_planned(struct sw_job *job, struct sw_stage_state *stage) {
    sw_vec_push(&job->stages, &stage);
    if (stage->is_spec)
        start_solving(job);
    else
        plan_next(job);
}

/* The stage must be built. Takes `config`. */
static void node_ready(struct sw_job *job, struct sw_stage_state *stage, sw_node node, json_t *config) {
    struct sw_error *error = NULL;
    stage->node = finish_node(job, stage, node, config, &error);
    stage->wanted = true;
    if (stage->node == SW_NODE_NONE)
        sw_job_fail(job, error);
    else
        stage_planned(job, stage);
}

struct realizing {
    struct sw_job *job;
    struct sw_stage_state *stage;
};

static void on_realized(void *context, sw_node node, struct sw_error *error) {
    struct realizing realizing = *(struct realizing *)context;
    free(context);
    if (error || node == SW_NODE_NONE) {
        if (!error)
            sw_fail(&error, SW_ERROR_INTERNAL, "builder \"%s\" gave no node for stage %s", realizing.job->image->builder->name,
                    realizing.stage->name);
        sw_job_fail(realizing.job, error);
        return;
    }
    node_ready(realizing.job, realizing.stage, node, sw_config_copy_to_label(sw_graph_config(realizing.job->graph, node)));
}

static void realize(struct sw_job *job, struct sw_stage_state *stage) {
    struct sw_error *error = NULL;
    sw_node below = node_below(job, &error);
    if (error) {
        sw_job_fail(job, error);
        return;
    }
    if (stage->is_spec) {
        sw_cleanup_json json_t *before = sw_config_copy_to_label(sw_graph_config(job->graph, below));
        sw_stage_set_labels(job, stage, before);
        sw_config_set_label(before, "werf.io/base-image-id", ""); /* known when it is published */
        sw_cleanup_free char *labelled = json_dumps(before, JSON_COMPACT);
        sw_cleanup_free char *config = sw_spec_apply(job, labelled, &error);
        if (config)
            node_ready(job, stage, below, json_loads(config, 0, NULL));
        else
            sw_job_fail(job, error);
        return;
    }
    struct realizing *realizing = sw_new(sizeof *realizing);
    *realizing = (struct realizing){job, stage};
    job->builder->realize(job->planner, job->graph, below, on_realized, realizing);
}

static void on_looked_up(void *context, struct sw_error *error) {
    struct realizing realizing = *(struct realizing *)context;
    struct sw_job *job = realizing.job;
    struct sw_stage_state *stage = realizing.stage;
    free(context);
    if (error) {
        sw_job_fail(job, error);
        return;
    }
    compute_next(stage, stage->image);
    if (stage->found) {
        stage->seconds = (double)(host_of(job)->timers->now() - stage->started) / 1000;
        stage_planned(job, stage);
        return;
    }
    if (job->build->options.mode == SW_BUILD_CHECK) {
        sw_fail(&error, SW_ERROR_BUILD, "image \"%s\": stage %s (%s) is not in %s", job->name, stage->name, stage->digest,
                job->build->options.repo_name);
        sw_job_fail(job, sw_error_hint(error, "build it first, without --require-built-images"));
        return;
    }
    sw_content_digest(job->platform, stage->name, stage->digest, stage->next, stage->content_digest);
    make_id(job, stage);
    realize(job, stage);
}

static void look_up(struct sw_job *job, struct sw_stage_state *stage) {
    struct sw_stage_state *previous = sw_job_last_stage(job);
    struct realizing *realizing = sw_new(sizeof *realizing);
    *realizing = (struct realizing){job, stage};
    compute_digest(job, stage);
    if (job->build->options.mode == SW_BUILD_PRINT)
        on_looked_up(realizing, NULL);
    else
        sw_lookup_stage(job, stage, previous ? previous->timestamp : 0, on_looked_up, realizing);
}

static void on_stage(void *context, const struct sw_stage *answer, struct sw_error *error) {
    struct sw_job *job = context;
    if (error)
        sw_job_fail(job, error);
    else if (answer)
        look_up(job, take_stage(job, answer));
    else
        plan_spec(job);
}

static void plan_next(struct sw_job *job) {
    struct sw_stage_state *previous = sw_job_last_stage(job);
    if (!previous) {
        job->builder->next(job->planner, NULL, on_stage, job);
        return;
    }
    struct sw_stage_view view = {
        .size = sizeof view,
        .found = previous->found,
        .name = previous->name,
        .digest = previous->digest,
        .content_digest = previous->content_digest,
        .config =
            previous->found ? sw_host_image_table.config(previous->image) : sw_host_graph_table.config(job->graph, previous->node),
    };
    sw_cleanup_json json_t *config =
        previous->found ? json_loads(view.config, 0, NULL) : json_incref(sw_graph_config(job->graph, previous->node));
    view.labels = sw_config_labels(&job->arena, config);
    job->builder->next(job->planner, &view, on_stage, job);
}

/* Whether what imageSpec changes is made by a front end that has yet to run. */
static bool config_comes_later(const struct sw_job *job) {
    const struct sw_stage_state *last = sw_job_last_stage(job);
    sw_node node = last->wanted && !sw_build_only_plans(job->build) ? last->node : SW_NODE_NONE;
    while (node != SW_NODE_NONE && sw_host_graph_table.kind(job->graph, node) == SW_OP_CONFIG)
        node = ((const struct sw_op_config *)sw_host_graph_table.record(job->graph, node))->input;
    return node != SW_NODE_NONE && sw_host_graph_table.kind(job->graph, node) == SW_OP_FRONTEND;
}

/* The last stage is published: it is a base image now, whose config is known. */
static void resume_planning(struct sw_job *job) {
    struct sw_stage_state *last = sw_job_last_stage(job);
    job->spec_later = job->solved = false;
    job->state = SW_JOB_PLANNING;
    last->wanted = false;
    last->node = SW_NODE_NONE;
    plan_spec(job);
}

/* The imageSpec stage is the same for all builders, so it is made here. */
static void plan_spec(struct sw_job *job) {
    struct sw_stage_state *stage = sw_arena_new(&job->arena, sizeof *stage);
    if (!sw_job_last_stage(job)) {
        struct sw_error *error = NULL;
        sw_fail(&error, SW_ERROR_INTERNAL, "image \"%s\" has no stages", job->name);
        sw_job_fail(job, error);
        return;
    }
    if (job->build->options.skip_image_spec || !sw_spec_stage(job, stage)) {
        start_solving(job);
        return;
    }
    if (config_comes_later(job)) {
        job->spec_later = true;
        start_solving(job);
        return;
    }
    stage->is_spec = true;
    stage->digest_name = stage->name;
    stage->node = SW_NODE_NONE;
    stage->started = host_of(job)->timers->now();
    look_up(job, stage);
}

/* ---- solving and publishing ---- */

static void publish_ready(struct sw_job *job);

static void on_published(void *context, struct sw_error *error) {
    struct sw_job *job = context;
    job->publishing = false;
    if (landed_after_failure(job)) {
        sw_error_free(error);
        return;
    }
    if (error) {
        sw_job_fail(job, error);
        return;
    }
    struct sw_stage_state *stage = sw_job_stage(job, job->published++);
    stage->seconds = (double)(host_of(job)->timers->now() - stage->started) / 1000;
    publish_ready(job);
}

/* Stages are published from the bottom up, each as soon as its result is there. */
static void publish_ready(struct sw_job *job) {
    while (job->published < job->stages.len && !sw_job_stage(job, job->published)->wanted)
        job->published++;
    if (job->error || job->publishing)
        return;
    if (job->published == job->stages.len) {
        if (job->solved && job->spec_later)
            resume_planning(job);
        else if (job->solved)
            sw_job_finish(job);
        return;
    }
    struct sw_stage_state *stage = sw_job_stage(job, job->published);
    if (!stage->config)
        return;
    job->publishing = true;
    job->in_flight++;
    sw_publish_stage(job, stage, job->published ? sw_job_stage(job, job->published - 1) : NULL, on_published, job);
}

static void on_result(void *context, const struct sw_result *result) {
    struct sw_job *job = context;
    for (size_t i = 0; i < job->stages.len; i++) {
        struct sw_stage_state *stage = sw_job_stage(job, i);
        if (!stage->wanted || stage->node != result->node || stage->config)
            continue;
        stage->config = sw_strdup(result->config);
        stage->layers = sw_arena_copy(&job->arena, result->layers, result->layer_count * sizeof *stage->layers);
        stage->layer_count = result->layer_count;
        for (size_t j = 0; j < stage->layer_count; j++) {
            stage->layers[j].media_type = sw_arena_str(&job->arena, stage->layers[j].media_type);
            stage->layers[j].digest = sw_arena_str(&job->arena, stage->layers[j].digest);
            stage->layers[j].diff_id = sw_arena_str(&job->arena, stage->layers[j].diff_id);
        }
    }
    publish_ready(job);
}

static void on_solved(void *context, struct sw_error *error) {
    struct sw_job *job = context;
    job->solved = true;
    if (landed_after_failure(job)) {
        sw_error_free(error);
        return;
    }
    if (error) {
        if (job->name[0] && error->code != SW_ERROR_CANCELLED)
            error = sw_error_wrap(error, "image \"%s\"", job->name);
        sw_job_fail(job, error);
        return;
    }
    for (size_t i = 0; i < job->stages.len; i++) {
        struct sw_stage_state *stage = sw_job_stage(job, i);
        if (stage->wanted && !stage->config) {
            sw_fail(&error, SW_ERROR_INTERNAL, "backend \"%s\" gave no result for stage %s", job->build->options.backend_name,
                    stage->name);
            sw_job_fail(job, error);
            return;
        }
    }
    publish_ready(job);
}

/* Where a backend may put layers itself: into a registry that names it as everybody does, when nothing has to be looked for in them. */
static const char *repo_for_backend(const struct sw_build_options *options) {
    bool registry = options->remote && options->store == options->base_images;
    return registry && !sw_leaks_possible() ? options->repo : NULL;
}

/* Only what is above the last stage that was found has to be built: a missing stage below a found one is not needed any more. */
static void start_solving(struct sw_job *job) {
    bool below_found = false;
    sw_cleanup_vec struct sw_vec nodes = {.width = sizeof(sw_node)};
    for (size_t i = job->stages.len; i-- > 0;) {
        struct sw_stage_state *stage = sw_job_stage(job, i);
        if (below_found)
            stage->wanted = false;
        below_found |= stage->found;
    }
    for (size_t i = 0; i < job->stages.len; i++)
        if (sw_job_stage(job, i)->wanted)
            sw_vec_push(&nodes, &sw_job_stage(job, i)->node);
    if (nodes.len == 0 || sw_build_only_plans(job->build)) {
        job->solved = true;
        job->published = job->stages.len;
        sw_job_finish(job);
        return;
    }
    const struct sw_allowed allowed = {&job->build->options.capabilities, job->build->options.backend_name,
                                       job->build->options.insecure};
    struct sw_error *refusal = NULL;
    if (!sw_graph_allowed(job->graph, &allowed, &refusal)) {
        sw_job_fail(job, refusal);
        return;
    }
    job->state = SW_JOB_SOLVING;
    const sw_node *wanted = sw_arena_copy(&job->arena, nodes.data, nodes.len * sizeof *wanted);
    const struct sw_build_options *options = &job->build->options;
    struct sw_solve solve = {
        .size = sizeof solve,
        .graph = job->graph,
        .wanted = wanted,
        .wanted_count = nodes.len,
        .platform = job->platform,
        .plan_id = job->plan_id,
        .epoch = options->epoch,
        .insecure_allowed = options->insecure,
        .cancel = job->build->cancel,
        .vertex = job->vertex,
        .on_result = on_result,
        .done = on_solved,
        .context = job,
        .repo = repo_for_backend(options),
    };
    job->in_flight++;
    options->backend->solve(sw_arena_copy(&job->arena, &solve, sizeof solve));
}

void sw_job_finish(struct sw_job *job) {
    const struct sw_stage_state *last = sw_job_last_stage(job);
    struct sw_build *build = job->build;
    struct sw_arena *arena = &build->arena;
    const struct sw_image *image = last->image;
    sw_cleanup_free char *name = sw_build_image_name(build, last->id);
    job->built = (struct sw_built_image){
        .size = sizeof job->built,
        .image = job->name,
        .name = sw_arena_str(arena, name),
        .repo = build->options.repo_name,
        .tag = sw_arena_str(arena, last->id),
        .digest = image ? sw_host_image_table.manifest_digest(image) : "",
        .id = image ? sw_host_image_table.config_digest(image) : "",
        .content_digest = last->content_digest,
        .handle = image,
    };
    if (!image) /* nothing is built when a graph is only printed */
        job->built.handle = sw_build_keep_image(build, sw_image_unresolved(name, job->platform));
    end(job, SW_JOB_DONE);
}

void sw_job_start(struct sw_job *job) {
    struct sw_error *error = NULL;
    job->state = SW_JOB_PLANNING;
    job->started = host_of(job)->timers->now();
    if (!sw_build_only_plans(job->build)) {
        const char *name = job->name[0] ? job->name : "~";
        sw_cleanup_free char *title = job->image->platforms.count > 1 ? sw_format("%s (%s)", name, job->platform) : sw_strdup(name);
        job->vertex = host_of(job)->progress->start(NULL, title);
    }
    job->planner = job->builder->plan(&job->request, &error);
    if (job->planner)
        plan_next(job);
    else
        sw_job_fail(job, error);
}
