/* publish.c - a built stage becomes an image in the store.
 *
 * Blobs first, then the config, the manifest last: a reader never sees half an image. If the tag is there already, another builder
 * was first, and its image is taken instead of ours. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/map.h"
#include "core/base/memory_file.h"
#include "core/build/blobs.h"
#include "core/build/manifest.h"
#include "core/build/session.h"

struct publish {
    struct sw_job *job;
    struct sw_stage_state *stage;
    struct sw_made_manifest made;
    size_t pending; /* blobs on their way, and one for the loop that starts them */
    struct sw_error *error;
    sw_done done;
    void *context;
    char *adopted_manifest; /* of another builder's image */
    size_t adopted_len;
    char *adopted_digest;
};

/* One blob on its way. */
struct push {
    struct publish *publish;
    char *digest;
    char *media_type;
    uint64_t bytes;
    char *from;       /* repository to mount from, or NULL */
    const char *text; /* content of a config, else NULL */
    int fd;           /* of a blob that the backend opened, else -1 */
    bool missing;     /* the store wanted bytes that this host does not have */
    bool fetched;     /* it was tried to get them */
    struct sw_layer_origin *origin;
};

static void release_equals(const char *id);

static void finish(struct publish *publish, struct sw_error *error) {
    sw_done done = publish->done;
    void *context = publish->context;
    const char *id = publish->stage->id;
    sw_made_manifest_fini(&publish->made);
    sw_error_free(publish->error);
    free(publish->adopted_manifest);
    free(publish->adopted_digest);
    free(publish);
    done(context, error);
    release_equals(id);
}

static void put_manifest(struct publish *publish);

static void push_ended(struct push *push, struct sw_error *error) {
    struct publish *publish = push->publish;
    if (error && !publish->error)
        publish->error = error;
    else
        sw_error_free(error);
    sw_close(&push->fd);
    free(push->digest);
    free(push->media_type);
    free(push->from);
    free(push);
    if (--publish->pending > 0)
        return;
    struct sw_error *failure = publish->error;
    publish->error = NULL;
    if (failure)
        finish(publish, failure);
    else
        put_manifest(publish);
}

/* ---- one blob ---- */

static int open_blob(void *context, struct sw_error **error) {
    struct push *push = context;
    if (push->text)
        return sw_memory_file(push->text, strlen(push->text), error);
    sw_cleanup_free char *path = push->fd >= 0 ? sw_format("/proc/self/fd/%d", push->fd)
                                               : sw_blob_path(push->publish->job->build->options.host, push->digest);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    push->missing = errno == ENOENT;
    sw_fail_errno(error, errno, "layer %s", push->digest);
    return -1;
}

static void put(struct push *push);

static void on_blob_here(void *context, int fd, struct sw_error *error) {
    struct push *push = context;
    if (error) {
        push_ended(push, error);
        return;
    }
    push->fd = fd;
    put(push);
}

static void on_put(void *context, struct sw_error *error) {
    struct push *push = context;
    struct sw_build *build = push->publish->job->build;
    if (!error || !push->missing || push->fetched) {
        push_ended(push, error);
        return;
    }
    /* Neither there nor to be mounted: only now the layer's bytes are worth a download. */
    error->destroy(error);
    push->fetched = true;
    push->missing = false;
    if (push->origin && sw_image_repo(push->origin->image))
        sw_blob_table.open_layer(push->origin->image, push->origin->index, build->cancel, push->publish->job->vertex, on_blob_here,
                                 push);
    else
        build->options.backend->open_blob(push->digest, on_blob_here, push);
}

static void put(struct push *push) {
    struct sw_build *build = push->publish->job->build;
    struct sw_descriptor blob = {sizeof blob, 0, push->media_type, push->digest, push->bytes};
    build->options.store->put_blob(build->repo, &blob, push->from, open_blob, build->cancel, push->publish->job->vertex, on_put,
                                   push);
}

static void push_layer(struct publish *publish, const struct sw_layer *layer) {
    struct sw_build *build = publish->job->build;
    struct push *push = sw_new(sizeof *push);
    push->publish = publish;
    push->digest = sw_strdup(layer->digest);
    push->media_type = sw_strdup(layer->media_type);
    push->bytes = layer->bytes;
    push->fd = -1;
    push->origin = sw_map_get(&build->layers, layer->digest);
    if (push->origin)
        push->from = sw_strdup(sw_image_repo(push->origin->image));
    publish->pending++;
    put(push);
}

static void push_config(struct publish *publish) {
    struct push *push = sw_new(sizeof *push);
    push->publish = publish;
    push->digest = sw_strdup(publish->made.config_digest);
    push->media_type = sw_strdup(SW_OCI_CONFIG);
    push->bytes = strlen(publish->made.config);
    push->text = publish->made.config;
    push->fd = -1;
    publish->pending++;
    put(push);
}

/* ---- the manifest ---- */

static void take_image(struct publish *publish, const char *digest, struct sw_bytes manifest, struct sw_bytes config) {
    struct sw_build *build = publish->job->build;
    struct sw_error *error = NULL;
    sw_cleanup_free char *name = sw_build_image_name(build, publish->stage->id);
    struct sw_image_parts parts = {name, build->options.repo, digest, manifest, config};
    struct sw_image *image = sw_image_new(&parts, &error);
    if (image) {
        publish->stage->image = sw_build_keep_image(build, image);
        sw_stage_index_add(&build->index, publish->stage->id);
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

static void put_manifest(struct publish *publish) {
    struct sw_build *build = publish->job->build;
    struct sw_bytes body = {publish->made.manifest, strlen(publish->made.manifest)};
    build->options.store->put_manifest(build->repo, publish->stage->id, SW_OCI_MANIFEST, body, build->cancel, on_manifest_put,
                                       publish);
}

/* ---- is somebody else's there? ---- */

static void push_all(struct publish *publish) {
    publish->pending = 1;
    for (size_t i = 0; i < publish->stage->layer_count; i++)
        push_layer(publish, &publish->stage->layers[i]);
    push_config(publish);
    if (--publish->pending == 0) { /* everything answered at once */
        struct sw_error *failure = publish->error;
        publish->error = NULL;
        if (failure)
            finish(publish, failure);
        else
            put_manifest(publish);
    }
}

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
        push_all(publish);
        return;
    }
    if (error) {
        finish(publish, error);
        return;
    }
    sw_cleanup_json json_t *json = json_loadb(manifest->body.data, manifest->body.len, JSON_REJECT_DUPLICATES, NULL);
    json_t *config = json_object_get(json, "config");
    struct sw_descriptor blob = {sizeof blob, 0, json_string_value(json_object_get(config, "mediaType")),
                                 json_string_value(json_object_get(config, "digest")),
                                 (uint64_t)json_integer_value(json_object_get(config, "size"))};
    if (!blob.media_type || !sw_digest_valid(blob.digest)) {
        push_all(publish); /* what is there is no image: ours replaces it */
        return;
    }
    publish->adopted_len = manifest->body.len;
    publish->adopted_manifest = sw_memdup(manifest->body.data, manifest->body.len);
    publish->adopted_digest = sw_strdup(manifest->digest);
    build->options.store->get_blob(build->repo, &blob, build->cancel, on_adopted_config, publish);
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

void sw_publish_stage(struct sw_job *job, struct sw_stage_state *stage, const struct sw_stage_state *below, sw_done done,
                      void *context) {
    const struct equal_wait wait = {job, stage, below, done, context};
    if (is_equal_known(&wait))
        return;
    struct publish *publish = sw_new(sizeof *publish);
    publish->job = job;
    publish->stage = stage;
    publish->done = done;
    publish->context = context;
    sw_cleanup_json json_t *config = json_loads(stage->config, 0, NULL);
    if (below && below->image)
        sw_config_set_label(config, "werf.io/base-image-id", sw_host_image_table.config_digest(below->image));
    sw_manifest_make(config, stage->layers, stage->layer_count, &publish->made);
    job->build->options.store->get_manifest(job->build->repo, stage->id, job->build->cancel, on_asked, publish);
}
