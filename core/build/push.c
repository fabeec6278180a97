#include "core/build/push.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/memory_file.h"
#include "core/build/blobs.h"

struct pushing {
    struct sw_push push;
    size_t pending; /* blobs on their way, and one for the loop that starts them */
    struct sw_error *error;
};

/* One blob on its way. */
struct blob {
    struct pushing *pushing;
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

static void release(struct pushing *pushing) {
    if (--pushing->pending > 0)
        return;
    sw_done done = pushing->push.done;
    void *context = pushing->push.context;
    struct sw_error *error = pushing->error;
    free(pushing);
    done(context, error);
}

static void blob_ended(struct blob *blob, struct sw_error *error) {
    struct pushing *pushing = blob->pushing;
    if (error && !pushing->error)
        pushing->error = error;
    else
        sw_error_free(error);
    sw_close(&blob->fd);
    free(blob->digest);
    free(blob->media_type);
    free(blob->from);
    free(blob);
    release(pushing);
}

static int open_blob(void *context, struct sw_error **error) {
    struct blob *blob = context;
    if (blob->text)
        return sw_memory_file(blob->text, strlen(blob->text), error);
    sw_cleanup_free char *path = blob->fd >= 0 ? sw_format("/proc/self/fd/%d", blob->fd)
                                               : sw_blob_path(blob->pushing->push.build->options.host, blob->digest);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    blob->missing = errno == ENOENT;
    sw_fail_errno(error, errno, "layer %s", blob->digest);
    return -1;
}

static void put(struct blob *blob);

static void on_blob_here(void *context, int fd, struct sw_error *error) {
    struct blob *blob = context;
    if (error) {
        blob_ended(blob, error);
        return;
    }
    blob->fd = fd;
    put(blob);
}

static void on_put(void *context, struct sw_error *error) {
    struct blob *blob = context;
    const struct sw_push *push = &blob->pushing->push;
    if (!error || !blob->missing || blob->fetched) {
        blob_ended(blob, error);
        return;
    }
    /* Neither there nor to be mounted: only now the layer's bytes are worth a download. */
    sw_error_free(error);
    blob->fetched = true;
    blob->missing = false;
    if (blob->origin && sw_image_repo(blob->origin->image))
        sw_blob_table.open_layer(blob->origin->image, blob->origin->index, push->build->cancel, push->vertex, on_blob_here, blob);
    else
        push->build->options.backend->open_blob(blob->digest, on_blob_here, blob);
}

static void put(struct blob *blob) {
    const struct sw_push *push = &blob->pushing->push;
    struct sw_descriptor descriptor = {sizeof descriptor, 0, blob->media_type, blob->digest, blob->bytes};
    push->store->put_blob(push->repo, &descriptor, blob->from, open_blob, push->build->cancel, push->vertex, on_put, blob);
}

static struct blob *add_blob(struct pushing *pushing, const char *media_type, const char *digest, uint64_t bytes) {
    struct blob *blob = sw_new(sizeof *blob);
    blob->pushing = pushing;
    blob->digest = sw_strdup(digest);
    blob->media_type = sw_strdup(media_type);
    blob->bytes = bytes;
    blob->fd = -1;
    pushing->pending++;
    return blob;
}

static void push_layer(struct pushing *pushing, const struct sw_layer *layer) {
    struct blob *blob = add_blob(pushing, layer->media_type, layer->digest, layer->bytes);
    blob->origin = sw_map_get(&pushing->push.build->layers, layer->digest);
    if (blob->origin)
        blob->from = sw_strdup(sw_image_repo(blob->origin->image));
    put(blob);
}

static void push_config(struct pushing *pushing) {
    const struct sw_push *push = &pushing->push;
    struct blob *blob = add_blob(pushing, push->config_type, push->config_digest, strlen(push->config));
    blob->text = push->config;
    put(blob);
}

void sw_push_blobs(const struct sw_push *push) {
    struct pushing *pushing = sw_new(sizeof *pushing);
    *pushing = (struct pushing){.push = *push, .pending = 1};
    for (size_t i = 0; i < push->layer_count; i++)
        push_layer(pushing, &push->layers[i]);
    push_config(pushing);
    release(pushing);
}
