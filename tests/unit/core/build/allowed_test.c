#include "core/build/allowed.h"

#include <string.h>

#include "core/base/error.h"
#include "core/graph/graph.h"
#include "tests/unit/check.h"

struct row {
    struct sw_op_exec op;
    uint32_t ops, mounts, networks, can_insecure;
    bool insecure;
    uint32_t code; /* 0: it may run */
    const char *part;
};

static const struct sw_mount secret = {.kind = SW_MOUNT_SECRET, .from = SW_NODE_NONE, .id = "id", .target = "/s"};

static void check(const struct row *row) {
    const char *argv[] = {"true"};
    struct sw_graph *graph = sw_graph_new(&(struct sw_graph_files){0});
    struct sw_op_exec op = row->op;
    op.size = sizeof op;
    op.input = sw_host_graph_table.add_scratch(graph);
    op.argv = (struct sw_strings){argv, 1};
    op.cwd = "/";
    struct sw_op_note note = {.size = sizeof note, .title = "RUN true", .place = {"Dockerfile", 3, 1, 3}};
    assert_int_not_equal(sw_host_graph_table.add_exec(graph, &op, &note, NULL), SW_NODE_NONE);
    struct sw_capabilities capabilities = {.size = sizeof capabilities,
                                           .ops = row->ops,
                                           .mounts = row->mounts,
                                           .networks = row->networks,
                                           .insecure = row->can_insecure};
    struct sw_allowed allowed = {&capabilities, "some", row->insecure};
    sw_cleanup_error struct sw_error *error = NULL;
    assert_int_equal(sw_graph_allowed(graph, &allowed, &error), row->code == 0);
    if (row->code) {
        assert_int_equal(error->code, row->code);
        assert_string_equal(error->file, "Dockerfile");
        assert_int_equal(error->line, 3);
        assert_non_null(strstr(error->message, row->part));
    }
    sw_graph_free(graph);
}

static void a_step_runs_only_where_it_can_and_may(void **state) {
    (void)state;
    const uint32_t ops = 1u << SW_OP_SCRATCH | 1u << SW_OP_EXEC, secrets = 1u << SW_MOUNT_SECRET,
                   networks = 1u << SW_NETWORK_DEFAULT;
    const struct row rows[] = {
        {{.network = SW_NETWORK_DEFAULT}, ops, 0, networks, 0, false, 0, NULL},
        {{.network = SW_NETWORK_HOST}, ops, 0, networks, 0, false, SW_ERROR_UNSUPPORTED, "the host's network"},
        {{.network = 9}, ops, 0, UINT32_MAX, 0, false, SW_ERROR_UNSUPPORTED, "an unknown network"},
        {{.mounts = &secret, .mount_count = 1}, ops, secrets, networks, 0, false, 0, NULL},
        {{.mounts = &secret, .mount_count = 1}, ops, 0, networks, 0, false, SW_ERROR_UNSUPPORTED, "a secret mount"},
        {{.security = SW_SECURITY_INSECURE}, ops, 0, networks, 1, false, SW_ERROR_DENIED, "privileged"},
        {{.security = SW_SECURITY_INSECURE}, ops, 0, networks, 0, true, SW_ERROR_UNSUPPORTED, "privileged"},
        {{.security = SW_SECURITY_INSECURE}, ops, 0, networks, 1, true, 0, NULL},
        {{.network = SW_NETWORK_DEFAULT}, 1u << SW_OP_SCRATCH, 0, networks, 0, false, SW_ERROR_UNSUPPORTED, "exec"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i]);
}

static void a_front_end_needs_a_backend_that_runs_it(void **state) {
    (void)state;
    struct sw_graph *graph = sw_graph_new(&(struct sw_graph_files){0});
    struct sw_op_frontend op = {.size = sizeof op, .source = "some/frontend:1"};
    struct sw_op_note note = {.size = sizeof note, .title = "Recipe", .place = {"Recipe", 1, 1, 1}};
    op.context = op.build_file = sw_host_graph_table.add_scratch(graph);
    sw_node node = sw_host_graph_table.add_frontend(graph, &op, &note, NULL);
    assert_int_not_equal(node, SW_NODE_NONE);
    assert_string_equal(sw_host_graph_table.config(graph, node), "{}");
    assert_int_equal(sw_host_graph_table.add_frontend(graph, &op, &note, NULL), node);
    op.source = "";
    assert_int_equal(sw_host_graph_table.add_frontend(graph, &op, &note, NULL), SW_NODE_NONE);
    struct sw_capabilities capabilities = {.size = sizeof capabilities, .ops = UINT32_MAX};
    struct sw_allowed allowed = {&capabilities, "some", false};
    sw_cleanup_error struct sw_error *error = NULL;
    assert_false(sw_graph_allowed(graph, &allowed, &error));
    assert_non_null(
        strstr(error->message, "front end \"some/frontend:1\", which only a BuildKit daemon can run, and not backend \"some\""));
    capabilities.external_frontends = 1;
    assert_true(sw_graph_allowed(graph, &allowed, NULL));
    sw_graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_step_runs_only_where_it_can_and_may),
                                       cmocka_unit_test(a_front_end_needs_a_backend_that_runs_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
