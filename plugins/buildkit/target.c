#include "plugins/buildkit/target.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/buildkit/dial.h"
#include "plugins/buildkit/frontend.h"
#include "plugins/buildkit/http1.h"
#include "plugins/buildkit/pack.h"
#include "plugins/buildkit/random_id.h"
#include "plugins/buildkit/status.h"

enum { PING_SECONDS = 30, RETURN_SECONDS = 60 };

#define BRIDGE "/moby.buildkit.v1.frontend.LLBBridge/"

struct sw_target {
    struct sw_target_request request;
    const struct sw_host *host;
    struct sw_daemon *daemon;
    char ref[SW_RANDOM_ID_SIZE];
    char *image; /* name under which Docker keeps it, until we have it */
    struct sw_call *outer;
    struct sw_call *bridge; /* Ping, Solve or Return */
    struct sw_status *status;
    struct sw_http1 *save;
    Sw__Result *result; /* within `solved` */
    Sw__GatewaySolveResponse *solved;
    struct sw_error *error;
    bool tidying; /* Docker's image is on its way to us, or being removed */
    char *failed_digest;
    char *pushed_digest;
    bool returned;      /* the daemon has the result, and exports it */
    bool push_failed;   /* the registry is out of its reach, or refuses it */
    const char *config; /* of the exported image */
    bool step_failed;
    bool outer_ended;
    bool ending;
    bool ran;
};

static void save_image(struct sw_target *target);
static struct sw_error *build_error(struct sw_target *target, const struct sw_grpc_status *status);

/* ---- the end ---- */

/* Which step failed, and its last words: known when its progress has ended. */
static void describe_failure(struct sw_target *target, struct sw_error *error) {
    target->failed_digest = sw_strdup(sw_status_failed_digest(target->status));
    if (!error->excerpt)
        error->excerpt = sw_strdup(sw_status_failed_output(target->status));
}

static void finish(void *context) {
    struct sw_target *target = context;
    struct sw_error *error = target->error;
    if (error && target->step_failed)
        describe_failure(target, error);
    /* What went wrong on our side explains what the daemon says of it, and what it made without us is not whole. */
    if ((!error || error->code != SW_ERROR_CANCELLED) && target->request.served->failure) {
        sw_error_free(error);
        error = target->request.served->failure;
        target->request.served->failure = NULL;
    }
    target->request.done(target->request.context, target->ran, error);
    if (target->solved)
        sw__gateway_solve_response__free_unpacked(target->solved, NULL);
    sw_daemon_unref(target->daemon);
    free(target->failed_digest);
    free(target->pushed_digest);
    free(target->image);
    free(target);
}

static void end(struct sw_target *target) {
    if (target->ending)
        return;
    target->ending = true;
    bool cancelled = target->error && target->error->code == SW_ERROR_CANCELLED;
    target->ran = sw_status_ran(target->status);
    sw_status_end(target->status,
                  !target->error ? SW_VERTEX_DONE
                  : cancelled    ? SW_VERTEX_CANCELLED
                                 : SW_VERTEX_FAILED,
                  finish, target);
}

/* Keeps the first failure, and lets all that is open end. */
static void fail(struct sw_target *target, struct sw_error *error) {
    if (target->error)
        sw_error_free(error);
    else
        target->error = error;
    sw_call_cancel(target->bridge);
    if (target->outer)
        sw_call_cancel(target->outer);
    else if (target->outer_ended && !target->bridge && !target->tidying)
        end(target);
}

void sw_target_cancel(struct sw_target *target, struct sw_error *error) {
    struct sw_http1 *save = target->save;
    if (target->ending) {
        sw_error_free(error);
        return;
    }
    if (!target->error)
        target->error = error;
    else
        sw_error_free(error);
    if (save)
        sw_http1_abandon(save);
    else
        fail(target, sw_error_new(SW_ERROR_CANCELLED, "cancelled"));
}

static bool is_pushing(const struct sw_target *target) {
    return target->request.push && target->request.push->repo;
}

static void take_pushed_digest(struct sw_target *target, struct sw_bytes answer) {
    Sw__SolveResponse *response = sw__solve_response__unpack(NULL, answer.len, answer.data);
    for (size_t i = 0; response && i < response->n_exporter_response; i++)
        if (!strcmp(response->exporter_response[i]->key, "containerimage.digest"))
            target->pushed_digest = sw_strdup(response->exporter_response[i]->value);
    if (response)
        sw__solve_response__free_unpacked(response, NULL);
    if (!target->pushed_digest || !sw_digest_valid(target->pushed_digest))
        target->error = sw_daemon_nonsense(target->daemon, "to push");
}

static void on_outer_done(void *context, const struct sw_grpc_status *status, struct sw_bytes answer) {
    struct sw_target *target = context;
    target->outer = NULL;
    target->outer_ended = true;
    if (status->code != SW_GRPC_OK && !target->error) {
        bool by_frontend = target->returned && !target->config; /* old daemons build no more than a front end looks at before */
        target->error = by_frontend ? build_error(target, status) : sw_daemon_error(target->daemon, status, "to build");
        target->push_failed = is_pushing(target) && target->returned && !target->daemon->lost;
    }
    if (is_pushing(target) && !target->error)
        take_pushed_digest(target, answer);
    if (target->bridge && target->error)
        sw_call_cancel(target->bridge);
    if (target->bridge)
        return; /* its answer is still to come */
    if (target->error || !sw_daemon_is_docker(target->daemon))
        end(target);
    else
        save_image(target);
}

/* ---- asking the bridge ---- */

static void ask_bridge(struct sw_target *target, const char *method, const ProtobufCMessage *message, uint32_t seconds,
                       sw_unary_done done) {
    struct sw_pair metadata[] = {{"buildkit-controlapi-buildid", target->ref}};
    sw_cleanup_buf struct sw_buf request = {0};
    sw_cleanup_free char *path = sw_format(BRIDGE "%s", method);
    sw_pack(message, &request);
    target->bridge = sw_daemon_ask(target->daemon, path, (struct sw_pairs){metadata, 1}, seconds,
                                   (struct sw_bytes){request.data, request.len}, done, target);
}

/* Whether the build goes on after an answer; otherwise what is left is ended. */
static bool goes_on(struct sw_target *target) {
    target->bridge = NULL;
    if (target->outer && !target->error)
        return true;
    if (target->outer)
        sw_call_cancel(target->outer);
    else
        end(target);
    return false;
}

static void on_returned(void *context, const struct sw_grpc_status *status, struct sw_bytes answer) {
    struct sw_target *target = context;
    (void)answer;
    target->bridge = NULL;
    if (status->code != SW_GRPC_OK && !target->error)
        target->error = sw_daemon_error(target->daemon, status, "to take the result");
    if (target->outer && target->error && status->code != SW_GRPC_OK)
        sw_call_cancel(target->outer);
    if (target->outer)
        return; /* exporting, or ending with our error */
    if (target->error || !sw_daemon_is_docker(target->daemon))
        end(target);
    else
        save_image(target);
}

static void copy_reference(Sw__Result *to, const Sw__Result *from) {
    to->result_case = from->result_case;
    if (from->result_case == SW__RESULT__RESULT_REF_DEPRECATED) {
        to->ref_deprecated = from->ref_deprecated;
    } else if (from->result_case == SW__RESULT__RESULT_REF) {
        to->ref = from->ref;
    } else {
        to->result_case = SW__RESULT__RESULT_REF;
        to->ref = from->refs->refs[0]->value;
    }
}

/* The config that a front end has made: "containerimage.config", behind which a platform may be named. */
static const Sw__BytesEntry *config_of(const Sw__Result *result) {
    static const char key[] = "containerimage.config";
    for (size_t i = 0; i < result->n_metadata; i++) {
        const char *name = result->metadata[i]->key;
        if (!strncmp(name, key, strlen(key)) && (!name[strlen(key)] || name[strlen(key)] == '/'))
            return result->metadata[i];
    }
    return NULL;
}

/* Gives the result, or says that there is none: else the build would stay open. */
static void return_result(struct sw_target *target) {
    Sw__ReturnRequest request = SW__RETURN_REQUEST__INIT;
    Sw__Result result = SW__RESULT__INIT;
    Sw__RpcStatus failure = SW__RPC_STATUS__INIT;
    Sw__BytesEntry config = SW__BYTES_ENTRY__INIT;
    Sw__BytesEntry base = SW__BYTES_ENTRY__INIT;
    Sw__BytesEntry *metadata[] = {&config, &base};
    if (target->error) {
        failure.code = SW_GRPC_UNKNOWN;
        failure.message = target->error->message;
        request.error = &failure;
    } else {
        const Sw__BytesEntry *made = target->config ? NULL : config_of(target->result);
        config.key = (char *)"containerimage.config";
        if (target->config)
            config.value = (ProtobufCBinaryData){strlen(target->config), (uint8_t *)target->config};
        else if (made)
            config.value = made->value;
        if (is_pushing(target)) {
            const char *text = target->request.push->base_config;
            base.key = (char *)"containerimage.base.config";
            base.value = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
            result.n_metadata++;
        }
        target->returned = true;
        copy_reference(&result, target->result);
        result.n_metadata += config.value.len > 0;
        result.metadata = metadata;
        request.result = &result;
    }
    ask_bridge(target, "Return", &request.base, target->error ? RETURN_SECONDS : 0, on_returned);
}

/* ---- what the failure was ---- */

/* "exit code: N" at the end of a daemon's message; 0: none. */
static int32_t exit_code_of(const char *message) {
    static const char words[] = "exit code: ";
    const char *at = NULL;
    for (const char *next = message ? strstr(message, words) : NULL; next; next = strstr(next + 1, words))
        at = next;
    return at ? (int32_t)strtol(at + strlen(words), NULL, 10) : 0;
}

static int32_t exit_code_of_details(const struct sw_grpc_status *status) {
    Sw__RpcStatus *details = sw__rpc_status__unpack(NULL, status->details.len, (const uint8_t *)status->details.data);
    int32_t code = 0;
    for (size_t i = 0; details && i < details->n_details; i++) {
        if (!strstr(details->details[i]->type_url, "ExitMessage"))
            continue;
        sw_cleanup_json json_t *json =
            json_loadb((const char *)details->details[i]->value.data, details->details[i]->value.len, 0, NULL);
        code = (int32_t)json_integer_value(json_object_get(json, "Code"));
    }
    if (details)
        sw__rpc_status__free_unpacked(details, NULL);
    return code;
}

static struct sw_error *build_error(struct sw_target *target, const struct sw_grpc_status *status) {
    int32_t code = exit_code_of_details(status);
    if (!code)
        code = exit_code_of(status->message);
    struct sw_error *error = sw_daemon_error(target->daemon, status, "to build");
    target->step_failed = true;
    if (code && error->code != SW_ERROR_CANCELLED) {
        error->code = SW_ERROR_BUILD;
        error->exit_status = code;
        free(error->message);
        error->message = sw_format("the step ended with exit code %d", code);
    }
    return error;
}

/* ---- building ---- */

/* An image for one platform may come in a list of one. */
static bool is_single_image(const Sw__Result *result) {
    if (!result)
        return false;
    return result->result_case == SW__RESULT__RESULT_REF || result->result_case == SW__RESULT__RESULT_REF_DEPRECATED ||
           (result->result_case == SW__RESULT__RESULT_REFS && result->refs && result->refs->n_refs == 1);
}

static void on_solved(void *context, const struct sw_grpc_status *status, struct sw_bytes answer) {
    struct sw_target *target = context;
    if (!goes_on(target))
        return;
    if (status->code != SW_GRPC_OK) {
        target->error = build_error(target, status);
        return_result(target);
        return;
    }
    target->solved = sw__gateway_solve_response__unpack(NULL, answer.len, answer.data);
    if (!target->solved) {
        target->error = sw_daemon_nonsense(target->daemon, "to build");
        return_result(target);
        return;
    }
    target->result = target->solved->result;
    if (!is_single_image(target->result))
        target->error = sw_error_new(SW_ERROR_UNAVAILABLE, "the BuildKit daemon at %s gave a result that is no single image",
                                     target->daemon->endpoint->address);
    return_result(target);
}

static Sw__CacheEntry **cache_entries(struct sw_arena *arena, struct sw_pairs pairs) {
    Sw__CacheEntry **entries = sw_arena_new(arena, (pairs.count + 1) * sizeof *entries);
    for (size_t i = 0; i < pairs.count; i++) {
        struct sw_vec attrs = {.width = sizeof(struct sw_pair)};
        char *rest = sw_arena_str(arena, pairs.items[i].value);
        for (char *attr; (attr = strsep(&rest, ","));) {
            char *value = strchr(attr, '=');
            if (!value)
                continue;
            *value = '\0';
            sw_vec_push(&attrs, &(struct sw_pair){attr, value + 1});
        }
        entries[i] = sw_arena_new(arena, sizeof **entries);
        sw__cache_entry__init(entries[i]);
        entries[i]->type = (char *)pairs.items[i].key;
        entries[i]->n_attrs = attrs.len;
        entries[i]->attrs = sw_pack_entries(arena, (struct sw_pairs){attrs.data, attrs.len});
        sw_vec_fini(&attrs);
    }
    return entries;
}

static void solve(struct sw_target *target, Sw__GatewaySolveRequest *request) {
    sw_cleanup_arena struct sw_arena arena = {0};
    request->allow_result_return = 1;
    request->allow_result_array_ref = 1;
    request->evaluate = 1;
    request->n_cache_imports = target->request.cache_from.count;
    request->cache_imports = cache_entries(&arena, target->request.cache_from);
    ask_bridge(target, "Solve", &request->base, 0, on_solved);
}

void sw_target_build(struct sw_target *target, const Sw__Definition *definition, const char *config) {
    Sw__GatewaySolveRequest request = SW__GATEWAY_SOLVE_REQUEST__INIT;
    request.definition = (Sw__Definition *)definition;
    target->config = config;
    if (target->error || !target->outer) {
        if (!target->outer && !target->ending)
            end(target);
        return;
    }
    solve(target, &request);
}

void sw_target_build_by_frontend(struct sw_target *target, const struct sw_frontend_ask *ask) {
    sw_cleanup_arena struct sw_arena arena = {0};
    Sw__GatewaySolveRequest request = SW__GATEWAY_SOLVE_REQUEST__INIT;
    if (target->error || !target->outer) {
        if (!target->outer && !target->ending)
            end(target);
        return;
    }
    target->config = NULL;
    request.frontend = (char *)"gateway.v0";
    request.n_frontend_opt = ask->options.count;
    request.frontend_opt = sw_pack_entries(&arena, ask->options);
    request.n_frontend_inputs = ask->input_count;
    request.frontend_inputs = ask->inputs;
    solve(target, &request);
}

/* ---- the beginning ---- */

static void take_caps(struct sw_daemon *daemon, const Sw__PongResponse *pong) {
    for (size_t i = 0; i < pong->n_llb_caps; i++) {
        const Sw__ApiCap *cap = pong->llb_caps[i];
        if (cap->enabled)
            sw_map_set(&daemon->caps, cap->id, daemon);
        else
            free(sw_map_set(&daemon->missing, cap->id, sw_strdup(cap->disabled_reason_msg)));
    }
    daemon->caps_known = true;
}

static void on_pong(void *context, const struct sw_grpc_status *status, struct sw_bytes answer) {
    struct sw_target *target = context;
    if (!goes_on(target))
        return;
    if (status->code != SW_GRPC_OK) {
        fail(target, sw_daemon_error(target->daemon, status, "what it can do"));
        return;
    }
    Sw__PongResponse *pong = sw__pong_response__unpack(NULL, answer.len, answer.data);
    if (!pong) {
        fail(target, sw_daemon_nonsense(target->daemon, "what it can do"));
        return;
    }
    take_caps(target->daemon, pong);
    sw__pong_response__free_unpacked(pong, NULL);
    target->request.ready(target->request.context, target);
}

/* What the daemon makes of the result: docker's own daemon keeps an image, others push or send one. */
static void describe_export(struct sw_target *target, struct sw_arena *arena, Sw__SolveRequest *request) {
    static const struct sw_pair oci[] = {{"oci-mediatypes", "true"}, {"compression", "uncompressed"}};
    bool docker = sw_daemon_is_docker(target->daemon), pushes = is_pushing(target);
    struct sw_pair *moby = sw_arena_new(arena, sizeof *moby);
    *moby = (struct sw_pair){"name", target->image};
    struct sw_pairs attrs = docker   ? (struct sw_pairs){moby, 1}
                            : pushes ? sw_push_attributes(target->request.push, arena)
                                     : (struct sw_pairs){oci, 2};
    Sw__Exporter *exporter = sw_arena_new(arena, sizeof *exporter);
    sw__exporter__init(exporter);
    exporter->type = request->exporter = (char *)(docker ? "moby" : pushes ? "image" : "oci");
    exporter->n_attrs = request->n_exporter_attrs = attrs.count;
    exporter->attrs = request->exporter_attrs = sw_pack_entries(arena, attrs);
    /* Old daemons know the single one, new ones take the list. */
    request->n_exporters = 1;
    request->exporters = sw_arena_copy(arena, &exporter, sizeof exporter);
}

static void open_build(struct sw_target *target) {
    sw_cleanup_arena struct sw_arena arena = {0};
    sw_cleanup_buf struct sw_buf packed = {0};
    Sw__SolveRequest request = SW__SOLVE_REQUEST__INIT;
    Sw__CacheOptions cache = SW__CACHE_OPTIONS__INIT;
    request.ref = target->ref;
    request.session = (char *)target->request.session;
    request.cache = &cache;
    cache.n_exports = target->request.cache_to.count;
    cache.exports = cache_entries(&arena, target->request.cache_to);
    request.n_entitlements = target->request.entitlements.count;
    request.entitlements = (char **)target->request.entitlements.items;
    describe_export(target, &arena, &request);
    sw_pack(&request.base, &packed);
    target->outer = sw_daemon_ask(target->daemon, "/moby.buildkit.v1.Control/Solve", (struct sw_pairs){0}, 0,
                                  (struct sw_bytes){packed.data, packed.len}, on_outer_done, target);
}

struct sw_target *sw_target_start(const struct sw_target_request *request) {
    struct sw_target *target = sw_new(sizeof *target);
    *target = (struct sw_target){.request = *request, .host = request->daemon->host, .daemon = sw_daemon_ref(request->daemon)};
    sw_random_id(target->ref);
    target->image = sw_format("docker.io/library/slipway-build:%s", target->ref);
    open_build(target);
    target->status = sw_status_follow(target->daemon, target->ref, request->vertex);
    Sw__PingRequest ping = SW__PING_REQUEST__INIT;
    ask_bridge(target, "Ping", &ping.base, PING_SECONDS, on_pong);
    return target;
}

const char *sw_target_pushed_digest(const struct sw_target *target) {
    return target->pushed_digest;
}

bool sw_target_push_failed(const struct sw_target *target) {
    return target->push_failed;
}

const char *sw_target_failed_digest(const struct sw_target *target) {
    return target->failed_digest;
}

/* ---- Docker: the image is fetched, then removed ---- */

static void on_removed(void *context, const struct sw_http1_answer *answer, struct sw_error *error) {
    struct sw_target *target = context;
    (void)answer;
    sw_error_free(error); /* what stays is an image without use, which docker's own pruning finds */
    end(target);
}

static void remove_dialed(void *context, struct sw_stream *stream, struct sw_bytes early, struct sw_error *error) {
    struct sw_target *target = context;
    (void)early;
    if (error) {
        on_removed(target, NULL, error);
        return;
    }
    sw_cleanup_free char *path = sw_format("/images/%s?force=1", target->image);
    struct sw_http1_request request = {
        .method = "DELETE", .path = path, .body_fd = -1, .sink = -1, .done = on_removed, .context = target};
    sw_http1_start(target->host, stream, &request);
}

static void on_saved(void *context, const struct sw_http1_answer *answer, struct sw_error *error) {
    struct sw_target *target = context;
    target->save = NULL;
    if (!error && answer->status != 200)
        error = sw_docker_refusal(target->daemon->endpoint->address, answer->status, answer->body);
    if (error && !target->error)
        target->error = error;
    else
        sw_error_free(error);
    sw_dial_raw(target->host, target->daemon->endpoint, remove_dialed, target);
}

static void save_dialed(void *context, struct sw_stream *stream, struct sw_bytes early, struct sw_error *error) {
    struct sw_target *target = context;
    (void)early;
    if (error || target->error) {
        sw_stream_free(stream);
        if (error && !target->error)
            target->error = error;
        else
            sw_error_free(error);
        end(target);
        return;
    }
    sw_cleanup_free char *path = sw_format("/images/%s/get", target->image);
    struct sw_http1_request request = {
        .method = "GET", .path = path, .body_fd = -1, .sink = target->request.served->sink, .done = on_saved, .context = target};
    target->save = sw_http1_start(target->host, stream, &request);
}

static void save_image(struct sw_target *target) {
    target->tidying = true;
    sw_dial_raw(target->host, target->daemon->endpoint, save_dialed, target);
}
