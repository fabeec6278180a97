#include "core/build/copy.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/manifest.h"
#include "core/build/push.h"

struct copying {
    struct sw_copy copy;
    char *tag;
};

static void finish(struct copying *copying, struct sw_error *error) {
    sw_done done = copying->copy.done;
    void *context = copying->copy.context;
    free(copying->tag);
    free(copying);
    done(context, error);
}

static void on_manifest_put(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    (void)manifest;
    finish(context, error);
}

static void on_blobs_put(void *context, struct sw_error *error) {
    struct copying *copying = context;
    const struct sw_copy *copy = &copying->copy;
    if (error)
        finish(copying, error);
    else
        copy->store->put_manifest(copy->repo, copying->tag, sw_image_media_type(copy->image), sw_image_manifest(copy->image),
                                  copy->build->cancel, on_manifest_put, copying);
}

void sw_copy_image(const struct sw_copy *copy) {
    const struct sw_host_image *table = &sw_host_image_table;
    struct copying *copying = sw_new(sizeof *copying);
    *copying = (struct copying){*copy, sw_strdup(copy->tag)};
    struct sw_bytes body = sw_image_manifest(copy->image);
    sw_cleanup_json json_t *manifest = json_loadb(body.data, body.len, 0, NULL);
    struct sw_descriptor config;
    if (!sw_manifest_config(manifest, &config)) {
        struct sw_error *error = NULL;
        sw_fail(&error, SW_ERROR_CORRUPT, "the manifest of %s names no config", table->reference(copy->image));
        finish(copying, error);
        return;
    }
    sw_cleanup_vec struct sw_vec layers = {.width = sizeof(struct sw_layer)};
    for (size_t i = 0; i < table->layer_count(copy->image); i++) {
        struct sw_layer layer = table->layer(copy->image, i);
        sw_vec_push(&layers, &layer);
    }
    const struct sw_push push = {
        .build = copy->build,
        .store = copy->store,
        .repo = copy->repo,
        .layers = layers.data,
        .layer_count = layers.len,
        .config = table->config(copy->image),
        .config_type = config.media_type,
        .config_digest = config.digest,
        .done = on_blobs_put,
        .context = copying,
    };
    sw_push_blobs(&push);
}
