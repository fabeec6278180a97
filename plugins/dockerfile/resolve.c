#include "plugins/dockerfile/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/dockerfile/text.h"

/* A base image that was looked up. */
struct found_image {
    const char *reference;
    const char *platform;
    const struct sw_image *image; /* NULL: still looked for */
};

struct resolving {
    struct sw_df_planner *planner;
    enum sw_df_recording recording;
    sw_df_evaluated_done done;
    void *context;
    struct sw_vec images; /* struct found_image */
    size_t waiting;       /* look-ups without an answer, and one while they are being asked for */
    struct sw_error *error;
};

/* One look-up. */
struct lookup {
    struct resolving *resolving;
    size_t index;
    struct sw_place place;
};

static void evaluate(struct resolving *r);

void sw_df_evaluation_free(struct sw_df_evaluation *evaluation) {
    if (!evaluation)
        return;
    sw_df_evaluation_fini(evaluation);
    free(evaluation);
}

static void finish(struct resolving *r, struct sw_df_evaluation *evaluation, struct sw_error *error) {
    sw_df_evaluated_done done = r->done;
    void *context = r->context;
    sw_vec_fini(&r->images);
    free(r);
    done(context, evaluation, error);
}

/* ---- images ---- */

static void describe(struct resolving *r, const struct sw_image *image, struct sw_df_base *base) {
    const struct sw_host_image *table = r->planner->host->image;
    *base = (struct sw_df_base){.config = table->config(image),
                                .digest = table->manifest_digest(image),
                                .handle = image,
                                .layer_count = table->layer_count(image),
                                .unresolved = !table->manifest_digest(image)};
}

static enum sw_df_found find_image(void *context, const char *reference, const char *platform, struct sw_df_base *base) {
    struct resolving *r = context;
    for (size_t i = 0; i < r->images.len; i++) {
        const struct found_image *found = sw_vec_at(&r->images, i);
        if (strcmp(found->reference, reference) != 0 || strcmp(found->platform, platform) != 0)
            continue;
        describe(r, found->image, base);
        return SW_DF_FOUND;
    }
    return SW_DF_PENDING;
}

/* REPO:TAG or REPO@DIGEST of another image of the project. */
static bool is_known(const struct sw_df_known_image *image, const char *name) {
    if (strcmp(image->name, name) == 0)
        return true;
    size_t len = image->repo ? strlen(image->repo) : 0;
    return len > 0 && image->digest && strncmp(name, image->repo, len) == 0 && name[len] == '@' &&
           strcmp(name + len + 1, image->digest) == 0;
}

static bool known_image(void *context, const char *name, struct sw_df_base *base) {
    struct resolving *r = context;
    for (size_t i = 0; i < r->planner->imported; i++) {
        const struct sw_df_known_image *image = &r->planner->known[i];
        if (!image->handle || !is_known(image, name))
            continue;
        describe(r, image->handle, base);
        return true;
    }
    return false;
}

static void settle(struct resolving *r) {
    if (--r->waiting > 0)
        return;
    if (r->error)
        finish(r, NULL, r->error);
    else
        evaluate(r);
}

static void on_image(void *context, const struct sw_image *image, struct sw_error *error) {
    struct lookup *lookup = context;
    struct resolving *r = lookup->resolving;
    ((struct found_image *)sw_vec_at(&r->images, lookup->index))->image = image;
    if (error && r->error)
        sw_error_free(error);
    else if (error)
        r->error = sw_error_at(error, lookup->place);
    free(lookup);
    settle(r);
}

static void look_up(struct resolving *r, const struct sw_df_need *need) {
    struct sw_df_planner *p = r->planner;
    struct found_image image = {.reference = sw_arena_str(&p->arena, need->reference),
                                .platform = sw_arena_str(&p->arena, need->platform)};
    struct lookup *lookup = sw_new(sizeof(*lookup));
    *lookup = (struct lookup){r, r->images.len, {.file = p->document.dockerfile, .line = need->first, .end_line = need->last}};
    sw_vec_push(&r->images, &image);
    r->waiting++;
    p->host->plan->resolve_image(p->request->plan, image.reference, image.platform, on_image, lookup);
}

/* ---- evaluating ---- */

/* Build arguments: what the document says, and values of other images over it. */
static struct sw_pairs build_args(struct sw_df_planner *p, struct sw_arena *arena) {
    size_t count = p->document.args.count, more = p->dependency_args.count;
    struct sw_pair *items = sw_arena_new(arena, (count + more + 1) * sizeof(*items));
    for (size_t i = 0; i < count; i++)
        items[i] = p->document.args.items[i];
    for (size_t i = 0; i < more; i++)
        items[count + i] = p->dependency_args.items[i];
    return (struct sw_pairs){items, count + more};
}

static const char *find_arg(struct sw_pairs args, const char *name) {
    for (size_t i = 0; i < args.count; i++)
        if (strcmp(args.items[i].key, name) == 0)
            return args.items[i].value;
    return NULL;
}

static void report_warnings(struct sw_df_planner *p, struct sw_df_lint *lint) {
    sw_df_lint_sort(lint);
    for (size_t i = 0; i < lint->warnings.len; i++) {
        const struct sw_df_warning *warning = sw_vec_at(&lint->warnings, i);
        struct sw_place place = {.file = p->document.dockerfile, .line = warning->first, .end_line = warning->last};
        p->host->plan->warn(p->request->plan, &place, warning->rule, warning->text);
    }
}

static void look_up_all(struct resolving *r, const struct sw_df_evaluation *evaluation) {
    r->waiting = 1;
    for (size_t i = 0; i < evaluation->needs.len; i++)
        look_up(r, sw_vec_at(&evaluation->needs, i));
}

/* Evaluates once more; the answer is due when there is an evaluation or an error. */
static void evaluate_once(struct resolving *r, const struct sw_df_options *options, struct sw_df_evaluation **out,
                          struct sw_error **error) {
    struct sw_df_evaluation *evaluation = sw_new(sizeof(*evaluation));
    sw_df_evaluate(r->planner->file, options, evaluation);
    if (!evaluation->failure.text && evaluation->needs.len > 0) {
        look_up_all(r, evaluation);
        sw_df_evaluation_free(evaluation);
        return;
    }
    report_warnings(r->planner, &evaluation->lint);
    if (!evaluation->failure.text) {
        *out = evaluation;
        return;
    }
    *error = sw_df_planner_error(r->planner, &evaluation->failure);
    sw_df_evaluation_free(evaluation);
}

bool sw_df_planner_options(struct sw_df_planner *p, struct sw_df_options *options, struct sw_df_failure *failure) {
    *options = (struct sw_df_options){.target = p->document.target,
                                      .platform = p->request->platform && *p->request->platform ? p->request->platform : NULL,
                                      .build_platform = p->request->build_platform,
                                      .build_args = build_args(p, &p->arena),
                                      .ignore = p->ignore,
                                      .ignore_name = p->ignore_name};
    const char *scope = find_arg(options->build_args, "BUILDKIT_CACHE_MOUNT_NS");
    const char *rules = find_arg(options->build_args, "BUILDKIT_DOCKERFILE_CHECK");
    options->cache_namespace = scope ? scope : "";
    if (!rules)
        return true;
    struct sw_df_check *check = sw_arena_new(&p->arena, sizeof(*check));
    options->check_options = check;
    return sw_df_check_parse(rules, check, failure) ||
           sw_df_fail_prefix(failure, "failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK: ");
}

static void evaluate(struct resolving *r) {
    struct sw_df_failure failure = {.arena = &r->planner->arena};
    struct sw_df_options options;
    struct sw_error *error = NULL;
    struct sw_df_evaluation *evaluation = NULL;
    if (!sw_df_planner_options(r->planner, &options, &failure)) {
        finish(r, NULL, sw_df_planner_error(r->planner, &failure));
        return;
    }
    options.recording = r->recording;
    options.images = (struct sw_df_images){.known = known_image, .find = find_image, .context = r};
    evaluate_once(r, &options, &evaluation, &error);
    if (evaluation || error)
        finish(r, evaluation, error);
    else
        settle(r);
}

void sw_df_planner_evaluate(struct sw_df_planner *planner, enum sw_df_recording recording, sw_df_evaluated_done done,
                            void *context) {
    struct resolving *r = sw_new(sizeof(*r));
    *r = (struct resolving){.planner = planner,
                            .recording = recording,
                            .done = done,
                            .context = context,
                            .images = {.width = sizeof(struct found_image)}};
    evaluate(r);
}
