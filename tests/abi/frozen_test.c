/* Loads the plugin that is frozen at ABI 1.0, and has it plan an image. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/plugin/host.h"
#include "core/plugin/plugins.h"
#include "core/runtime/loop.h"
#include "tests/unit/check.h"

/* A document of one key stands for all: the plugin only sees the table. */
struct sw_value {
    const char *text;
};

static const struct sw_value *get(const struct sw_value *map, const char *key) {
    return strcmp(key, "frozen") ? NULL : map;
}

static const char *text(const struct sw_value *value) {
    return value ? value->text : NULL;
}

static struct sw_place place(const struct sw_value *value) {
    (void)value;
    return (struct sw_place){.file = "werf.yaml", .line = 3, .column = 1};
}

static const struct sw_host_document document = {.size = sizeof document, .get = get, .text = text, .place = place};

static sw_node add_tree(struct sw_graph *graph, const struct sw_op_tree *op, const struct sw_op_note *note,
                        struct sw_error **error) {
    (void)error;
    assert_ptr_equal(graph, &document);
    assert_string_equal(op->inlines[0].path, "text");
    assert_string_equal(note->title, "frozen");
    return 42;
}

static const struct sw_host_graph graph = {.size = sizeof graph, .add_tree = add_tree};

static struct sw_plugins *load(void) {
    const struct sw_host *host = sw_host_make(&(struct sw_host_parts){.document = &document, .graph = &graph});
    struct sw_plugins *plugins = sw_plugins_new(host);
    sw_plugins_load(plugins, FROZEN_PLUGIN, SW_PLUGINS_EXPLICIT);
    for (size_t i = 0; i < sw_plugins_refused_count(plugins); i++)
        print_error("%s: %s\n", sw_plugins_refused_at(plugins, i).path, sw_plugins_refused_at(plugins, i).reason);
    return plugins;
}

struct answers {
    int stages, ends;
    sw_node node;
};

static void on_stage(void *context, const struct sw_stage *stage, struct sw_error *error) {
    struct answers *answers = context;
    assert_null(error);
    if (!stage) {
        answers->ends++;
        return;
    }
    answers->stages++;
    assert_string_equal(stage->name, "frozen");
    assert_int_equal(stage->input_count, 1);
    assert_memory_equal(stage->inputs[0].value.data, "hello", 5);
}

static void on_node(void *context, sw_node node, struct sw_error *error) {
    assert_null(error);
    ((struct answers *)context)->node = node;
}

static void a_plugin_of_abi_1_0_plans_an_image(void **state) {
    (void)state;
    struct sw_plugins *plugins = load();
    const struct sw_plugin *plugin = sw_plugins_builder_of(plugins, "frozen");
    assert_non_null(plugin);
    struct sw_value value = {"hello"};
    struct sw_plan_request request = {.size = sizeof request, .document = &value, .image = "app"};
    struct answers answers = {0};
    void *planner = plugin->builder->plan(&request, NULL);
    assert_non_null(planner);
    plugin->builder->next(planner, NULL, on_stage, &answers);
    sw_loop_run();
    plugin->builder->realize(planner, (struct sw_graph *)&document, SW_NODE_NONE, on_node, &answers);
    plugin->builder->next(planner, &(struct sw_stage_view){.size = sizeof(struct sw_stage_view)}, on_stage, &answers);
    sw_loop_run();
    plugin->builder->close(planner);
    assert_int_equal(answers.stages, 1);
    assert_int_equal(answers.ends, 1);
    assert_int_equal(answers.node, 42);
    sw_plugins_free(plugins);
}

static void its_errors_have_place_and_hint(void **state) {
    (void)state;
    struct sw_plugins *plugins = load();
    const struct sw_plugin *plugin = sw_plugins_builder_of(plugins, "frozen");
    assert_non_null(plugin);
    struct sw_value value = {""};
    struct sw_plan_request request = {.size = sizeof request, .document = &value};
    sw_cleanup_error struct sw_error *error = NULL;
    assert_null(plugin->builder->plan(&request, &error));
    sw_cleanup_free char *shown = sw_error_text(error);
    assert_string_equal(shown, "werf.yaml:3:1: `frozen` must hold a text\nhint: write one");
    sw_plugins_free(plugins);
}

static int set_up(void **state) {
    (void)state;
    return sw_loop_start(NULL) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    sw_loop_end();
    sw_host_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_of_abi_1_0_plans_an_image),
        cmocka_unit_test(its_errors_have_place_and_hint),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
