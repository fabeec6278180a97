#include "plugins/registry/layout_store.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/manifest.h"

enum { MAX_DEPTH = 3 };

/* One call on its way through the pool. */
struct job {
    const struct sw_host *host;
    bool (*work)(struct job *job, struct sw_error **error);
    void (*answer)(struct job *job, struct sw_error *error);

    struct sw_layout layout;
    char *name; /* tag, digest or reference */
    struct sw_platform platform;
    uint64_t bytes;
    int fd;      /* the caller's */
    int own_fd;  /* ours to close, or -1 */
    bool stored; /* the blob is there already */
    int (*open)(void *context, struct sw_error **error);

    struct sw_strlist tags;
    struct sw_layout_manifest manifest;
    struct sw_layout_manifest index;
    struct sw_buf body;
    char digest[72];
    struct sw_error *error;

    union {
        void (*resolve)(void *context, const struct sw_resolved *resolved, struct sw_error *error);
        void (*list)(void *context, struct sw_strings tags, struct sw_error *error);
        void (*blob)(void *context, struct sw_bytes bytes, struct sw_error *error);
        sw_manifest_done manifest;
        sw_done plain;
    } done;
    void *context;
};

static struct job *new_job(const struct sw_host *host, const struct sw_layout *layout, const char *name, void *context) {
    struct job *job = sw_new(sizeof *job);
    job->host = host;
    if (layout) {
        job->layout.folder = sw_strdup(layout->folder);
        job->layout.name = sw_strdup(layout->name);
    }
    job->name = sw_strdup(name);
    job->fd = -1;
    job->own_fd = -1;
    job->context = context;
    return job;
}

static void free_job(struct job *job) {
    sw_layout_fini(&job->layout);
    sw_layout_manifest_fini(&job->manifest);
    sw_layout_manifest_fini(&job->index);
    sw_strlist_fini(&job->tags);
    sw_buf_fini(&job->body);
    sw_close(&job->own_fd);
    free(job->name);
    free(job);
}

static void work(void *context) {
    struct job *job = context;
    job->work(job, &job->error);
}

static void after(void *context) {
    struct job *job = context;
    struct sw_error *error = sw_steal(&job->error);
    job->answer(job, error);
    free_job(job);
}

static void run(struct job *job) {
    job->host->pool->run(work, after, job);
}

static struct sw_manifest view_of(const struct sw_layout_manifest *manifest) {
    return (struct sw_manifest){.size = sizeof(struct sw_manifest),
                                .media_type = manifest->media_type,
                                .digest = manifest->digest,
                                .body = {manifest->body.data, manifest->body.len}};
}

static void answer_plain(struct job *job, struct sw_error *error) {
    job->done.plain(job->context, error);
}

static void answer_manifest(struct job *job, struct sw_error *error) {
    struct sw_manifest manifest = view_of(&job->manifest);
    job->done.manifest(job->context, error ? NULL : &manifest, error);
}

/* --- resolve --- */

static bool load_config(struct job *job, const struct sw_manifest_view *view, struct sw_error **error) {
    struct sw_platform platform;
    if (!sw_layout_get_blob(&job->layout, view->config.digest, view->config.bytes, &job->body, error))
        return false;
    return sw_manifest_check_config(view, (struct sw_bytes){job->body.data, job->body.len}, &platform, error);
}

static bool resolve_work(struct job *job, struct sw_error **error) {
    if (!sw_layout_parse(job->name, &job->layout, error) || !sw_layout_find(&job->layout, &job->manifest, error))
        return false;
    for (int depth = 0;; depth++) {
        sw_cleanup_manifest_view struct sw_manifest_view view = {0};
        struct sw_bytes body = {job->manifest.body.data, job->manifest.body.len};
        if (!sw_manifest_parse(job->manifest.media_type, body, &view, error))
            return false;
        if (!view.is_index)
            return load_config(job, &view, error);
        if (depth == MAX_DEPTH)
            return sw_fail(error, SW_ERROR_CORRUPT, "its indexes are nested more than %d deep", MAX_DEPTH);
        const struct sw_entry *entry = sw_manifest_choose(&view, &job->platform, error);
        if (!entry)
            return false;
        if (!job->index.digest)
            job->index = job->manifest;
        else
            sw_layout_manifest_fini(&job->manifest);
        memset(&job->manifest, 0, sizeof job->manifest);
        if (!sw_layout_get_manifest(&job->layout, entry->digest, &job->manifest, error))
            return false;
    }
}

static void answer_resolve(struct job *job, struct sw_error *error) {
    if (error) {
        job->done.resolve(job->context, NULL, sw_error_wrap(error, "image %s", job->name));
        return;
    }
    /* Blobs are found in the folder whatever the repository is called. */
    sw_cleanup_free char *repo =
        sw_format("oci:%s:%.*s", job->layout.folder, (int)strcspn(job->layout.name, ":@"), job->layout.name);
    struct sw_manifest manifest = view_of(&job->manifest);
    struct sw_manifest index = view_of(&job->index);
    struct sw_resolved resolved = {
        .size = sizeof resolved,
        .repo = repo,
        .manifest = &manifest,
        .index = job->index.digest ? &index : NULL,
        .config = {job->body.data, job->body.len},
    };
    job->done.resolve(job->context, &resolved, NULL);
}

static bool fail_work(struct job *job, struct sw_error **error) {
    (void)job;
    (void)error; /* it is there from before */
    return false;
}

void sw_layout_store_resolve(const struct sw_host *host, const char *reference, const char *platform,
                             void (*done)(void *context, const struct sw_resolved *resolved, struct sw_error *error),
                             void *context) {
    struct job *job = new_job(host, NULL, reference, context);
    job->work = resolve_work;
    job->answer = answer_resolve;
    job->done.resolve = done;
    if (!sw_platform_parse(platform ? platform : "linux/amd64", &job->platform, &job->error))
        job->work = fail_work;
    run(job);
}

/* --- reading --- */

static bool list_work(struct job *job, struct sw_error **error) {
    return sw_layout_list(&job->layout, &job->tags, error);
}

static void answer_list(struct job *job, struct sw_error *error) {
    job->done.list(job->context, sw_strlist_view(&job->tags), error);
}

void sw_layout_store_list(const struct sw_host *host, const struct sw_layout *layout,
                          void (*done)(void *context, struct sw_strings tags, struct sw_error *error), void *context) {
    struct job *job = new_job(host, layout, NULL, context);
    job->work = list_work;
    job->answer = answer_list;
    job->done.list = done;
    run(job);
}

static bool get_manifest_work(struct job *job, struct sw_error **error) {
    return sw_layout_get_manifest(&job->layout, job->name, &job->manifest, error);
}

void sw_layout_store_get_manifest(const struct sw_host *host, const struct sw_layout *layout, const char *tag_or_digest,
                                  sw_manifest_done done, void *context) {
    struct job *job = new_job(host, layout, tag_or_digest, context);
    job->work = get_manifest_work;
    job->answer = answer_manifest;
    job->done.manifest = done;
    run(job);
}

static bool get_blob_work(struct job *job, struct sw_error **error) {
    return sw_layout_get_blob(&job->layout, job->name, job->bytes, &job->body, error);
}

static void answer_blob(struct job *job, struct sw_error *error) {
    struct sw_bytes bytes = {job->body.data, error ? 0 : job->body.len};
    job->done.blob(job->context, bytes, error);
}

void sw_layout_store_get_blob(const struct sw_host *host, const struct sw_layout *layout, const struct sw_descriptor *blob,
                              void (*done)(void *context, struct sw_bytes bytes, struct sw_error *error), void *context) {
    struct job *job = new_job(host, layout, blob->digest, context);
    job->bytes = blob->bytes;
    job->work = get_blob_work;
    job->answer = answer_blob;
    job->done.blob = done;
    run(job);
}

static bool fetch_blob_work(struct job *job, struct sw_error **error) {
    return sw_layout_fetch_blob(&job->layout, job->name, job->bytes, job->fd, error);
}

void sw_layout_store_fetch_blob(const struct sw_host *host, const struct sw_layout *layout, const struct sw_descriptor *blob,
                                int fd, sw_done done, void *context) {
    struct job *job = new_job(host, layout, blob->digest, context);
    job->bytes = blob->bytes;
    job->fd = fd;
    job->work = fetch_blob_work;
    job->answer = answer_plain;
    job->done.plain = done;
    run(job);
}

/* --- writing --- */

static bool store_blob_work(struct job *job, struct sw_error **error) {
    return sw_layout_put_blob(&job->layout, job->name, job->bytes, job->own_fd, error);
}

static bool look_for_blob(struct job *job, struct sw_error **error) {
    (void)error;
    job->stored = sw_layout_has_blob(&job->layout, job->name, job->bytes);
    return true;
}

/* The bytes are asked for, on the loop, only when the blob is missing. */
static void on_blob_looked_for(void *context) {
    struct job *job = context;
    struct sw_error *error = NULL;
    if (!job->stored)
        job->own_fd = job->open(job->context, &error);
    if (!job->stored && job->own_fd >= 0) {
        job->work = store_blob_work;
        run(job);
        return;
    }
    if (!job->stored && !error)
        error = sw_error_new(SW_ERROR_INTERNAL, "the bytes of blob %s are not at hand", job->name);
    answer_plain(job, error);
    free_job(job);
}

void sw_layout_store_put_blob(const struct sw_host *host, const struct sw_layout *layout, const struct sw_descriptor *blob,
                              int (*open)(void *context, struct sw_error **error), sw_done done, void *context) {
    struct job *job = new_job(host, layout, blob->digest, context);
    job->bytes = blob->bytes;
    job->open = open;
    job->work = look_for_blob;
    job->answer = answer_plain;
    job->done.plain = done;
    host->pool->run(work, on_blob_looked_for, job);
}

static bool put_manifest_work(struct job *job, struct sw_error **error) {
    struct sw_bytes body = {job->manifest.body.data, job->manifest.body.len};
    if (!sw_layout_put_manifest(&job->layout, job->name, job->manifest.media_type, body, job->digest, error))
        return false;
    job->manifest.digest = sw_strdup(job->digest);
    return true;
}

void sw_layout_store_put_manifest(const struct sw_host *host, const struct sw_layout *layout, const char *tag,
                                  const char *media_type, struct sw_bytes body, sw_manifest_done done, void *context) {
    struct job *job = new_job(host, layout, tag, context);
    job->manifest.media_type = sw_strdup(media_type);
    sw_buf_add(&job->manifest.body, body.data, body.len);
    job->work = put_manifest_work;
    job->answer = answer_manifest;
    job->done.manifest = done;
    run(job);
}

static bool remove_work(struct job *job, struct sw_error **error) {
    return sw_layout_remove(&job->layout, job->name, error);
}

void sw_layout_store_remove(const struct sw_host *host, const struct sw_layout *layout, const char *tag_or_digest, sw_done done,
                            void *context) {
    struct job *job = new_job(host, layout, tag_or_digest, context);
    job->work = remove_work;
    job->answer = answer_plain;
    job->done.plain = done;
    run(job);
}
