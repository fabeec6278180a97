/* lookup.c - is there a stage with this digest already?
 *
 * The primary repository is asked first, then the secondary ones. What its listing names is asked of the cache repositories before the
 * primary one itself: a stage's tag never changes its content. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/caches.h"
#include "core/build/copy.h"
#include "core/build/manifest.h"
#include "core/build/session.h"

/* Candidates are asked for one after another, the oldest first, since nearly always the first one fits. */
struct lookup {
    struct sw_job *job;
    struct sw_stage_state *stage;
    int64_t not_before;
    const struct sw_stage_repo *place; /* that is looked at */
    size_t secondary;                  /* the next one */
    size_t cache;                      /* the next one to be asked for the candidate */
    const struct sw_extra_repo *asked; /* the cache that is; NULL: the place itself */
    int64_t *stamps;
    size_t count;
    size_t next;
    char tag[SW_STAGE_ID_SIZE];
    struct sw_bytes manifest; /* of the current candidate; owned */
    char *manifest_digest;
    struct sw_image *found; /* in a secondary repository; the build's */
    sw_done done;
    void *context;
};

static void try_next(struct lookup *lookup);
static void ask(struct lookup *lookup);
static void look_in(struct lookup *lookup, struct sw_stage_repo *place);

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

/* The commit of a mapping that counts for the ancestry of a stored stage. A merge that was made for a test only is in nobody's history:
 * what it merged stands for it. `label` is the name of the label with the mapping's commit. */
static const char *own_commit(const struct sw_image *image, const char *label) {
    int len = (int)strlen(label) - (int)strlen("commit");
    sw_cleanup_free char *merge = sw_format("%.*svirtual-merge", len, label);
    sw_cleanup_free char *from = sw_format("%.*svirtual-merge-from-commit", len, label);
    const char *value = sw_image_label(image, merge);
    return sw_image_label(image, value && strcmp(value, "true") == 0 ? from : label);
}

bool sw_stage_fits(const struct sw_build *build, const struct sw_stage_state *stage, const struct sw_image *image) {
    const struct sw_host *host = build->options.host;
    if (stage->selection != SW_SELECT_ANCESTOR)
        return true;
    for (size_t i = 0; i < stage->commit_count; i++) {
        const char *commit = own_commit(image, stage->commits[i].label);
        const struct sw_commit *known;
        if (!commit)
            return false;
        if (build->options.any_ancestry ? !host->files->sibling(stage->commits[i].handle, commit, &known, NULL)
                                        : !host->files->is_ancestor(stage->commits[i].handle, commit))
            return false;
    }
    return true;
}

/* ---- the stage is there ---- */

static void take(struct lookup *lookup, struct sw_image *image) {
    struct sw_stage_state *stage = lookup->stage;
    stage->found = true;
    stage->image = image;
    stage->timestamp = lookup->stamps[lookup->next - 1];
    memcpy(stage->id, lookup->tag, sizeof lookup->tag);
    memcpy(stage->content_digest, sw_image_label(image, "werf-stage-content-digest"), sizeof stage->content_digest);
    finish(lookup, NULL);
}

static struct sw_image *make_image(struct lookup *lookup, const struct sw_stage_repo *place, struct sw_bytes config,
                                   struct sw_error **error) {
    sw_cleanup_free char *name = sw_format("%s:%s", place->name, lookup->tag);
    struct sw_image_parts parts = {name, place->address, lookup->manifest_digest, lookup->manifest, config};
    return sw_image_new(&parts, error);
}

static void on_copied(void *context, struct sw_error *error) {
    struct lookup *lookup = context;
    struct sw_build *build = lookup->job->build;
    const char *config = sw_host_image_table.config(lookup->found);
    struct sw_image *image = NULL;
    if (!error)
        image = make_image(lookup, &build->primary, (struct sw_bytes){config, strlen(config)}, &error);
    if (error) {
        finish(lookup, sw_error_wrap(error, "copying stage %s from %s", lookup->tag, lookup->place->name));
        return;
    }
    sw_stage_index_add(&build->primary.index, lookup->tag);
    lookup->stage->copied = true;
    take(lookup, sw_build_keep_image(build, image));
}

/* What a secondary repository has gets a copy in the primary one, under the same name. */
static void copy(struct lookup *lookup) {
    struct sw_build *build = lookup->job->build;
    const struct sw_copy copy = {
        .build = build,
        .image = lookup->found,
        .store = build->primary.store,
        .repo = build->primary.repo,
        .tag = lookup->tag,
        .done = on_copied,
        .context = lookup,
    };
    sw_copy_image(&copy);
}

/* ---- the candidate's parts ---- */

/* The candidate could not be had: a cache's failure never fails the build, and a stage that is gone or broken is as good as missing.
 * Takes `error`. */
static void look_on(struct lookup *lookup, struct sw_error *error) {
    if (lookup->asked && error->code != SW_ERROR_CANCELLED) {
        if (error->code != SW_ERROR_NOT_FOUND)
            sw_cache_failed(lookup->job->build, lookup->asked, error);
        sw_error_free(error);
        ask(lookup);
    } else if (error->code == SW_ERROR_NOT_FOUND || error->code == SW_ERROR_CORRUPT) {
        sw_cleanup_free char *text = sw_format("stage %s is ignored: %s", lookup->tag, error->message);
        lookup->job->build->options.host->log("build", SW_LOG_WARN, text);
        sw_error_free(error);
        try_next(lookup);
    } else {
        finish(lookup, error);
    }
}

static void on_config(void *context, struct sw_bytes bytes, struct sw_error *error) {
    struct lookup *lookup = context;
    struct sw_build *build = lookup->job->build;
    struct sw_image *image = error ? NULL : make_image(lookup, lookup->place, bytes, &error);
    const char *content = image ? sw_image_label(image, "werf-stage-content-digest") : NULL;
    if (!error && (!content || strlen(content) != SW_STAGE_DIGEST_LEN)) {
        sw_fail(&error, SW_ERROR_CORRUPT, "stage %s has no content digest", lookup->tag);
        sw_image_free(image);
    }
    if (error) {
        look_on(lookup, error);
        return;
    }
    if (!sw_stage_fits(build, lookup->stage, image)) {
        sw_image_free(image);
        try_next(lookup);
        return;
    }
    lookup->found = sw_build_keep_image(build, image);
    if (lookup->place == &build->primary || sw_build_only_plans(build))
        take(lookup, image);
    else
        copy(lookup);
}

static void on_manifest(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct lookup *lookup = context;
    struct sw_build *build = lookup->job->build;
    sw_cleanup_json json_t *json = error ? NULL : json_loadb(manifest->body.data, manifest->body.len, JSON_REJECT_DUPLICATES, NULL);
    struct sw_descriptor config;
    if (!error && !sw_manifest_config(json, &config))
        sw_fail(&error, SW_ERROR_CORRUPT, "the manifest of stage %s names no config", lookup->tag);
    if (error) {
        look_on(lookup, error);
        return;
    }
    drop_candidate(lookup);
    lookup->manifest = (struct sw_bytes){sw_memdup(manifest->body.data, manifest->body.len), manifest->body.len};
    lookup->manifest_digest = sw_strdup(manifest->digest);
    const struct sw_extra_repo *cache = lookup->asked;
    if (cache)
        cache->store->get_blob(sw_build_repo(build, cache->address, NULL), &config, build->cancel, on_config, lookup);
    else
        lookup->place->store->get_blob(lookup->place->repo, &config, build->cancel, on_config, lookup);
}

/* ---- candidates ---- */

static void ask(struct lookup *lookup) {
    struct sw_build *build = lookup->job->build;
    const struct sw_extra_repo *cache = lookup->place == &build->primary ? sw_cache_next(build, &lookup->cache) : NULL;
    lookup->asked = cache;
    if (cache)
        cache->store->get_manifest(sw_build_repo(build, cache->address, NULL), lookup->tag, build->cancel, on_manifest, lookup);
    else
        lookup->place->store->get_manifest(lookup->place->repo, lookup->tag, build->cancel, on_manifest, lookup);
}

static void try_next(struct lookup *lookup) {
    struct sw_build *build = lookup->job->build;
    drop_candidate(lookup);
    while (lookup->next < lookup->count && lookup->stamps[lookup->next] < lookup->not_before)
        lookup->next++;
    if (lookup->next < lookup->count) {
        sw_stage_id_format(lookup->stage->digest, lookup->stamps[lookup->next++], lookup->tag);
        lookup->cache = 0;
        ask(lookup);
    } else if (lookup->secondary < build->options.secondary_count) {
        look_in(lookup, &build->secondaries[lookup->secondary++]);
    } else {
        finish(lookup, NULL);
    }
}

static void on_listed(void *context, struct sw_error *error) {
    struct lookup *lookup = context;
    if (error) {
        finish(lookup, error);
        return;
    }
    size_t count;
    const int64_t *stamps = sw_stage_index_find(&lookup->place->index, lookup->stage->digest, &count);
    free(lookup->stamps);
    lookup->stamps = sw_memdup(stamps, count * sizeof *stamps);
    lookup->count = count;
    lookup->next = 0;
    try_next(lookup);
}

static void look_in(struct lookup *lookup, struct sw_stage_repo *place) {
    lookup->place = place;
    sw_stage_repo_list(place, lookup->job->build->cancel, on_listed, lookup);
}

void sw_lookup_stage(struct sw_job *job, struct sw_stage_state *stage, int64_t not_before, sw_done done, void *context) {
    struct lookup *lookup = sw_new(sizeof *lookup);
    lookup->job = job;
    lookup->stage = stage;
    lookup->not_before = not_before;
    lookup->done = done;
    lookup->context = context;
    look_in(lookup, &job->build->primary);
}
