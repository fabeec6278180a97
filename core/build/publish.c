/* publish.c - a built stage becomes an image in the store.
 *
 * Blobs first, then the config, the manifest last: a reader never sees half an image. If the tag is there already, another builder
 * was first, and its image is taken instead of ours. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/map.h"
#include "core/build/leaks.h"
#include "core/build/manifest.h"
#include "core/build/push.h"
#include "core/build/session.h"

struct publish {
    struct sw_job *job;
    struct sw_stage_state *stage;
    const struct sw_stage_state *below;
    struct sw_made_manifest made;
    sw_done done;
    void *context;
    char *adopted_manifest; /* of another builder's image */
    size_t adopted_len;
    char *adopted_digest;
};

static void release_equals(const char *id);

static void publish_free(struct publish *publish) {
    sw_made_manifest_fini(&publish->made);
    free(publish->adopted_manifest);
    free(publish->adopted_digest);
    free(publish);
}

static void finish(struct publish *publish, struct sw_error *error) {
    sw_done done = publish->done;
    void *context = publish->context;
    const char *id = publish->stage->id;
    publish_free(publish);
    done(context, error);
    release_equals(id);
}

/* ---- the manifest ---- */

/* Somebody has built the stage from a commit of another branch in the meantime, under the same name: ours gets the next one. */
static void publish_beside(struct publish *publish) {
    const struct publish again = *publish;
    sw_cleanup_free char *taken = sw_strdup(publish->stage->id);
    publish_free(publish);
    sw_stage_id_format(again.stage->digest, ++again.stage->timestamp, again.stage->id);
    sw_publish_stage(again.job, again.stage, again.below, again.done, again.context);
    release_equals(taken);
}

static void take_image(struct publish *publish, const char *digest, struct sw_bytes manifest, struct sw_bytes config) {
    struct sw_build *build = publish->job->build;
    struct sw_error *error = NULL;
    sw_cleanup_free char *name = sw_build_image_name(build, publish->stage->id);
    struct sw_image_parts parts = {name, build->options.repo, digest, manifest, config};
    struct sw_image *image = sw_image_new(&parts, &error);
    if (image && !publish->stage->rebuilt && !sw_stage_fits(build, publish->stage, image)) {
        sw_image_free(image);
        publish_beside(publish);
        return;
    }
    if (image) {
        publish->stage->image = sw_build_keep_image(build, image);
        sw_stage_index_add(&build->primary.index, publish->stage->id);
    }
    finish(publish, error);
}

static void on_manifest_put(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct publish *publish = context;
    (void)manifest;
    if (error) {
        finish(publish, error);
        return;
    }
    publish->stage->rebuilt = true;
    struct sw_bytes body = {publish->made.manifest, strlen(publish->made.manifest)};
    struct sw_bytes config = {publish->made.config, strlen(publish->made.config)};
    take_image(publish, publish->made.manifest_digest, body, config);
}

static void on_blobs_put(void *context, struct sw_error *error) {
    struct publish *publish = context;
    struct sw_build *build = publish->job->build;
    struct sw_bytes body = {publish->made.manifest, strlen(publish->made.manifest)};
    if (error)
        finish(publish, error);
    else
        build->options.store->put_manifest(build->primary.repo, publish->stage->id, SW_OCI_MANIFEST, body, build->cancel,
                                           on_manifest_put, publish);
}

static void push_all(struct publish *publish) {
    struct sw_build *build = publish->job->build;
    const struct sw_push push = {
        .build = build,
        .store = build->options.store,
        .repo = build->primary.repo,
        .layers = publish->stage->layers,
        .layer_count = publish->stage->layer_count,
        .config = publish->made.config,
        .config_type = SW_OCI_CONFIG,
        .config_digest = publish->made.config_digest,
        .vertex = publish->job->vertex,
        .done = on_blobs_put,
        .context = publish,
    };
    sw_push_blobs(&push);
}

static void on_checked(void *context, struct sw_error *error) {
    struct publish *publish = context;
    if (error)
        finish(publish, error);
    else
        push_all(publish);
}

/* What goes out is looked through before. */
static void check_and_push(struct publish *publish) {
    sw_leaks_check(publish->job, publish->stage, publish->made.config, on_checked, publish);
}

/* ---- is somebody else's there? ---- */

static void on_adopted_config(void *context, struct sw_bytes bytes, struct sw_error *error) {
    struct publish *publish = context;
    if (error) {
        finish(publish, error);
        return;
    }
    take_image(publish, publish->adopted_digest, (struct sw_bytes){publish->adopted_manifest, publish->adopted_len}, bytes);
}

static void on_asked(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct publish *publish = context;
    struct sw_build *build = publish->job->build;
    if (error && error->code == SW_ERROR_NOT_FOUND) {
        error->destroy(error);
        check_and_push(publish);
        return;
    }
    if (error) {
        finish(publish, error);
        return;
    }
    sw_cleanup_json json_t *json = json_loadb(manifest->body.data, manifest->body.len, JSON_REJECT_DUPLICATES, NULL);
    struct sw_descriptor blob;
    if (!sw_manifest_config(json, &blob)) {
        check_and_push(publish); /* what is there is no image: ours replaces it */
        return;
    }
    publish->adopted_len = manifest->body.len;
    publish->adopted_manifest = sw_memdup(manifest->body.data, manifest->body.len);
    publish->adopted_digest = sw_strdup(manifest->digest);
    build->options.store->get_blob(build->primary.repo, &blob, build->cancel, on_adopted_config, publish);
}

/* ---- equal stages of one build ---- */

/* Somebody who waits until an equal stage of another image is published. */
struct equal_wait {
    struct sw_job *job;
    struct sw_stage_state *stage;
    const struct sw_stage_state *below;
    sw_done done;
    void *context;
};

static struct sw_map in_progress; /* stage id -> struct sw_vec of struct equal_wait */

/* Lets those go on who wait for the stage: they find its image, or try themselves when it failed. */
static void release_equals(const char *id) {
    struct sw_vec *waiters = sw_map_remove(&in_progress, id);
    for (size_t i = 0; i < waiters->len; i++) {
        struct equal_wait *wait = sw_vec_at(waiters, i);
        sw_publish_stage(wait->job, wait->stage, wait->below, wait->done, wait->context);
    }
    sw_vec_fini(waiters);
    free(waiters);
    if (in_progress.count == 0)
        sw_map_fini(&in_progress, NULL);
}

/* Whether another image of this build has published the stage, or is about to. */
static bool is_equal_known(const struct equal_wait *wait) {
    struct sw_build *build = wait->job->build;
    sw_cleanup_free char *name = sw_build_image_name(build, wait->stage->id);
    struct sw_image *image = sw_map_get(&build->by_name, name);
    if (image && sw_image_repo(image)) {
        wait->stage->image = image;
        wait->done(wait->context, NULL);
        return true;
    }
    struct sw_vec *waiters = sw_map_get(&in_progress, wait->stage->id);
    if (waiters) {
        sw_vec_push(waiters, wait);
        return true;
    }
    waiters = sw_new(sizeof *waiters);
    waiters->width = sizeof(struct equal_wait);
    sw_map_set(&in_progress, wait->stage->id, waiters);
    return false;
}

static bool lacks_label(const json_t *config, const char *name) {
    return !json_object_get(json_object_get(json_object_get(config, "config"), "Labels"), name);
}

void sw_publish_stage(struct sw_job *job, struct sw_stage_state *stage, const struct sw_stage_state *below, sw_done done,
                      void *context) {
    const struct equal_wait wait = {job, stage, below, done, context};
    if (below && below->timestamp > stage->timestamp) {
        stage->timestamp = below->timestamp;
        sw_stage_id_format(stage->digest, stage->timestamp, stage->id);
    }
    if (is_equal_known(&wait))
        return;
    struct publish *publish = sw_new(sizeof *publish);
    publish->job = job;
    publish->stage = stage;
    publish->below = below;
    publish->done = done;
    publish->context = context;
    sw_cleanup_json json_t *config = json_loads(stage->config, 0, NULL);
    if (below)
        sw_config_set_label(config, "werf.io/parent-stage-id", below->id);
    if (below && below->image && !(stage->is_spec && lacks_label(config, "werf.io/base-image-id")))
        sw_config_set_label(config, "werf.io/base-image-id", sw_host_image_table.config_digest(below->image));
    sw_manifest_make(config, stage->layers, stage->layer_count, &publish->made);
    job->build->options.store->get_manifest(job->build->primary.repo, stage->id, job->build->cancel, on_asked, publish);
}
