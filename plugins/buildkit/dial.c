#include "plugins/buildkit/dial.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/connect.h"
#include "plugins/buildkit/http1.h"

enum { PATIENCE_SECONDS = 15 };

/* One way to the daemon, step by step. */
struct dial {
    const struct sw_host *host;
    const struct sw_endpoint *endpoint;
    sw_dial_done done;
    void *context;
    struct sw_connect connect; /* what the pool thread does */
    enum { GOAL_RAW, GOAL_CONTROL, GOAL_SESSION } goal;
    struct sw_arena arena;
    struct sw_pairs headers; /* SESSION */
    char *exec_id;           /* of the process in the container */
};

static void finish(struct dial *dial, struct sw_stream *stream, struct sw_bytes early, struct sw_error *error) {
    dial->done(dial->context, stream, early, error);
    sw_connect_fini(&dial->connect);
    sw_arena_fini(&dial->arena);
    free(dial->exec_id);
    free(dial);
}

static void fail(struct dial *dial, struct sw_error *error) {
    finish(dial, NULL, (struct sw_bytes){0}, error);
}

struct sw_error *sw_docker_refusal(const char *name, uint32_t status, struct sw_bytes body) {
    sw_cleanup_json json_t *json = body.len ? json_loadb(body.data, body.len, 0, NULL) : NULL;
    const char *message = json_string_value(json_object_get(json, "message"));
    uint32_t code = status == 404 ? SW_ERROR_NOT_FOUND : status == 401 || status == 403 ? SW_ERROR_AUTH : SW_ERROR_UNAVAILABLE;
    if (message)
        return sw_error_new(code, "Docker at %s: %s", name, message);
    sw_cleanup_free char *text = body.len ? sw_strndup(body.data, body.len < 300 ? body.len : 300) : NULL;
    size_t len = text ? strcspn(text, "\r\n") : 0;
    struct sw_error *error = sw_error_new(code, "Docker at %s answered with HTTP status %u%s%.*s", name, status, len ? ": " : "",
                                          (int)len, len ? text : "");
    return text && strstr(text, "HTTPS server")
               ? sw_error_hint(error, "that Docker wants TLS: set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or add ?tls=FOLDER")
               : error;
}

/* ---- the upgrade ---- */

static void on_upgraded(void *context, const struct sw_http1_answer *answer, struct sw_error *error) {
    struct dial *dial = context;
    if (error) {
        fail(dial, error);
        return;
    }
    bool raw = dial->endpoint->speaks == SW_ENDPOINT_CONTAINER;
    if (!answer->stream) {
        error = sw_docker_refusal(dial->endpoint->address, answer->status, answer->body);
        if (!raw && (answer->status == 404 || answer->status == 200))
            error = sw_error_hint(error, "this Docker has no BuildKit: 18.09 is the first one that has");
        fail(dial, error);
        return;
    }
    if (!raw) {
        finish(dial, answer->stream, answer->early, NULL);
        return;
    }
    sw_stream_split_outputs(answer->stream);
    sw_stream_inject(answer->stream, answer->early);
    finish(dial, answer->stream, (struct sw_bytes){0}, NULL);
}

static void upgrade(struct dial *dial, struct sw_stream *stream) {
    sw_cleanup_free char *path = dial->exec_id ? sw_format("/exec/%s/start", dial->exec_id) : NULL;
    static const char start[] = "{\"Detach\":false,\"Tty\":false}";
    static const struct sw_pair json[] = {{"Content-Type", "application/json"}};
    struct sw_http1_request request = {
        .method = "POST",
        .path = path                         ? path
                : dial->goal == GOAL_SESSION ? "/session"
                                             : "/grpc",
        .headers = path ? (struct sw_pairs){json, 1} : dial->headers,
        .body = path ? (struct sw_bytes){start, strlen(start)} : (struct sw_bytes){0},
        .body_fd = -1,
        .sink = -1,
        .patience_s = PATIENCE_SECONDS,
        .upgrade = path ? "tcp" : "h2c",
        .done = on_upgraded,
        .context = dial,
    };
    sw_http1_start(dial->host, stream, &request);
}

/* ---- a process in a container ---- */

static void connect_again(struct dial *dial);

static void on_exec_made(void *context, const struct sw_http1_answer *answer, struct sw_error *error) {
    struct dial *dial = context;
    if (error) {
        fail(dial, error);
        return;
    }
    sw_cleanup_json json_t *json = json_loadb(answer->body.data ? answer->body.data : "", answer->body.len, 0, NULL);
    const char *id = json_string_value(json_object_get(json, "Id"));
    if (answer->status != 201 || !id) {
        fail(dial, sw_error_hint(sw_docker_refusal(dial->endpoint->address, answer->status, answer->body),
                                 "the container must be running, and have buildctl in it"));
        return;
    }
    dial->exec_id = sw_strdup(id);
    connect_again(dial);
}

static void make_exec(struct dial *dial, struct sw_stream *stream) {
    static const char body[] = "{\"AttachStdin\":true,\"AttachStdout\":true,\"AttachStderr\":true,\"Tty\":false,"
                               "\"Cmd\":[\"buildctl\",\"dial-stdio\"]}";
    static const struct sw_pair json[] = {{"Content-Type", "application/json"}};
    sw_cleanup_free char *path = sw_format("/containers/%s/exec", dial->endpoint->container);
    struct sw_http1_request request = {.method = "POST",
                                       .path = path,
                                       .headers = {json, 1},
                                       .body = {body, strlen(body)},
                                       .body_fd = -1,
                                       .sink = -1,
                                       .patience_s = PATIENCE_SECONDS,
                                       .done = on_exec_made,
                                       .context = dial};
    sw_http1_start(dial->host, stream, &request);
}

/* ---- connected ---- */

static void on_connected(void *context) {
    struct dial *dial = context;
    struct sw_error *error = dial->connect.error;
    dial->connect.error = NULL;
    if (error) {
        fail(dial, error);
        return;
    }
    struct sw_stream *stream = sw_connect_stream(dial->host, &dial->connect, &error);
    if (!stream)
        fail(dial, error);
    else if (dial->goal == GOAL_RAW || dial->endpoint->speaks == SW_ENDPOINT_BUILDKIT)
        finish(dial, stream, (struct sw_bytes){0}, NULL);
    else if (dial->endpoint->speaks == SW_ENDPOINT_CONTAINER && !dial->exec_id)
        make_exec(dial, stream);
    else
        upgrade(dial, stream);
}

static void connect_in_pool(void *context) {
    struct dial *dial = context;
    sw_connect_run(&dial->connect);
}

static void connect_again(struct dial *dial) {
    sw_connect_fini(&dial->connect);
    sw_connect_init(&dial->connect, dial->endpoint);
    dial->host->pool->run(connect_in_pool, on_connected, dial);
}

static struct dial *dial_new(const struct sw_host *host, const struct sw_endpoint *endpoint, sw_dial_done done, void *context) {
    struct dial *dial = sw_new(sizeof *dial);
    *dial = (struct dial){.host = host, .endpoint = endpoint, .done = done, .context = context};
    sw_connect_init(&dial->connect, endpoint);
    return dial;
}

void sw_dial_raw(const struct sw_host *host, const struct sw_endpoint *endpoint, sw_dial_done done, void *context) {
    struct dial *dial = dial_new(host, endpoint, done, context);
    dial->goal = GOAL_RAW;
    connect_again(dial);
}

void sw_dial_control(const struct sw_host *host, const struct sw_endpoint *endpoint, sw_dial_done done, void *context) {
    struct dial *dial = dial_new(host, endpoint, done, context);
    dial->goal = GOAL_CONTROL;
    connect_again(dial);
}

void sw_dial_session(const struct sw_host *host, const struct sw_endpoint *endpoint, struct sw_pairs headers, sw_dial_done done,
                     void *context) {
    struct dial *dial = dial_new(host, endpoint, done, context);
    dial->goal = GOAL_SESSION;
    dial->headers = sw_arena_pairs(&dial->arena, headers);
    connect_again(dial);
}
