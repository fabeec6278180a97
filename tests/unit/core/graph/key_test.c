#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/graph/graph.h"
#include "core/graph/print.h"
#include "tests/unit/check.h"

static const struct sw_host_graph *const graphs = &sw_host_graph_table;

/* Files whose identity is the scope's name: enough to see that identities reach the keys. */
static bool tree_identity(void *context, const struct sw_op_tree *op, char out[65], struct sw_error **error) {
    (void)context;
    (void)error;
    memset(out, '0', 64);
    out[64] = '\0';
    memcpy(out, op->scope, strlen(op->scope));
    return true;
}

static struct sw_graph *new_graph(void) {
    return sw_graph_new(&(struct sw_graph_files){.tree_identity = tree_identity});
}

static sw_node add_exec(struct sw_graph *graph, sw_node input, const char *command, const char *title) {
    const char *argv[] = {"/bin/sh", "-c", command};
    struct sw_op_exec op = {.size = sizeof op, .input = input, .argv = {argv, 3}, .cwd = "/"};
    struct sw_op_note note = {.size = sizeof note, .title = title};
    return graphs->add_exec(graph, &op, &note, NULL);
}

static sw_node add_config(struct sw_graph *graph, sw_node input, const char *config) {
    return graphs->add_config(graph, &(struct sw_op_config){sizeof(struct sw_op_config), input, config}, NULL, NULL);
}

static void equal_operations_are_one_node(void **state) {
    (void)state;
    struct sw_graph *graph = new_graph();
    sw_node base = graphs->add_scratch(graph);
    assert_int_equal(graphs->add_scratch(graph), base);
    sw_node a = add_exec(graph, base, "make", "first");
    assert_int_equal(add_exec(graph, base, "make", "another title"), a);
    assert_int_not_equal(add_exec(graph, base, "make install", "first"), a);
    assert_int_equal(graphs->count(graph), 3);
    sw_graph_free(graph);
}

static void a_config_change_keeps_the_file_system_key(void **state) {
    (void)state;
    struct sw_graph *graph = new_graph();
    sw_node base = graphs->add_scratch(graph);
    sw_node x = add_config(graph, base, "{\"author\":\"x\"}"), y = add_config(graph, base, "{\"author\":\"y\"}");
    assert_string_not_equal(graphs->key(graph, x), graphs->key(graph, y));
    assert_string_equal(graphs->fs_key(graph, x), graphs->fs_key(graph, base));
    sw_node on_x = add_exec(graph, x, "make", ""), on_y = add_exec(graph, y, "make", "");
    assert_int_not_equal(on_x, on_y);
    assert_string_equal(graphs->fs_key(graph, on_x), graphs->fs_key(graph, on_y));
    assert_string_equal(graphs->config(graph, on_x), "{\"author\":\"x\"}");
    sw_graph_free(graph);
}

static void a_tree_is_its_files(void **state) {
    (void)state;
    struct sw_graph *graph = new_graph();
    struct sw_op_tree a = {.size = sizeof a, .scope = "a"}, b = {.size = sizeof b, .scope = "b"};
    sw_node first = graphs->add_tree(graph, &a, NULL, NULL);
    assert_int_not_equal(graphs->add_tree(graph, &b, NULL, NULL), first);
    assert_int_equal(graphs->add_tree(graph, &a, NULL, NULL), first);
    sw_graph_free(graph);
}

static void refuses_what_cannot_be_run(void **state) {
    (void)state;
    struct sw_graph *graph = new_graph();
    sw_node base = graphs->add_scratch(graph);
    const char *argv[] = {"true"};
    struct sw_op_exec relative = {.size = sizeof relative, .input = base, .argv = {argv, 1}, .cwd = "app"};
    struct sw_op_exec dangling = {.size = sizeof dangling, .input = 7, .argv = {argv, 1}, .cwd = "/"};
    struct sw_op_exec nothing = {.size = sizeof nothing, .input = base, .cwd = "/"};
    const struct sw_op_exec *bad[] = {&relative, &dangling, &nothing};
    for (size_t i = 0; i < 3; i++) {
        struct sw_error *error = NULL;
        assert_int_equal(graphs->add_exec(graph, bad[i], NULL, &error), SW_NODE_NONE);
        assert_non_null(error);
        assert_int_equal(error->code, SW_ERROR_INTERNAL);
        sw_error_free(error);
    }
    assert_int_equal(add_config(graph, base, "not json"), SW_NODE_NONE);
    sw_graph_free(graph);
}

static void prints_every_format(void **state) {
    (void)state;
    struct sw_graph *graph = new_graph();
    sw_node node = add_exec(graph, graphs->add_scratch(graph), "echo \"hi\"", "RUN echo \"hi\"");
    struct sw_printed_stage stage = {"dockerfile", "0123456789abcdef", node};
    struct sw_printed_image image = {.name = "app", .platform = "linux/amd64", .graph = graph, .stages = &stage, .stage_count = 1};
    static const char *const expected[] = {
        "app (linux/amd64)\n  #0 scratch scratch\n  #1 exec    RUN echo \"hi\"  <- #0  [stage dockerfile 0123456789ab]\n",
        "\"argv\": [",
        "i0_0 -> i0_1;",
        "i0_0 --> i0_1",
    };
    for (int format = SW_GRAPH_TREE; format <= SW_GRAPH_MERMAID; format++) {
        sw_cleanup_buf struct sw_buf out = {0};
        sw_graph_print(&out, (enum sw_graph_format)format, &image, 1);
        if (!strstr(sw_buf_text(&out), expected[format]))
            fail_msg("format %d:\n%s", format, sw_buf_text(&out));
    }
    sw_graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_operations_are_one_node), cmocka_unit_test(a_config_change_keeps_the_file_system_key),
        cmocka_unit_test(a_tree_is_its_files),           cmocka_unit_test(refuses_what_cannot_be_run),
        cmocka_unit_test(prints_every_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
