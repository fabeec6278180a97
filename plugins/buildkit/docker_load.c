#include "plugins/buildkit/docker_load.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/buildkit/dial.h"
#include "plugins/buildkit/http1.h"
#include "plugins/buildkit/layer_import.h"
#include "plugins/buildkit/tar.h"

enum { PIECE = 64 * 1024, ID_DIGITS = 24 };

struct loading {
    struct sw_daemon *daemon;
    const struct sw_host *host;
    const struct sw_image *image;
    struct sw_cancel *cancel;
    struct sw_vertex *vertex;
    void (*done)(void *context, const char *name, struct sw_error *error);
    void *context;
    char *name;
    int *layers; /* descriptors */
    size_t layer_count, next;
    int fd; /* of the archive */
    uint64_t bytes;
    struct sw_error *error;
};

static void end(struct loading *loading, struct sw_error *error) {
    loading->done(loading->context, error ? NULL : loading->name, error);
    for (size_t i = 0; i < loading->layer_count; i++)
        sw_close(&loading->layers[i]);
    sw_close(&loading->fd);
    sw_daemon_unref(loading->daemon);
    free(loading->layers);
    free(loading->name);
    free(loading);
}

/* ---- docker's archive, on a pool thread ---- */

static bool put(struct loading *loading, const void *data, size_t len) {
    const char *from = data;
    while (len) {
        ssize_t wrote = write(loading->fd, from, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return sw_fail_errno(&loading->error, errno, "cannot write an image for Docker");
        from += wrote;
        len -= (size_t)wrote;
        loading->bytes += (uint64_t)wrote;
    }
    return true;
}

static bool put_header(struct loading *loading, const char *name, uint64_t bytes) {
    uint8_t header[SW_TAR_BLOCK] = {0};
    strncpy((char *)header, name, 99);
    sw_tar_put_octal(header + 100, 8, 0644);
    sw_tar_put_octal(header + 108, 8, 0);
    sw_tar_put_octal(header + 116, 8, 0);
    sw_tar_put_octal(header + SW_TAR_SIZE, SW_TAR_SIZE_LEN, bytes);
    sw_tar_put_octal(header + SW_TAR_MTIME, SW_TAR_MTIME_LEN, 0);
    header[SW_TAR_TYPE] = '0';
    memcpy(header + 257, "ustar\00000", 8);
    sw_tar_put_checksum(header);
    return put(loading, header, sizeof header);
}

static bool put_padding(struct loading *loading, uint64_t bytes) {
    static const uint8_t zeros[SW_TAR_BLOCK];
    size_t rest = (size_t)(bytes % SW_TAR_BLOCK);
    return !rest || put(loading, zeros, SW_TAR_BLOCK - rest);
}

static bool put_text(struct loading *loading, const char *name, const char *text) {
    size_t len = strlen(text);
    return put_header(loading, name, len) && put(loading, text, len) && put_padding(loading, len);
}

static bool put_layer(struct loading *loading, size_t index, const char *name) {
    struct sw_layer layer = loading->host->image->layer(loading->image, index);
    sw_cleanup_free char *piece = sw_new(PIECE);
    uint64_t at = 0;
    if (!put_header(loading, name, layer.bytes))
        return false;
    while (at < layer.bytes) {
        size_t take = layer.bytes - at < PIECE ? (size_t)(layer.bytes - at) : PIECE;
        if (!sw_tar_read(loading->layers[index], piece, take, at, &loading->error) || !put(loading, piece, take))
            return false;
        at += take;
    }
    return put_padding(loading, layer.bytes);
}

static void write_archive(void *context) {
    struct loading *loading = context;
    static const uint8_t zeros[2 * SW_TAR_BLOCK];
    const char *config = loading->host->image->config(loading->image);
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(config, strlen(config), hex);
    sw_cleanup_free char *config_name = sw_format("%s.json", hex);
    json_t *names = json_array();
    bool ok = (loading->fd = sw_layer_temporary(loading->host, &loading->error)) >= 0 && put_text(loading, config_name, config);
    for (size_t i = 0; ok && i < loading->layer_count; i++) {
        sw_cleanup_free char *name = sw_format("layer-%zu.tar", i);
        json_array_append_new(names, json_string(name));
        ok = put_layer(loading, i, name);
    }
    sw_cleanup_json json_t *manifest =
        json_pack("[{s:s, s:[s], s:o}]", "Config", config_name, "RepoTags", loading->name, "Layers", names);
    sw_cleanup_free char *text = json_dumps(manifest, JSON_COMPACT);
    if (ok && put_text(loading, "manifest.json", text))
        put(loading, zeros, sizeof zeros);
}

/* ---- sending ---- */

static void on_loaded(void *context, const struct sw_http1_answer *answer, struct sw_error *error) {
    struct loading *loading = context;
    if (!error && answer->status != 200)
        error = sw_docker_refusal(loading->daemon->endpoint->address, answer->status, answer->body);
    /* Failures come in the stream of messages, after a 200. */
    if (!error && answer->body.len && memmem(answer->body.data, answer->body.len, "\"errorDetail\"", 13))
        error = sw_error_new(SW_ERROR_UNAVAILABLE, "Docker at %s did not take the image %s: %.*s",
                             loading->daemon->endpoint->address, loading->host->image->reference(loading->image),
                             (int)(answer->body.len > 500 ? 500 : answer->body.len), (const char *)answer->body.data);
    end(loading, error);
}

static void load_dialed(void *context, struct sw_stream *stream, struct sw_bytes early, struct sw_error *error) {
    struct loading *loading = context;
    static const struct sw_pair headers[] = {{"Content-Type", "application/x-tar"}};
    (void)early;
    if (error) {
        end(loading, error);
        return;
    }
    struct sw_http1_request request = {.method = "POST",
                                       .path = "/images/load?quiet=1",
                                       .headers = {headers, 1},
                                       .body_fd = loading->fd,
                                       .body_bytes = loading->bytes,
                                       .sink = -1,
                                       .done = on_loaded,
                                       .context = loading};
    sw_http1_start(loading->host, stream, &request);
}

static void on_written(void *context) {
    struct loading *loading = context;
    if (loading->error)
        end(loading, loading->error);
    else
        sw_dial_raw(loading->host, loading->daemon->endpoint, load_dialed, loading);
}

/* ---- gathering ---- */

static void open_next(struct loading *loading);

static void on_layer(void *context, int fd, struct sw_error *error) {
    struct loading *loading = context;
    if (error) {
        end(loading, error);
        return;
    }
    loading->layers[loading->next++] = fd;
    open_next(loading);
}

static void open_next(struct loading *loading) {
    if (loading->next < loading->layer_count)
        loading->host->blob->open_layer(loading->image, loading->next, loading->cancel, loading->vertex, on_layer, loading);
    else
        loading->host->pool->run(write_archive, on_written, loading);
}

static void on_inspected(void *context, const struct sw_http1_answer *answer, struct sw_error *error) {
    struct loading *loading = context;
    if (error)
        end(loading, error);
    else if (answer->status == 200)
        end(loading, NULL);
    else
        open_next(loading);
}

static void inspect_dialed(void *context, struct sw_stream *stream, struct sw_bytes early, struct sw_error *error) {
    struct loading *loading = context;
    (void)early;
    if (error) {
        end(loading, error);
        return;
    }
    sw_cleanup_free char *path = sw_format("/images/%s/json", loading->name);
    struct sw_http1_request request = {
        .method = "GET", .path = path, .body_fd = -1, .sink = -1, .done = on_inspected, .context = loading};
    sw_http1_start(loading->host, stream, &request);
}

void sw_docker_load(struct sw_daemon *daemon, const struct sw_image *image, struct sw_cancel *cancel, struct sw_vertex *vertex,
                    void (*done)(void *context, const char *name, struct sw_error *error), void *context) {
    struct loading *loading = sw_new(sizeof *loading);
    *loading = (struct loading){.daemon = sw_daemon_ref(daemon),
                                .host = daemon->host,
                                .image = image,
                                .cancel = cancel,
                                .vertex = vertex,
                                .done = done,
                                .context = context,
                                .layer_count = daemon->host->image->layer_count(image),
                                .fd = -1};
    const char *config = daemon->host->image->config(image);
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(config, strlen(config), hex);
    loading->name = sw_format("slipway-base:%.*s", ID_DIGITS, hex);
    loading->layers = sw_new_array(loading->layer_count + 1, sizeof *loading->layers);
    for (size_t i = 0; i < loading->layer_count; i++)
        loading->layers[i] = -1;
    sw_dial_raw(loading->host, daemon->endpoint, inspect_dialed, loading);
}
