/* lookup.c - is there a stage with this digest already? */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/build/session.h"

/* ---- the listing ---- */

struct listing_waiter {
    sw_done done;
    void *context;
};

static void answer_listing(struct sw_build *build) {
    struct sw_vec waiters = build->listing.waiters;
    build->listing.waiters = (struct sw_vec){.width = sizeof(struct listing_waiter)};
    for (size_t i = 0; i < waiters.len; i++) {
        struct listing_waiter *waiter = sw_vec_at(&waiters, i);
        waiter->done(waiter->context, sw_error_copy(build->listing_error));
    }
    sw_vec_fini(&waiters);
}

static void on_listed(void *context, struct sw_strings tags, struct sw_error *error) {
    struct sw_build *build = context;
    build->listing.running = false;
    build->listed = true;
    build->listing_error = sw_error_copy(error);
    if (error)
        error->destroy(error);
    else
        sw_stage_index_fill(&build->index, tags);
    answer_listing(build);
}

void sw_lookup_list(struct sw_build *build, sw_done done, void *context) {
    if (build->listed) {
        done(context, sw_error_copy(build->listing_error));
        return;
    }
    build->listing.waiters.width = sizeof(struct listing_waiter);
    sw_vec_push(&build->listing.waiters, &(struct listing_waiter){done, context});
    if (build->listing.running)
        return;
    build->listing.running = true;
    build->options.store->list(build->repo, build->cancel, on_listed, build);
}

/* ---- one stage ---- */

/* Candidates are asked for one after another, the oldest first, since nearly always the first one fits. */
struct lookup {
    struct sw_job *job;
    struct sw_stage_state *stage;
    int64_t not_before;
    int64_t *stamps;
    size_t count;
    size_t next;
    char tag[SW_STAGE_ID_SIZE];
    struct sw_bytes manifest; /* of the current candidate; owned */
    char *manifest_digest;
    sw_done done;
    void *context;
};

static void try_next(struct lookup *lookup);

static void drop_candidate(struct lookup *lookup) {
    free((void *)lookup->manifest.data);
    free(lookup->manifest_digest);
    lookup->manifest = (struct sw_bytes){0};
    lookup->manifest_digest = NULL;
}

static void finish(struct lookup *lookup, struct sw_error *error) {
    sw_done done = lookup->done;
    void *context = lookup->context;
    drop_candidate(lookup);
    free(lookup->stamps);
    free(lookup);
    done(context, error);
}

/* A stage of an ancestor's files can be brought up to date by a patch; any other one cannot. */
static bool fits_commits(const struct sw_host *host, const struct sw_stage_state *stage, const struct sw_image *image) {
    if (stage->selection != SW_SELECT_ANCESTOR)
        return true;
    for (size_t i = 0; i < stage->commit_count; i++) {
        const char *commit = sw_image_label(image, stage->commits[i].label);
        if (!commit || !host->files->is_ancestor(stage->commits[i].handle, commit))
            return false;
    }
    return true;
}

static void warn_broken(const struct lookup *lookup, const char *why) {
    char *text = sw_format("stage %s is ignored: %s", lookup->tag, why);
    lookup->job->build->options.host->log("build", SW_LOG_WARN, text);
    free(text);
}

static void on_config(void *context, struct sw_bytes bytes, struct sw_error *error) {
    struct lookup *lookup = context;
    struct sw_build *build = lookup->job->build;
    struct sw_image *image = NULL;
    if (!error) {
        char *name = sw_build_image_name(build, lookup->tag);
        struct sw_image_parts parts = {name, build->options.repo, lookup->manifest_digest, lookup->manifest, bytes};
        image = sw_image_new(&parts, &error);
        free(name);
    }
    if (error && error->code != SW_ERROR_NOT_FOUND && error->code != SW_ERROR_CORRUPT) {
        finish(lookup, error);
        return;
    }
    const char *content = image ? sw_image_label(image, "werf-stage-content-digest") : NULL;
    if (error || !content || strlen(content) != SW_STAGE_DIGEST_LEN) {
        warn_broken(lookup, error ? error->message : "it has no content digest");
        sw_error_free(error);
        sw_image_free(image);
        try_next(lookup);
        return;
    }
    if (!fits_commits(build->options.host, lookup->stage, image)) {
        sw_image_free(image);
        try_next(lookup);
        return;
    }
    lookup->stage->found = true;
    lookup->stage->image = sw_build_keep_image(build, image);
    lookup->stage->timestamp = lookup->stamps[lookup->next - 1];
    memcpy(lookup->stage->id, lookup->tag, sizeof lookup->tag);
    memcpy(lookup->stage->content_digest, content, sizeof lookup->stage->content_digest);
    finish(lookup, NULL);
}

/* Descriptor of the config that a manifest names. */
static bool config_descriptor(json_t *manifest, struct sw_descriptor *config) {
    json_t *object = json_object_get(manifest, "config");
    *config = (struct sw_descriptor){
        .size = sizeof *config,
        .media_type = json_string_value(json_object_get(object, "mediaType")),
        .digest = json_string_value(json_object_get(object, "digest")),
        .bytes = (uint64_t)json_integer_value(json_object_get(object, "size")),
    };
    return config->media_type && sw_digest_valid(config->digest);
}

static void on_manifest(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct lookup *lookup = context;
    struct sw_build *build = lookup->job->build;
    if (error && error->code != SW_ERROR_NOT_FOUND && error->code != SW_ERROR_CORRUPT) {
        finish(lookup, error);
        return;
    }
    if (error) {
        warn_broken(lookup, error->message);
        error->destroy(error);
        try_next(lookup);
        return;
    }
    lookup->manifest = (struct sw_bytes){sw_memdup(manifest->body.data, manifest->body.len), manifest->body.len};
    lookup->manifest_digest = sw_strdup(manifest->digest);
    json_t *json = json_loadb(manifest->body.data, manifest->body.len, JSON_REJECT_DUPLICATES, NULL);
    struct sw_descriptor config;
    if (config_descriptor(json, &config)) {
        build->options.store->get_blob(build->repo, &config, build->cancel, on_config, lookup);
    } else {
        warn_broken(lookup, "its manifest names no config");
        try_next(lookup);
    }
    json_decref(json);
}

static void try_next(struct lookup *lookup) {
    struct sw_build *build = lookup->job->build;
    drop_candidate(lookup);
    while (lookup->next < lookup->count && lookup->stamps[lookup->next] < lookup->not_before)
        lookup->next++;
    if (lookup->next == lookup->count) {
        finish(lookup, NULL);
        return;
    }
    sw_stage_id_format(lookup->stage->digest, lookup->stamps[lookup->next++], lookup->tag);
    build->options.store->get_manifest(build->repo, lookup->tag, build->cancel, on_manifest, lookup);
}

static void on_index(void *context, struct sw_error *error) {
    struct lookup *lookup = context;
    if (error) {
        finish(lookup, error);
        return;
    }
    size_t count;
    const int64_t *stamps = sw_stage_index_find(&lookup->job->build->index, lookup->stage->digest, &count);
    lookup->stamps = sw_memdup(stamps, count * sizeof *stamps);
    lookup->count = count;
    try_next(lookup);
}

void sw_lookup_stage(struct sw_job *job, struct sw_stage_state *stage, int64_t not_before, sw_done done, void *context) {
    struct lookup *lookup = sw_new(sizeof *lookup);
    lookup->job = job;
    lookup->stage = stage;
    lookup->not_before = not_before;
    lookup->done = done;
    lookup->context = context;
    sw_lookup_list(job->build, on_index, lookup);
}
