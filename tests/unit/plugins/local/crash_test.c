#include <signal.h>
#include <sys/wait.h>

#include "plugins/local/inventory.h"
#include "tests/unit/plugins/local/world.h"

/* A build of its own process on the same store. It says in the file "go" when it begins. */
static pid_t build_in_child(struct world *world, const char *const *scripts, size_t count) {
    /* What the parent's host holds open is not the child's to touch: it starts its own. */
    world_clear_results(world);
    world_shut(world);
    pid_t pid = fork();
    if (pid == 0) {
        world_open(world);
        world->base = sw_host_graph_table.add_image(
            world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = world->image}, NULL, NULL);
        sw_node node = world->base;
        for (size_t i = 0; i < count; i++)
            node = world_run(world, node, scripts[i]);
        world_begin(world, &node, 1, false);
        world_wait(world);
        int status = world->error ? 1 : 0;
        if (world->error)
            fprintf(stderr, "%s\n", world->error->message);
        world_clear_results(world);
        world_shut(world);
        _exit(status);
    }
    assert_true(pid > 0);
    return pid;
}

static void reopen(struct world *world) {
    world_open(world);
    world->base = sw_host_graph_table.add_image(
        world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = world->image}, NULL, NULL);
}

static void on_broken(void *context, const struct sw_space_item *item, const char *reason) {
    (void)context;
    fail_msg("%s %s: %s", item->kind, item->id, reason);
}

/* Verifying and counting what is temporary; the own folder is there as long as the plugin runs. */
static void expect_whole_store(struct world *world) {
    const struct sw_backend_space *space = world->plugin->backend->get_extension(SW_EXT_SPACE);
    struct sw_error *error = NULL;
    if (!space->verify(on_broken, NULL, &error))
        fail_msg("%s", error->message);
    scratch_run(&world->scratch, "test $(ls store/tmp | wc -l) = 1 || { ls store/tmp >&2; false; }");
}

static const char *const slow_scripts[] = {"echo 1 >/a; dd if=/dev/urandom of=/big bs=1M count=3 2>/dev/null",
                                           "rm /big; echo 2 >/b", "sleep 0.2; mkdir -p /x/y; echo 3 >/x/y/z", "rm -r /x; mv /a /c"};
enum { SCRIPTS = 4, KILLS = 12 };

static void a_killed_build_leaves_nothing_that_the_next_one_trips_over(void **state) {
    struct world *world = *state;
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t pid = build_in_child(world, slow_scripts, SCRIPTS);
        usleep(20000 + i * 61000);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        reopen(world);
    }
    sw_node node = world->base;
    for (size_t i = 0; i < SCRIPTS; i++)
        node = world_run(world, node, slow_scripts[i]);
    const struct world_result *result = world_build(world, node);
    assert_int_equal(result->layer_count, 5);
    expect_whole_store(world);
    sw_cleanup_free char *command = sw_format("! grep -q '%s' /proc/self/mountinfo", world->scratch.path);
    scratch_run(&world->scratch, command);
}

static void a_killed_build_takes_its_step_with_it(void **state) {
    struct world *world = *state;
    static const char *const script[] = {"sleep 98.7654321"};
    pid_t pid = build_in_child(world, script, 1);
    for (int i = 0; i < 100 && system("pgrep -f 'sleep 98[.]7654321' >/dev/null"); i++)
        usleep(50000);
    assert_int_equal(system("pgrep -f 'sleep 98[.]7654321' >/dev/null"), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 100 && system("pgrep -f 'sleep 98[.]7654321' >/dev/null") == 0; i++)
        usleep(20000);
    assert_int_not_equal(system("pgrep -f 'sleep 98[.]7654321' >/dev/null"), 0);
    reopen(world);
}

static void two_builds_at_once_do_each_step_once(void **state) {
    struct world *world = *state;
    scratch_run(&world->scratch, "mkdir shared");
    sw_cleanup_free char *script = sw_strdup("sleep 0.4; date +%N >/a; busybox od -An -N8 -tx8 /dev/urandom >>/a");
    const char *const scripts[] = {script, "cat /a >/b"};
    pid_t first = build_in_child(world, scripts, 2);
    reopen(world);
    pid_t second = build_in_child(world, scripts, 2);
    reopen(world);
    int a = 1, b = 1;
    waitpid(first, &a, 0);
    waitpid(second, &b, 0);
    assert_int_equal(a, 0);
    assert_int_equal(b, 0);
    /* The steps are not reproducible: two runs of one would have left two blobs. */
    scratch_run(&world->scratch, "test $(ls store/blobs/sha256 | wc -l) = 2");
}

static void equal_nodes_of_solves_at_once_run_once(void **state) {
    struct world *world = *state;
    sw_node node = world_run(world, world->base, "sleep 0.2; busybox od -An -N8 -tx8 /dev/urandom >/a");
    for (int i = 0; i < 3; i++)
        world_begin(world, &node, 1, false);
    world_wait(world);
    assert_null(world->error);
    assert_int_equal(world->result_count, 3);
    assert_string_equal(world->results[0].layers[1].digest, world->results[2].layers[1].digest);
    scratch_run(&world->scratch, "test $(ls store/blobs/sha256 | wc -l) = 1");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_killed_build_leaves_nothing_that_the_next_one_trips_over),
        WORLD_TEST(a_killed_build_takes_its_step_with_it),
        WORLD_TEST(two_builds_at_once_do_each_step_once),
        WORLD_TEST(equal_nodes_of_solves_at_once_run_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
