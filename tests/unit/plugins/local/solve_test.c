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

static void a_step_that_changes_nothing_makes_no_layer(void **state) {
    struct world *world = *state;
    const struct world_result *result = world_build(world, world_run(world, world->base, "true"));
    assert_int_equal(result->layer_count, 1);
    assert_non_null(strstr(result->config, "\"empty_layer\":true"));
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_step_makes_one_layer_of_what_it_changed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(what_was_built_is_not_built_again, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_step_that_changes_nothing_makes_no_layer, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_failing_step_tells_its_exit_code_and_its_last_lines, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
