#include "plugins/dockerfile/explain.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/dockerfile/directive.h"
#include "plugins/dockerfile/evaluate.h"
#include "plugins/dockerfile/explain_graph.h"
#include "plugins/dockerfile/explain_options.h"
#include "plugins/dockerfile/json_text.h"
#include "plugins/dockerfile/text.h"

static json_t *line_range(uint32_t first, uint32_t last) {
    return json_pack("[i,i]", (int)first, (int)last);
}

static void put_text(json_t *object, const char *key, const char *text) {
    if (text && *text)
        json_object_set_new(object, key, sw_df_json_text(text));
}

static json_t *heredoc_json(const struct sw_df_heredoc *heredoc) {
    json_t *object = json_object();
    json_object_set_new(object, "name", sw_df_json_text(heredoc->name));
    json_object_set_new(object, "content", sw_df_json_text(heredoc->content));
    json_object_set_new(object, "expand", json_boolean(heredoc->expand));
    if (heredoc->chomp)
        json_object_set_new(object, "chomp", json_true());
    if (heredoc->descriptor)
        json_object_set_new(object, "fd", json_integer((json_int_t)heredoc->descriptor));
    return object;
}

/* The trigger of an ONBUILD as it is stored; NULL for other instructions, and for malformed ones. */
static const char *trigger_of(const struct sw_df_node *node, struct sw_arena *arena) {
    struct sw_df_failure ignored = {.arena = arena};
    struct sw_df_instruction instruction;
    if (!sw_df_equal_fold(node->name, "ONBUILD") || !sw_df_instruction_parse(node, NULL, &instruction, &ignored))
        return NULL;
    return instruction.text;
}

static json_t *node_json(const struct sw_df_node *node, struct sw_arena *arena) {
    json_t *object = json_object();
    json_object_set_new(object, "name", sw_df_json_text(node->name));
    json_object_set_new(object, "lines", line_range(node->first, node->last));
    if (node->flags.count > 0)
        json_object_set_new(object, "flags", sw_df_json_list(node->flags));
    if (node->json)
        json_object_set_new(object, "json", json_true());
    if (node->args.count > 0)
        json_object_set_new(object, "args", sw_df_json_list(node->args));
    put_text(object, "trigger", trigger_of(node, arena));
    if (node->heredoc_count > 0) {
        json_t *heredocs = json_array();
        for (size_t i = 0; i < node->heredoc_count; i++)
            json_array_append_new(heredocs, heredoc_json(&node->heredocs[i]));
        json_object_set_new(object, "heredocs", heredocs);
    }
    if (node->comments.count > 0)
        json_object_set_new(object, "comments", sw_df_json_list(node->comments));
    return object;
}

static json_t *stage_json(const struct sw_df_stage *stage) {
    json_t *object = json_object();
    put_text(object, "name", stage->name);
    json_object_set_new(object, "base", sw_df_json_text(stage->base));
    put_text(object, "platform", stage->platform);
    json_object_set_new(object, "lines", line_range(stage->first, stage->last));
    put_text(object, "doc", stage->doc);
    json_object_set_new(object, "commands", json_integer((json_int_t)stage->instruction_count));
    return object;
}

static void put_program(json_t *object, const struct sw_df_file *file, struct sw_arena *arena) {
    struct sw_df_failure ignored = {.arena = arena};
    struct sw_df_lint silent;
    struct sw_df_program program;
    json_t *nodes = json_array();
    for (size_t i = 0; i < file->node_count; i++)
        json_array_append_new(nodes, node_json(&file->nodes[i], arena));
    json_object_set_new(object, "instructions", nodes);
    sw_df_lint_init(&silent, arena);
    silent.silent = true;
    bool ok = sw_df_program_parse(file, &silent, &program, &ignored);
    sw_df_lint_fini(&silent);
    if (!ok || program.stage_count == 0)
        return;
    json_t *stages = json_array();
    for (size_t i = 0; i < program.stage_count; i++)
        json_array_append_new(stages, stage_json(&program.stages[i]));
    json_object_set_new(object, "stages", stages);
}

/* What the text says by itself, whatever the options are. */
static json_t *parse_json(struct sw_bytes bytes) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_df_failure ignored = {.arena = &arena};
    struct sw_df_file file;
    json_t *object = json_object();
    const char *text = sw_arena_strn(&arena, bytes.data, bytes.len);
    bool ok = sw_df_parse(bytes, &file, &ignored);
    if (ok)
        json_object_set_new(object, "escape", json_stringn(&file.escape, 1));
    put_text(object, "syntax", sw_df_directive_syntax(&arena, text));
    put_text(object, "check", sw_df_directive_find(&arena, text, "check"));
    if (ok)
        put_program(object, &file, &arena);
    return object;
}

static json_t *lines_json(uint32_t first, uint32_t last) {
    json_t *array = json_array();
    for (uint32_t line = first; line <= last; line++)
        json_array_append_new(array, json_integer(line));
    return array;
}

static void put_warnings(json_t *root, struct sw_df_lint *lint) {
    if (lint->warnings.len == 0)
        return;
    json_t *array = json_array();
    sw_df_lint_sort(lint);
    for (size_t i = 0; i < lint->warnings.len; i++) {
        const struct sw_df_warning *warning = sw_vec_at(&lint->warnings, i);
        json_t *object = json_object();
        json_object_set_new(object, "rule", sw_df_json_text(warning->rule));
        if (warning->first > 0)
            json_object_set_new(object, "lines", lines_json(warning->first, warning->last));
        json_object_set_new(object, "text", sw_df_json_text(warning->text));
        json_array_append_new(array, object);
    }
    json_object_set_new(root, "warnings", array);
}

static void put_failure(json_t *root, const struct sw_df_failure *failure) {
    json_t *object = json_object();
    json_object_set_new(object, "text", sw_df_json_text(failure->text));
    if (failure->count > 0) {
        json_t *lines = json_array();
        for (size_t i = 0; i < failure->count; i++)
            json_array_append_new(lines, json_integer(failure->lines[i]));
        json_object_set_new(object, "lines", lines);
    }
    json_object_set_new(root, "error", object);
}

/* The key of an output; a build for no platform in particular goes by that of the machine. */
static json_t *platform_json(struct sw_df_evaluation *evaluation, const struct sw_df_explain_options *options) {
    struct sw_df_platform host = sw_df_platform_host();
    if (options->platforms.count > 0)
        return sw_df_json_text(evaluation->platform);
    return sw_df_json_text(sw_df_platform_text(&evaluation->arena, &host, SW_DF_PLATFORM_ALL));
}

static json_t *output_json(struct sw_df_evaluation *evaluation, const struct sw_df_explain_options *options) {
    json_t *object = json_object();
    sw_cleanup_free char *result = NULL;
    if (options->options.many_platforms)
        json_object_set_new(object, "platform", platform_json(evaluation, options));
    json_object_set_new(object, "image", sw_df_image_json(&evaluation->image));
    json_t *graph = sw_df_graph_json(evaluation, options, &result);
    if (json_array_size(graph) > 0)
        json_object_set(object, "graph", graph);
    json_decref(graph);
    if (result)
        json_object_set_new(object, "result", sw_df_json_text(result));
    return object;
}

/* Evaluates for one platform. Only the first one warns. */
static bool explain_platform(json_t *root, json_t *outputs, struct sw_bytes file, struct sw_df_explain_options *options,
                             size_t index) {
    struct sw_df_options one = options->options;
    struct sw_df_evaluation evaluation;
    one.platform = options->platforms.count > 0 && !one.check ? options->platforms.items[index] : NULL;
    one.silent = index > 0;
    sw_df_evaluate(file, &one, &evaluation);
    bool ok = !evaluation.failure.text;
    if (index == 0)
        put_warnings(root, &evaluation.lint);
    if (!ok)
        put_failure(root, &evaluation.failure);
    else if (!one.check)
        json_array_append_new(outputs, output_json(&evaluation, options));
    sw_df_evaluation_fini(&evaluation);
    return ok;
}

static int compare_outputs(const void *a, const void *b) {
    const char *x = json_string_value(json_object_get(*(json_t *const *)a, "platform"));
    const char *y = json_string_value(json_object_get(*(json_t *const *)b, "platform"));
    return strcmp(x ? x : "", y ? y : "");
}

static json_t *sorted(const json_t *outputs) {
    size_t count = json_array_size(outputs);
    json_t **items = calloc(count + 1, sizeof(*items)), *array = json_array();
    for (size_t i = 0; items && i < count; i++)
        items[i] = json_array_get(outputs, i);
    qsort(items, count, sizeof(*items), compare_outputs);
    for (size_t i = 0; i < count; i++)
        json_array_append(array, items[i]);
    free(items);
    return array;
}

static void explain_outputs(json_t *root, struct sw_bytes file, struct sw_df_explain_options *options) {
    size_t count = options->platforms.count > 0 && !options->options.check ? options->platforms.count : 1;
    sw_cleanup_json json_t *outputs = json_array();
    for (size_t i = 0; i < count; i++)
        if (!explain_platform(root, outputs, file, options, i))
            return;
    if (json_array_size(outputs) > 0)
        json_object_set_new(root, "outputs", sorted(outputs));
}

bool sw_df_explain(const char *name, struct sw_bytes file, const char *text, char **json, struct sw_error **error) {
    sw_cleanup_arena struct sw_arena arena = {0};
    sw_cleanup_json json_t *root = json_object();
    struct sw_df_failure failure = {.arena = &arena};
    struct sw_df_explain_options options;
    (void)name;
    bool ok = sw_df_explain_options_read(&options, text, &failure, error);
    if (ok) {
        json_object_set_new(root, "parse", parse_json(file));
        if (failure.text)
            put_failure(root, &failure);
        else
            explain_outputs(root, file, &options);
        *json = json_dumps(root, JSON_INDENT(1) | JSON_ENCODE_ANY);
    }
    sw_df_explain_options_fini(&options);
    return ok;
}
