#include "plugins/buildkit/frontend.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/archive.h"
#include "plugins/buildkit/layer_import.h"
#include "plugins/buildkit/sync_source.h"

sw_node sw_frontend_below(const struct sw_host *host, const struct sw_graph *graph, sw_node node) {
    while (host->graph->kind(graph, node) == SW_OP_CONFIG)
        node = ((const struct sw_op_config *)host->graph->record(graph, node))->input;
    return host->graph->kind(graph, node) == SW_OP_FRONTEND ? node : SW_NODE_NONE;
}

/* ---- what it is given ---- */

/* Serves a tree under the name by which such programs ask for it. */
static bool serve_tree(struct sw_lower *lower, sw_node node, const char *name, struct sw_error **error) {
    struct sw_sync_source *source = sw_sync_source_new(lower->host, lower->solve->graph, node, name);
    sw_map_set(&lower->served->sources, name, source);
    return sw_lower_load(lower, source, error);
}

static void add_option(struct sw_vec *options, const char *key, const char *value) {
    sw_vec_push(options, &(struct sw_pair){key, value});
}

static bool add_input(struct sw_lower *lower, const struct sw_frontend_input *input, struct sw_frontend_ask *ask,
                      struct sw_vec *options, struct sw_error **error) {
    const char *key = sw_arena_format(&ask->arena, "context:%s", input->name);
    struct sw_llb_value value;
    if (lower->host->graph->kind(lower->solve->graph, input->node) == SW_OP_IMAGE) {
        sw_cleanup_free char *identifier = sw_lower_image_identifier(lower, input->node, error);
        add_option(options, key, sw_arena_str(&ask->arena, identifier));
        return identifier != NULL;
    }
    if (!sw_lower_node(lower, input->node, &value, error))
        return false;
    Sw__DefinitionEntry *entry = sw_arena_new(&ask->arena, sizeof *entry);
    sw__definition_entry__init(entry);
    entry->key = (char *)input->name;
    entry->value = sw_llb_definition(&lower->llb, value, &ask->arena);
    ask->inputs[ask->input_count++] = entry;
    add_option(options, key, sw_arena_format(&ask->arena, "input:%s", input->name));
    return true;
}

bool sw_frontend_prepare(struct sw_lower *lower, sw_node node, struct sw_frontend_ask *ask, struct sw_error **error) {
    const struct sw_op_frontend *op = sw_lower_record(lower, node);
    sw_cleanup_vec struct sw_vec options = {.width = sizeof(struct sw_pair)};
    add_option(&options, "source", op->source);
    for (size_t i = 0; i < op->options.count; i++)
        sw_vec_push(&options, &op->options.items[i]);
    if (lower->solve->platform)
        add_option(&options, "platform", lower->solve->platform);
    if (lower->loaded && lower->loaded->len)
        add_option(&options, "image-resolve-mode", "local");
    ask->inputs = sw_arena_new(&ask->arena, (op->input_count + 1) * sizeof *ask->inputs);
    bool ok = serve_tree(lower, op->context, "context", error) && serve_tree(lower, op->build_file, "dockerfile", error);
    for (size_t i = 0; ok && i < op->input_count; i++)
        ok = add_input(lower, &op->inputs[i], ask, &options, error);
    ask->options = (struct sw_pairs){sw_arena_copy(&ask->arena, options.data, options.len * sizeof(struct sw_pair)), options.len};
    return ok;
}

void sw_frontend_ask_fini(struct sw_frontend_ask *ask) {
    sw_arena_fini(&ask->arena);
    *ask = (struct sw_frontend_ask){0};
}

/* ---- what comes back ---- */

/* Members of objects one by one; anything else is replaced. */
static void merge(json_t *into, const json_t *from) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)from, key, value) {
        json_t *old = json_object_get(into, key);
        if (json_is_object(old) && json_is_object(value))
            merge(old, value);
        else
            json_object_set(into, key, value);
    }
}

/* Times of the build itself become the commit's. */
static void settle_times(json_t *config, int64_t epoch) {
    enum { SECONDS = 19 }; /* "2026-01-01T00:00:00" */
    struct tm parts;
    char text[64];
    time_t seconds = (time_t)epoch;
    json_t *entry;
    size_t i;
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    json_object_set_new(config, "created", json_string(text));
    json_array_foreach(json_object_get(config, "history"), i, entry) {
        const char *created = json_string_value(json_object_get(entry, "created"));
        if (!created || strncmp(created, text, SECONDS) > 0)
            json_object_set_new(entry, "created", json_string(text));
    }
}

static char *make_config(const struct sw_host *host, const struct sw_solve *solve, sw_node wanted, json_t *config,
                         const struct sw_vec *layers) {
    static const char *const leave_out[] = {"moby.buildkit.buildinfo.v1", "moby.buildkit.cache.v0"};
    sw_cleanup_json json_t *ours = json_loads(host->graph->config(solve->graph, wanted), 0, NULL);
    json_t *diff_ids = json_array();
    for (size_t i = 0; i < layers->len; i++)
        json_array_append_new(diff_ids, json_string(((struct sw_layer_made *)sw_vec_at(layers, i))->diff_id));
    merge(config, ours);
    for (size_t i = 0; i < sizeof leave_out / sizeof *leave_out; i++)
        json_object_del(config, leave_out[i]);
    json_object_set_new(config, "rootfs", json_pack("{s:s, s:o}", "type", "layers", "diff_ids", diff_ids));
    settle_times(config, solve->epoch);
    return json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
}

bool sw_frontend_import(const struct sw_host *host, const struct sw_solve *solve, sw_node wanted, int fd,
                        struct sw_frontend_image *image, struct sw_error **error) {
    struct stat status;
    struct sw_archive archive;
    if (fstat(fd, &status) < 0)
        return sw_fail(error, SW_ERROR_INTERNAL, "the image that the daemon sent cannot be looked at");
    if (!sw_archive_open(fd, (uint64_t)status.st_size, &archive, error))
        return false;
    bool ok = true;
    image->layers.width = sizeof(struct sw_layer_made);
    for (size_t i = 0; ok && i < archive.layers.len; i++) {
        const struct sw_archive_layer *layer = sw_vec_at(&archive.layers, i);
        struct sw_layer_import import = {.host = host, .fd = fd, .at = layer->at, .bytes = layer->bytes, .epoch = solve->epoch};
        ok = sw_layer_import(&import, sw_vec_push(&image->layers, NULL), error);
    }
    if (ok && !json_is_object(archive.config))
        ok = sw_fail(error, SW_ERROR_INTERNAL, "the image that the daemon sent has no config");
    if (ok)
        image->config = make_config(host, solve, wanted, archive.config, &image->layers);
    sw_archive_fini(&archive);
    return ok;
}

void sw_frontend_image_fini(struct sw_frontend_image *image) {
    sw_vec_fini(&image->layers);
    free(image->config);
    *image = (struct sw_frontend_image){0};
}

struct sw_result sw_frontend_result(const struct sw_frontend_image *image, sw_node wanted, struct sw_vec *layers) {
    layers->width = sizeof(struct sw_layer);
    for (size_t i = 0; i < image->layers.len; i++) {
        const struct sw_layer_made *made = sw_vec_at((struct sw_vec *)&image->layers, i);
        struct sw_layer layer = {.size = sizeof layer,
                                 .media_type = made->media_type,
                                 .digest = made->digest,
                                 .diff_id = made->diff_id,
                                 .bytes = made->bytes};
        sw_vec_push(layers, &layer);
    }
    return (struct sw_result){.size = sizeof(struct sw_result),
                              .node = wanted,
                              .layers = layers->data,
                              .layer_count = layers->len,
                              .config = image->config};
}
