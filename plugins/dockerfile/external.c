#include "plugins/dockerfile/external.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/dockerfile/context.h"
#include "plugins/dockerfile/text.h"

static struct sw_place first_line(const struct sw_df_planner *p) {
    return (struct sw_place){.file = p->document.dockerfile, .line = 1, .end_line = 1};
}

bool sw_df_external_check(struct sw_df_planner *p, struct sw_error **error) {
    if (!p->document.staged && !p->request->part)
        return true;
    sw_fail(error, SW_ERROR_UNSUPPORTED, "`staged` needs to know the instructions, which only the front end \"%s\" can read",
            p->frontend.image);
    if (error)
        *error = sw_error_at(*error, first_line(p));
    return false;
}

/* ---- what it is told ---- */

static void add_option(struct sw_df_planner *p, struct sw_vec *options, const char *key, const char *value) {
    sw_vec_push(options, &(struct sw_pair){sw_arena_str(&p->arena, key), sw_arena_str(&p->arena, value)});
}

static void add_args(struct sw_df_planner *p, struct sw_vec *options, struct sw_pairs args, struct sw_pairs before) {
    for (size_t i = 0; i < args.count; i++) {
        bool given = false;
        for (size_t j = 0; j < before.count; j++)
            given = given || strcmp(before.items[j].key, args.items[i].key) == 0;
        if (!given)
            add_option(p, options, sw_arena_format(&p->arena, "build-arg:%s", args.items[i].key), args.items[i].value);
    }
}

static const char *hosts_option(struct sw_df_planner *p) {
    sw_cleanup_buf struct sw_buf text = {0};
    for (size_t i = 0; i < p->document.host_pairs.count; i++)
        sw_buf_printf(&text, "%s%s=%s", i ? "," : "", p->document.host_pairs.items[i].key, p->document.host_pairs.items[i].value);
    return sw_arena_str(&p->arena, sw_buf_text(&text));
}

/* The attributes of a front end, as clients of BuildKit name them. */
static void collect_options(struct sw_df_planner *p, struct sw_vec *options) {
    sw_cleanup_free char *name = sw_path_base(p->document.dockerfile);
    const char *network = p->document.network;
    add_option(p, options, "cmdline", p->frontend.line);
    add_option(p, options, "filename", name);
    if (*p->document.target)
        add_option(p, options, "target", p->document.target);
    add_args(p, options, p->dependency_args, (struct sw_pairs){0});
    add_args(p, options, p->document.args, p->dependency_args);
    if (p->document.host_pairs.count)
        add_option(p, options, "add-hosts", hosts_option(p));
    if (strcmp(network, "host") == 0 || strcmp(network, "none") == 0)
        add_option(p, options, "force-network-mode", network);
}

/* ---- the digest ---- */

static void add_input(struct sw_df_planner *p, struct sw_vec *inputs, const char *name, struct sw_bytes value) {
    struct sw_input input = {
        .size = sizeof(input), .flags = SW_INPUT_SECRET_FREE, .name = sw_arena_str(&p->arena, name), .value = value};
    sw_vec_push(inputs, &input);
}

static void add_text(struct sw_df_planner *p, struct sw_vec *inputs, const char *name, const char *text) {
    add_input(p, inputs, name, (struct sw_bytes){sw_arena_str(&p->arena, text), strlen(text)});
}

bool sw_df_external_inputs(struct sw_df_planner *p, struct sw_vec *inputs, struct sw_error **error) {
    static const char *const whole[] = {"."};
    struct sw_df_context *context = sw_arena_new(&p->arena, sizeof *context);
    sw_cleanup_vec struct sw_vec options = {.width = sizeof(struct sw_pair)};
    sw_cleanup_free char *file_name = sw_path_base(p->document.dockerfile);
    char checksum[65];
    *context = sw_df_planner_context(p);
    context->checks = p->checks;
    if (!sw_df_files_checksum(context, (struct sw_strings){whole, 1}, checksum, error))
        return false;
    add_text(p, inputs, "front end", p->frontend.image);
    add_input(p, inputs, sw_arena_format(&p->arena, "file %s", file_name), p->file);
    add_text(p, inputs, "files of the context", checksum);
    ((struct sw_input *)sw_vec_at(inputs, inputs->len - 1))->files = sw_df_files_of(context, (struct sw_strings){whole, 1});
    collect_options(p, &options);
    for (size_t i = 0; i < options.len; i++) {
        const struct sw_pair *option = sw_vec_at(&options, i);
        if (strcmp(option->key, "force-network-mode") == 0) /* as with a Dockerfile that is read here */
            continue;
        add_text(p, inputs, sw_arena_format(&p->arena, "option %s", option->key),
                 sw_arena_format(&p->arena, "%s=%s", option->key, option->value));
        if (strncmp(option->key, "build-arg:", 10) == 0)
            ((struct sw_input *)sw_vec_at(inputs, inputs->len - 1))->flags = 0;
    }
    if (p->request->cache_version && *p->request->cache_version)
        add_text(p, inputs, "cacheVersion", p->request->cache_version);
    return true;
}

/* ---- the graph ---- */

/* The file and the one beside it that says what to ignore, in a tree of their own. */
static sw_node build_file_node(struct sw_df_planner *p, struct sw_graph *graph, struct sw_error **error) {
    sw_cleanup_free char *folder = sw_path_dir(p->document.dockerfile), *name = sw_path_base(p->document.dockerfile);
    const char *scope = strcmp(folder, ".") == 0 ? "" : folder;
    const char *names[] = {name, sw_arena_format(&p->arena, "%s.dockerignore", name)};
    struct sw_filter filter = {.size = sizeof(filter), .base = scope, .include = {names, 2}};
    struct sw_op_tree tree = {
        .size = sizeof(tree), .filter_count = 1, .commit = p->request->commit, .scope = scope, .filters = &filter};
    struct sw_op_note note = {.size = sizeof(note), .title = "load the build file", .place = first_line(p)};
    return p->host->graph->add_tree(graph, &tree, &note, error);
}

/* Images of the project whose values are build arguments: the program finds them by their names. */
static bool image_inputs(struct sw_df_planner *p, struct sw_graph *graph, struct sw_vec *inputs, struct sw_error **error) {
    for (size_t i = 0; i < p->imported; i++) {
        struct sw_op_image op = {.size = sizeof(op), .image = p->known[i].handle};
        struct sw_op_note note = {.size = sizeof(note), .title = p->known[i].name, .place = p->document.imports[i].place};
        struct sw_frontend_input input = {.size = sizeof(input), .name = p->known[i].name};
        bool known = false;
        for (size_t j = 0; j < inputs->len; j++)
            known = known || strcmp(((struct sw_frontend_input *)sw_vec_at(inputs, j))->name, input.name) == 0;
        if (known)
            continue;
        input.node = p->host->graph->add_image(graph, &op, &note, error);
        if (input.node == SW_NODE_NONE)
            return false;
        sw_vec_push(inputs, &input);
    }
    return true;
}

sw_node sw_df_external_node(struct sw_df_planner *p, struct sw_graph *graph, struct sw_error **error) {
    static const char *const whole[] = {"/"};
    sw_cleanup_vec struct sw_vec options = {.width = sizeof(struct sw_pair)};
    sw_cleanup_vec struct sw_vec inputs = {.width = sizeof(struct sw_frontend_input)};
    struct sw_op_note context_note = {.size = sizeof(context_note), .title = "load the context", .place = first_line(p)};
    struct sw_op_note note = {.size = sizeof(note),
                              .title = sw_arena_format(&p->arena, "%s by %s", p->document.dockerfile, p->frontend.image),
                              .place = first_line(p)};
    collect_options(p, &options);
    struct sw_op_frontend op = {.size = sizeof(op),
                                .host_network = strcmp(p->document.network, "host") == 0,
                                .source = p->frontend.image,
                                .options = {options.data, options.len},
                                .context = sw_df_context_node(p, graph, (struct sw_strings){whole, 1}, &context_note, error)};
    if (op.context == SW_NODE_NONE)
        return SW_NODE_NONE;
    op.build_file = build_file_node(p, graph, error);
    if (op.build_file == SW_NODE_NONE || !image_inputs(p, graph, &inputs, error))
        return SW_NODE_NONE;
    op.inputs = inputs.data;
    op.input_count = inputs.len;
    return p->host->graph->add_frontend(graph, &op, &note, error);
}
