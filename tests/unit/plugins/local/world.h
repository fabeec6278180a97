/* world.h - a real host with the local plugin in it, an empty store, and a small base image (busybox): for tests that solve graphs. */
#ifndef TESTS_UNIT_PLUGINS_LOCAL_WORLD_H
#define TESTS_UNIT_PLUGINS_LOCAL_WORLD_H

#include <inttypes.h>
#include <jansson.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/graph/graph.h"
#include "core/graph/image.h"
#include "core/plugin/host.h"
#include "core/plugin/secrets.h"
#include "core/plugin/settings.h"
#include "core/runtime/cancel.h"
#include "core/runtime/loop.h"
#include "plugins/local/layer.h"
#include "slipway/plugin.h"
#include "tests/unit/scratch.h"

const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal);

enum { WORLD_RESULTS = 8 };

struct world_result {
    size_t layer_count;
    struct sw_layer layers[64];
    char *config;
    bool cached;
};

struct world {
    struct scratch scratch;
    struct sw_graph_files files;
    struct sw_graph *graph;
    const struct sw_host *host;
    const struct sw_plugin *plugin;
    struct sw_image *image;
    sw_node base;
    struct sw_arena arena;
    struct world_result results[WORLD_RESULTS];
    size_t result_count;
    struct sw_error *error; /* of the last solve */
    unsigned waiting;
    unsigned fetches; /* of the base's layer */
    struct sw_cancel *cancel;
};

static struct world *the_world;

/* ---- the base image ---- */

static void world_fetch_later(void *context);

struct world_fetch {
    const struct sw_image *image;
    size_t index;
    void (*done)(void *context, int fd, struct sw_error *error);
    void *context;
};

static inline void world_open_layer(const struct sw_image *image, size_t index, struct sw_cancel *cancel, struct sw_vertex *vertex,
                                    void (*done)(void *context, int fd, struct sw_error *error), void *context) {
    (void)cancel;
    (void)vertex;
    struct world_fetch *fetch = sw_new(sizeof *fetch);
    *fetch = (struct world_fetch){image, index, done, context};
    sw_loop_later(world_fetch_later, fetch);
}

static const struct sw_host_blob world_blobs = {.size = sizeof world_blobs, .open_layer = world_open_layer};

static inline char *world_blob_path(const char *digest) {
    return sw_format("%s/%s/%s", the_world->scratch.path, "origin", digest + strlen("sha256:"));
}

/* From a folder of its own, as from a registry; or from the store, as for an image that was built here. */
static void world_fetch_later(void *context) {
    struct world_fetch *fetch = context;
    struct sw_layer layer = sw_host_image_table.layer(fetch->image, fetch->index);
    sw_cleanup_free char *path = world_blob_path(layer.digest);
    sw_cleanup_free char *stored = sw_format("%s/store/blobs/sha256/%s", the_world->scratch.path, layer.digest + strlen("sha256:"));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fd = open(stored, O_RDONLY | O_CLOEXEC);
    the_world->fetches++;
    struct sw_error *error = fd < 0 ? sw_error_new(SW_ERROR_NOT_FOUND, "no blob %s", layer.digest) : NULL;
    fetch->done(fetch->context, fd, error);
    free(fetch);
}

/* An image of these layers. */
static inline struct sw_image *world_image(const char *reference, const char *config_text, const struct sw_layer *layers,
                                           size_t count) {
    json_t *config = json_loads(config_text, 0, NULL), *list = json_array(), *diff_ids = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "mediaType", "application/vnd.oci.image.layer.v1.tar+gzip",
                                              "digest", layers[i].digest, "size", (json_int_t)layers[i].bytes));
        json_array_append_new(diff_ids, json_string(layers[i].diff_id));
    }
    json_object_set_new(config, "rootfs", json_pack("{s:s, s:o}", "type", "layers", "diff_ids", diff_ids));
    char *text = json_dumps(config, JSON_COMPACT);
    char config_digest[80] = "sha256:", digest[80] = "sha256:";
    sw_sha256_hex(text, strlen(text), config_digest + 7);
    json_t *manifest =
        json_pack("{s:i, s:s, s:{s:s, s:s, s:I}, s:o}", "schemaVersion", 2, "mediaType",
                  "application/vnd.oci.image.manifest.v1+json", "config", "mediaType", "application/vnd.oci.image.config.v1+json",
                  "digest", config_digest, "size", (json_int_t)strlen(text), "layers", list);
    char *manifest_text = json_dumps(manifest, JSON_COMPACT);
    sw_sha256_hex(manifest_text, strlen(manifest_text), digest + 7);
    struct sw_image_parts parts = {.reference = reference,
                                   .manifest_digest = digest,
                                   .manifest = {manifest_text, strlen(manifest_text)},
                                   .config = {text, strlen(text)}};
    struct sw_error *error = NULL;
    struct sw_image *image = sw_image_new(&parts, &error);
    if (!image)
        fail_msg("%s", error->message);
    json_decref(manifest);
    json_decref(config);
    free(manifest_text);
    free(text);
    return image;
}

/* Writes a folder of the scratch as a layer into origin/. */
static inline struct sw_layer world_layer(struct world *world, const char *folder) {
    sw_cleanup_free char *path = sw_format("%s/%s", world->scratch.path, folder);
    sw_cleanup_free char *temporary = sw_format("%s/origin/new", world->scratch.path);
    sw_cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sw_cleanup_close int blob = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct sw_layer_job job = {.folder = fd, .blob = blob, .epoch = 1000000000, .threads = 1};
    struct sw_layer_sum sum;
    struct sw_error *error = NULL;
    if (!sw_layer_write(&job, &sum, &error))
        fail_msg("%s", error->message);
    sw_cleanup_free char *kept = world_blob_path(sum.digest);
    assert_int_equal(rename(temporary, kept), 0);
    return (struct sw_layer){.size = sizeof(struct sw_layer),
                             .digest = sw_arena_str(&world->arena, sum.digest),
                             .diff_id = sw_arena_str(&world->arena, sum.diff_id),
                             .bytes = sum.bytes};
}

static inline void world_make_base(struct world *world) {
    scratch_run(&world->scratch,
                "mkdir -p origin base/bin base/dev base/etc base/proc base/root base/sys base/tmp && chmod 1777 base/tmp && chmod "
                "700 base/root && "
                "cp /bin/busybox base/bin/ && for a in sh cat ls echo true false id mkdir rm mv touch chmod "
                "sleep env grep sed ln find stat mknod dd wc hostname head ps seq test ip nc kill mount; do ln -s "
                "busybox base/bin/$a; done && printf 'root:x:0:0:root:/root:/bin/sh\\nuser:x:1000:1000::/home/user:"
                "/bin/sh\\n' >base/etc/passwd && printf 'root:x:0:\\nuser:x:1000:\\nextra:x:7:user\\n' >base/etc/group");
    struct sw_layer layer = world_layer(world, "base");
    world->image = world_image("busybox:test",
                               "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Env\":[\"PATH=/bin\"]},\"history\":[{"
                               "\"created_by\":\"base\"}]}",
                               &layer, 1);
}

/* ---- start and end ---- */

static inline bool world_no_files(void *context, const struct sw_op_tree *op, char out[65], struct sw_error **error) {
    (void)context;
    (void)error;
    sw_sha256_hex(op->scope ? op->scope : "", op->scope ? strlen(op->scope) : 0, out);
    return true;
}

static inline void world_open(struct world *world) {
    sw_cleanup_free char *store = sw_format("%s/store", world->scratch.path);
    struct sw_host_parts parts = {
        .store_folder = store, .image = &sw_host_image_table, .graph = &sw_host_graph_table, .blob = &world_blobs};
    assert_true(sw_loop_start(NULL));
    sw_cancel_reset_root();
    world->cancel = sw_cancel_new(NULL);
    world->host = sw_host_make(&parts);
    world->plugin = slipway_plugin_v1(world->host, NULL);
    world->graph = sw_graph_new(&world->files);
    world->base = SW_NODE_NONE;
}

static inline void world_clear_results(struct world *world) {
    for (size_t i = 0; i < world->result_count; i++)
        free(world->results[i].config);
    world->result_count = 0;
    sw_error_free(world->error);
    world->error = NULL;
}

/* Ends the host and the plugin, keeps the store. */
static inline void world_shut(struct world *world) {
    world->plugin->stop();
    sw_graph_free(world->graph);
    sw_cancel_free(world->cancel);
    sw_host_end();
    sw_secrets_end();
    sw_settings_end();
    sw_loop_end();
}

static inline int world_setup(void **state) {
    struct world *world = sw_new(sizeof *world);
    the_world = world;
    world->files.tree_identity = world_no_files;
    scratch_make(&world->scratch);
    world_make_base(world);
    world_open(world);
    world->base = sw_host_graph_table.add_image(
        world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = world->image}, NULL, NULL);
    *state = world;
    return 0;
}

/* As if the program had ended and was started again. */
static inline void world_again(struct world *world) {
    world_clear_results(world);
    world_shut(world);
    world_open(world);
    world->base = sw_host_graph_table.add_image(
        world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = world->image}, NULL, NULL);
}

static inline int world_teardown(void **state) {
    struct world *world = *state;
    world_clear_results(world);
    world_shut(world);
    sw_image_free(world->image);
    sw_arena_fini(&world->arena);
    scratch_end(&world->scratch);
    free(world);
    the_world = NULL;
    return 0;
}

/* ---- solving ---- */

static inline void world_on_result(void *context, const struct sw_result *result) {
    struct world *world = context;
    struct world_result *copy = &world->results[world->result_count++];
    *copy = (struct world_result){.layer_count = result->layer_count, .cached = result->cached};
    copy->config = sw_strdup(result->config);
    for (size_t i = 0; i < result->layer_count; i++) {
        copy->layers[i] = result->layers[i];
        copy->layers[i].digest = sw_arena_str(&world->arena, result->layers[i].digest);
        copy->layers[i].diff_id = sw_arena_str(&world->arena, result->layers[i].diff_id);
    }
}

static inline void world_on_done(void *context, struct sw_error *error) {
    struct world *world = context;
    if (world->error)
        sw_error_free(error);
    else
        world->error = error;
    if (--world->waiting == 0)
        sw_loop_stop();
}

/* Starts to solve; world_wait ends when all have ended. */
static inline void world_begin(struct world *world, const sw_node *wanted, size_t count, bool insecure) {
    struct sw_solve solve = {.size = sizeof solve,
                             .graph = world->graph,
                             .wanted = wanted,
                             .wanted_count = count,
                             .platform = "linux/amd64",
                             .plan_id = "plan",
                             .epoch = 1700000000,
                             .insecure_allowed = insecure,
                             .cancel = world->cancel,
                             .on_result = world_on_result,
                             .done = world_on_done,
                             .context = world};
    world->waiting++;
    world->plugin->backend->solve(&solve);
}

static inline void world_wait(struct world *world) {
    while (world->waiting)
        sw_loop_run();
}

static inline void world_solve(struct world *world, sw_node node) {
    world_clear_results(world);
    world_begin(world, &node, 1, false);
    world_wait(world);
}

/* Solves `node`, which must work. */
static inline const struct world_result *world_build(struct world *world, sw_node node) {
    world_solve(world, node);
    if (world->error) {
        sw_cleanup_free char *text = sw_error_text(world->error);
        fail_msg("%s", text);
    }
    assert_int_equal(world->result_count, 1);
    return &world->results[0];
}

/* ---- nodes ---- */

static inline struct sw_op_exec world_shell(struct world *world, sw_node input, const char *script) {
    static const char *const env[] = {"PATH=/bin"};
    const char **argv = sw_arena_new(&world->arena, 3 * sizeof *argv);
    argv[0] = "/bin/sh";
    argv[1] = "-c";
    argv[2] = script;
    return (struct sw_op_exec){
        .size = sizeof(struct sw_op_exec), .input = input, .argv = {argv, 3}, .env = {env, 1}, .cwd = "/", .user = ""};
}

static inline sw_node world_add(struct world *world, const struct sw_op_exec *op, const char *title) {
    struct sw_op_note note = {.size = sizeof note, .title = title, .place = {.file = "Dockerfile", .line = 3, .column = 1}};
    struct sw_error *error = NULL;
    sw_node node = sw_host_graph_table.add_exec(world->graph, op, &note, &error);
    if (node == SW_NODE_NONE)
        fail_msg("%s", error->message);
    return node;
}

/* RUN script. */
static inline sw_node world_run(struct world *world, sw_node input, const char *script) {
    struct sw_op_exec op = world_shell(world, input, script);
    sw_cleanup_free char *title = sw_format("RUN %s", script);
    return world_add(world, &op, title);
}

/* What `tar tf` says of a layer of the last result, sorted, without a trailing newline; to be freed. */
static inline char *world_names(struct world *world, const struct world_result *result, size_t index) {
    sw_cleanup_free char *command =
        sw_format("tar tzf store/blobs/sha256/%s | LC_ALL=C sort | tr '\\n' ' '", result->layers[index].digest + strlen("sha256:"));
    return scratch_ask(&world->scratch, command);
}

/* A file in the last layer of a result; to be freed. */
static inline char *world_file(struct world *world, const struct world_result *result, const char *path) {
    sw_cleanup_free char *command =
        sw_format("tar xzOf store/blobs/sha256/%s %s", result->layers[result->layer_count - 1].digest + strlen("sha256:"), path);
    return scratch_ask(&world->scratch, command);
}

/* What a step, run on the base, writes into the file /out; to be freed. */
static inline char *world_output(struct world *world, const struct sw_op_exec *op) {
    return world_file(world, world_build(world, world_add(world, op, "RUN")), "out");
}

#endif
