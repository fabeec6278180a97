#include "tests/unit/plugins/local/world.h"

static void a_step_makes_one_layer_of_what_it_changed(void **state) {
    struct world *world = *state;
    const struct world_result *result =
        world_build(world, world_run(world, world->base, "echo hello >/hello; rm /etc/group; mkdir /d; echo x >/d/x"));
    assert_int_equal(result->layer_count, 2);
    assert_false(result->cached);
    sw_cleanup_free char *names = world_names(world, result, 1);
    assert_string_equal(names, "d/ d/x etc/ etc/.wh.group hello ");
    assert_non_null(strstr(result->config, "\"diff_ids\":[\"sha256:"));
    assert_non_null(strstr(result->config, "\"created\":\"2023-11-14T22:13:20Z\""));
}

static void what_was_built_is_not_built_again(void **state) {
    struct world *world = *state;
    const struct world_result *result = world_build(world, world_run(world, world->base, "date >/t 2>&1; echo $RANDOM >/r"));
    sw_cleanup_free char *digest = sw_strdup(result->layers[1].digest);
    unsigned fetches = world->fetches;
    world_again(world);
    result = world_build(world, world_run(world, world->base, "date >/t 2>&1; echo $RANDOM >/r"));
    assert_true(result->cached);
    assert_string_equal(result->layers[1].digest, digest);
    assert_int_equal(world->fetches, fetches);
}

static void a_step_that_changes_nothing_makes_an_empty_layer(void **state) {
    struct world *world = *state;
    const struct world_result *result = world_build(world, world_run(world, world->base, "chmod 644 /etc/group; rm -f /none"));
    assert_int_equal(result->layer_count, 2);
    assert_null(strstr(result->config, "\"empty_layer\":true"));
    sw_cleanup_free char *names = world_names(world, result, 1);
    assert_string_equal(names, "");
}

static void a_step_gives_its_image_the_folders_that_systems_have(void **state) {
    struct world *world = *state;
    scratch_run(&world->scratch, "mkdir -p bare/bin && cp base/bin/busybox bare/bin/sh");
    struct sw_layer layer = world_layer(world, "bare");
    struct sw_image *image = world_image("bare:1", "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{}}", &layer, 1);
    sw_node node = sw_host_graph_table.add_image(
        world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = image}, NULL, NULL);
    const struct world_result *result = world_build(world, world_run(world, node, "echo 1 >/dev/1; echo 2 >/file"));
    sw_cleanup_free char *names = world_names(world, result, 1);
    assert_string_equal(names, "dev/ file proc/ sys/ ");
    sw_image_free(image);
}

static void a_failing_step_tells_its_exit_code_and_its_last_lines(void **state) {
    struct world *world = *state;
    world_solve(world, world_run(world, world->base, "for i in $(seq 1 100); do echo line $i; done; echo oops >&2; exit 7"));
    assert_non_null(world->error);
    assert_int_equal(world->error->code, SW_ERROR_BUILD);
    assert_int_equal(world->error->exit_status, 7);
    assert_string_equal(world->error->file, "Dockerfile");
    assert_int_equal(world->error->line, 3);
    assert_non_null(strstr(world->error->message, "RUN for i in"));
    assert_non_null(strstr(world->error->message, "exit code: 7"));
    assert_non_null(strstr(world->error->excerpt, "line 100"));
    assert_null(strstr(world->error->excerpt, "line 60\n"));
}

static void independent_nodes_run_side_by_side(void **state) {
    struct world *world = *state;
    world_build(world, world_run(world, world->base, "true"));
    world_clear_results(world);
    /* Each waits for the other one to begin, through a cache that both see. */
    struct sw_mount mount = {.size = sizeof mount, .kind = SW_MOUNT_CACHE, .from = SW_NODE_NONE, .target = "/c", .id = "c"};
    sw_node nodes[2];
    for (int i = 0; i < 2; i++) {
        struct sw_op_exec op =
            world_shell(world, world->base,
                        i ? "touch /c/1; for i in $(seq 1 200); do [ -e /c/0 ] && exit 0; sleep 0.05; done; exit 1"
                          : "touch /c/0; for i in $(seq 1 200); do [ -e /c/1 ] && exit 0; sleep 0.05; done; exit 1");
        op.mounts = &mount;
        op.mount_count = 1;
        nodes[i] = world_add(world, &op, "RUN");
    }
    world_begin(world, nodes, 2, false);
    world_wait(world);
    if (world->error)
        fail_msg("%s", world->error->message);
}

static void a_failure_ends_what_runs_beside_it(void **state) {
    struct world *world = *state;
    sw_node nodes[] = {world_run(world, world->base, "sleep 60"), world_run(world, world->base, "sleep 0.3; exit 5"),
                       world_run(world, world->base, "sleep 61")};
    uint64_t start = sw_loop_now();
    world_begin(world, nodes, 3, false);
    world_wait(world);
    assert_non_null(world->error);
    assert_int_equal(world->error->exit_status, 5);
    assert_true(sw_loop_now() - start < 30000);
}

static void what_was_ready_before_a_failure_is_reported(void **state) {
    struct world *world = *state;
    sw_node first = world_run(world, world->base, "echo 1 >/1");
    sw_node nodes[] = {first, world_run(world, first, "sleep 0.5; exit 5")};
    world_begin(world, nodes, 2, false);
    world_wait(world);
    assert_non_null(world->error);
    assert_int_equal(world->result_count, 1);
    assert_int_equal(world->results[0].layer_count, 2);
}

static void steps_of_another_machine_are_refused_with_a_hint(void **state) {
    struct world *world = *state;
    struct sw_op_exec op = world_shell(world, world->base, "true");
    op.platform = "linux/vax";
    world_solve(world, world_add(world, &op, "RUN true"));
    assert_non_null(world->error);
    assert_int_equal(world->error->code, SW_ERROR_UNAVAILABLE);
    assert_non_null(strstr(world->error->message, "linux/vax"));
    assert_non_null(world->error->hint);
}

static void the_same_steps_give_the_same_layers_in_another_store(void **state) {
    struct world *world = *state;
    sw_node node = world_run(world, world->base, "mkdir -p /d/e; echo 1 >/d/e/f; rm -r /etc; chmod 700 /tmp");
    char first[80];
    snprintf(first, sizeof first, "%s", world_build(world, node)->layers[1].digest);
    world_clear_results(world);
    world_shut(world);
    scratch_run(&world->scratch, "rm -rf store; sleep 1");
    world_open(world);
    world->base = sw_host_graph_table.add_image(
        world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = world->image}, NULL, NULL);
    node = world_run(world, world->base, "mkdir -p /d/e; echo 1 >/d/e/f; rm -r /etc; chmod 700 /tmp");
    assert_string_equal(world_build(world, node)->layers[1].digest, first);
}

static void layers_can_be_merged_and_their_difference_taken(void **state) {
    struct world *world = *state;
    sw_node a = world_run(world, world->base, "echo a >/a; echo a >/both"),
            b = world_run(world, world->base, "echo b >/b; echo b >/both");
    sw_node inputs[] = {SW_NODE_NONE, SW_NODE_NONE};
    struct sw_op_diff top = {.size = sizeof top, .lower = world->base, .upper = b};
    inputs[0] = a;
    inputs[1] = sw_host_graph_table.add_diff(world->graph, &top, NULL, NULL);
    struct sw_op_merge merge = {.size = sizeof merge, .inputs = inputs, .input_count = 2};
    sw_node merged = sw_host_graph_table.add_merge(world->graph, &merge, NULL, NULL);
    const struct world_result *result = world_build(world, merged);
    assert_int_equal(result->layer_count, 3);
    struct sw_op_exec op = world_shell(world, merged, "cat /a /b /both >/out");
    sw_cleanup_free char *output = world_output(world, &op);
    assert_string_equal(output, "a\nb\nb\n");
}

static void trees_without_a_common_stack_are_compared(void **state) {
    struct world *world = *state;
    sw_node lower = world_run(world, world->base,
                              "mkdir -p /d/gone /d/kept /t; echo 1 >/d/old; echo 1 >/d/kept/f; chmod 700 /d/kept; ln -s a /l");
    sw_node upper =
        world_run(world, world->base,
                  "mkdir -p /d/kept /new/x; echo 1 >/d/new; echo 22 >/d/kept/f; echo f >/t; ln -s b /l; echo y >/new/x/y");
    struct sw_op_diff diff = {.size = sizeof diff, .lower = lower, .upper = upper};
    const struct world_result *result = world_build(world, sw_host_graph_table.add_diff(world->graph, &diff, NULL, NULL));
    assert_int_equal(result->layer_count, 1);
    sw_cleanup_free char *names = world_names(world, result, 0);
    assert_string_equal(names, "d/ d/.wh.gone d/.wh.old d/kept/ d/kept/f d/new l new/ new/x/ new/x/y t ");
}

static void a_full_disk_is_told_as_such(void **state) {
    struct world *world = *state;
    world_clear_results(world);
    world_shut(world);
    scratch_run(&world->scratch, "rm -rf store && mkdir store && mount -t tmpfs -o size=6m tmpfs store");
    world_open(world);
    world->base = sw_host_graph_table.add_image(
        world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = world->image}, NULL, NULL);
    struct sw_copy_source source = {
        .size = sizeof source, .from = world->base, .path = "/bin/busybox", .dest = "/copy", .mtime = INT64_MIN};
    sw_node node = world->base;
    for (int i = 0; i < 4; i++) {
        struct sw_op_copy op = {.size = sizeof op, .input = node, .sources = &source, .source_count = 1};
        static const char *const places[] = {"/a", "/b", "/c", "/d"};
        source.dest = places[i];
        struct sw_error *error = NULL;
        node = sw_host_graph_table.add_copy(world->graph, &op, NULL, &error);
        assert_int_not_equal(node, SW_NODE_NONE);
    }
    world_solve(world, node);
    scratch_run(&world->scratch, "umount -l store");
    assert_non_null(world->error);
    assert_int_equal(world->error->code, SW_ERROR_NO_SPACE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_step_makes_one_layer_of_what_it_changed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(what_was_built_is_not_built_again, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_step_that_changes_nothing_makes_an_empty_layer, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_step_gives_its_image_the_folders_that_systems_have, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_failing_step_tells_its_exit_code_and_its_last_lines, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(independent_nodes_run_side_by_side, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_failure_ends_what_runs_beside_it, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(what_was_ready_before_a_failure_is_reported, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(steps_of_another_machine_are_refused_with_a_hint, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(the_same_steps_give_the_same_layers_in_another_store, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(layers_can_be_merged_and_their_difference_taken, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(trees_without_a_common_stack_are_compared, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told_as_such, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
