/* blobs.c - layers of images, brought to this host when somebody has to read them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/blobs.h"
#include "core/build/caches.h"

/* A download that others may wait for. Downloads outlive the build that asked first, so they hang on the process. */
struct download {
    char *digest;
    char *path;
    int fd; /* a file without a name until it is whole */
    char *media_type;
    uint64_t bytes;
    char *address;                     /* of the repository that has it */
    size_t cache;                      /* the next one to be asked */
    const struct sw_extra_repo *asked; /* the cache that is; NULL: the repository itself */
    struct sw_cancel *cancel;
    struct sw_vertex *vertex;
    struct sw_vec waiters; /* of struct waiter */
};

struct waiter {
    void (*done)(void *context, int fd, struct sw_error *error);
    void *context;
};

static const struct sw_build *current; /* whose store and host serve: one build runs at a time in a process */
static struct sw_map downloads;        /* by digest */

void sw_blobs_serve(struct sw_build *build) {
    current = build;
}

char *sw_blob_path(const struct sw_host *host, const char *digest) {
    return sw_format("%s/blobs/sha256/%s", host->store_folder(), digest + strlen("sha256:"));
}

static void free_download(struct download *download) {
    sw_map_remove(&downloads, download->digest);
    sw_close(&download->fd);
    sw_vec_fini(&download->waiters);
    free(download->digest);
    free(download->path);
    free(download->media_type);
    free(download->address);
    free(download);
}

static void answer(struct download *download, struct sw_error *error) {
    struct sw_vec waiters = download->waiters;
    sw_cleanup_free char *path = sw_strdup(download->path);
    download->waiters = (struct sw_vec){.width = sizeof(struct waiter)};
    free_download(download);
    for (size_t i = 0; i < waiters.len; i++) {
        struct waiter *waiter = sw_vec_at(&waiters, i);
        int fd = error ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        struct sw_error *failure = sw_error_copy(error);
        if (!error && fd < 0)
            sw_fail_errno(&failure, errno, "%s", path);
        waiter->done(waiter->context, fd, failure);
    }
    sw_vec_fini(&waiters);
    sw_error_free(error);
}

static void fetch(struct download *download);

/* Only layers of the primary repository are cached. */
static bool is_of_primary(const struct download *download) {
    return strcmp(download->address, current->options.repo) == 0;
}

static void on_fetched(void *context, struct sw_error *error) {
    struct download *download = context;
    if (error && error->code != SW_ERROR_CANCELLED && download->asked) {
        if (error->code != SW_ERROR_NOT_FOUND)
            sw_cache_failed((struct sw_build *)current, download->asked, error);
        sw_error_free(error);
        fetch(download);
        return;
    }
    if (!error && !download->asked && is_of_primary(download))
        sw_map_set(&((struct sw_build *)current)->fetched, download->digest, (void *)1);
    if (!error) {
        char source[64];
        snprintf(source, sizeof source, "/proc/self/fd/%d", download->fd);
        if (fsync(download->fd) < 0 ||
            (linkat(AT_FDCWD, source, AT_FDCWD, download->path, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST))
            sw_fail_errno(&error, errno, "%s", download->path);
    }
    answer(download, error);
}

/* A blob's file has no name before it is whole, so a killed download leaves nothing behind. */
static int open_nameless(const char *path, struct sw_error **error) {
    sw_cleanup_free char *folder = sw_strndup(path, (size_t)(strrchr(path, '/') - path));
    sw_cleanup_free char *parent = sw_strndup(folder, (size_t)(strrchr(folder, '/') - folder));
    mkdir(parent, 0755);
    mkdir(folder, 0755);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0)
        sw_fail_errno(error, errno, "%s", folder);
    return fd;
}

static void fetch(struct download *download) {
    struct sw_build *build = (struct sw_build *)current;
    const struct sw_extra_repo *cache = is_of_primary(download) ? sw_cache_next(build, &download->cache) : NULL;
    const char *address = cache ? cache->address : download->address;
    struct sw_error *error = NULL;
    struct sw_repo *repo = sw_build_repo(build, address, &error);
    download->asked = cache;
    if (!repo || ftruncate(download->fd, 0) < 0 || lseek(download->fd, 0, SEEK_SET) < 0) {
        if (repo)
            sw_fail_errno(&error, errno, "%s", download->path);
        answer(download, error);
        return;
    }
    struct sw_descriptor blob = {sizeof blob, 0, download->media_type, download->digest, download->bytes};
    sw_build_store(build, address)->fetch_blob(repo, &blob, download->fd, download->cancel, download->vertex, on_fetched, download);
}

static void open_layer(const struct sw_image *image, size_t index, struct sw_cancel *cancel, struct sw_vertex *vertex,
                       void (*done)(void *context, int fd, struct sw_error *error), void *context) {
    struct sw_layer layer = sw_host_image_table.layer(image, index);
    struct sw_build *build = (struct sw_build *)current;
    struct sw_error *error = NULL;
    sw_cleanup_free char *path = sw_blob_path(build->options.host, layer.digest);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        done(context, fd, NULL);
        return;
    }
    struct download *download = sw_map_get(&downloads, layer.digest);
    if (download) {
        sw_vec_push(&download->waiters, &(struct waiter){done, context});
        return;
    }
    const char *address = sw_image_repo(image);
    if (!address)
        sw_fail(&error, SW_ERROR_NOT_FOUND, "layer %s of %s is gone from this host", layer.digest,
                sw_host_image_table.reference(image));
    fd = error ? -1 : open_nameless(path, &error);
    if (fd < 0) {
        done(context, -1, error);
        return;
    }
    download = sw_new(sizeof *download);
    *download = (struct download){
        .digest = sw_strdup(layer.digest),
        .path = sw_strdup(path),
        .fd = fd,
        .media_type = sw_strdup(layer.media_type),
        .bytes = layer.bytes,
        .address = sw_strdup(address),
        .cancel = cancel,
        .vertex = vertex,
        .waiters = {.width = sizeof(struct waiter)},
    };
    sw_vec_push(&download->waiters, &(struct waiter){done, context});
    sw_map_set(&downloads, layer.digest, download);
    fetch(download);
}

/* ---- what a backend has put into the registry ---- */

struct pushed {
    struct sw_build *build;
    char *reference;
    void (*done)(void *context, const struct sw_image *image, struct sw_error *error);
    void *context;
};

/* Its layers are not remembered as an image's: to the stage that they belong to they are new. */
static void on_pushed(void *context, const struct sw_resolved *resolved, struct sw_error *error) {
    struct pushed pushed = *(struct pushed *)context;
    struct sw_image *image = NULL;
    free(context);
    if (!error) {
        struct sw_image_parts parts = {pushed.reference, resolved->repo, resolved->manifest->digest, resolved->manifest->body,
                                       resolved->config};
        image = sw_image_new(&parts, &error);
    }
    if (image)
        sw_vec_push(&pushed.build->images, &image);
    free(pushed.reference);
    pushed.done(pushed.context, image, error);
}

static void find_pushed(const char *reference, const char *platform, struct sw_cancel *cancel,
                        void (*done)(void *context, const struct sw_image *image, struct sw_error *error), void *context) {
    struct pushed *pushed = sw_new(sizeof *pushed);
    *pushed = (struct pushed){(struct sw_build *)current, sw_strdup(reference), done, context};
    current->options.store->resolve(reference, platform, cancel, on_pushed, pushed);
}

const struct sw_host_blob sw_blob_table = {.size = sizeof(struct sw_host_blob), .open_layer = open_layer, .pushed = find_pushed};
