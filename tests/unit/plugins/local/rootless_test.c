#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "plugins/local/rootless.h"
#include "tests/unit/plugins/local/world.h"

static void subordinate_ids_are_found_by_name_or_number(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *user;
        bool found;
        unsigned first;
        unsigned count;
    } cases[] = {
        {"", "ann", false, 0, 0},
        {"ann:100000:65536\n", "ann", true, 100000, 65536},
        {"anna:1:2\nbob:3:4\nann:100000:65536", "ann", true, 100000, 65536},
        {"1234:5:6\n", "ann", true, 5, 6},
        {"1234:5:6\n", NULL, true, 5, 6},
        {"ann:100000:0\n", "ann", false, 0, 0},
        {"ann:x:y\n", "ann", false, 0, 0},
        {"ann\n", "ann", false, 0, 0},
        {"#ann:1:2\n", "ann", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned first = 0, count = 0;
        assert_int_equal(sw_rootless_range(cases[i].text, cases[i].user, 1234, &first, &count), cases[i].found);
        if (cases[i].found) {
            assert_int_equal(first, cases[i].first);
            assert_int_equal(count, cases[i].count);
        }
    }
}

static const char script[] =
    "mkdir /d; echo 1 >/d/f; rm -r /etc/group /tmp; mkdir /tmp; id -u >/d/id; mknod /p p; grep Seccomp: /proc/self/status";

/* Builds as somebody who is not root, in a process of its own, and leaves the layer's digest in a file. */
static int build_as_user(struct world *world) {
    struct sw_capabilities capabilities = {.size = sizeof capabilities};
    struct sw_error *error = NULL;
    if (setgroups(0, NULL) || setresgid(1234, 1234, 1234) || setresuid(1234, 1234, 1234))
        return 2;
    prctl(PR_SET_DUMPABLE, 1); /* as after an exec: /proc/self is ours again */
    world_open(world);
    if (!world->plugin->backend->capabilities(&capabilities, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 3;
    }
    world->base = sw_host_graph_table.add_image(
        world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = world->image}, NULL, NULL);
    world_solve(world, world_run(world, world->base, script));
    if (world->error) {
        fprintf(stderr, "%s\n", world->error->message);
        return 4;
    }
    scratch_file(&world->scratch, "digest", world->results[0].layers[1].digest);
    world_clear_results(world);
    world_shut(world);
    return 0;
}

static void a_user_without_power_builds_the_same_layers(void **state) {
    struct world *world = *state;
    char expected[80];
    snprintf(expected, sizeof expected, "%s", world_build(world, world_run(world, world->base, script))->layers[1].digest);
    world_clear_results(world);
    world_shut(world);
    scratch_run(&world->scratch, "rm -rf store && mkdir store && chown 1234 store . && chmod 711 .");
    pid_t pid = fork();
    if (pid == 0)
        _exit(build_as_user(world));
    int status = 1;
    waitpid(pid, &status, 0);
    world_open(world);
    if (scratch_in_chroot()) { /* no user namespaces there: it must have said so */
        assert_int_equal(WEXITSTATUS(status), 3);
        return;
    }
    assert_int_equal(status, 0);
    scratch_expect(&world->scratch, "digest", expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subordinate_ids_are_found_by_name_or_number),
        cmocka_unit_test_setup_teardown(a_user_without_power_builds_the_same_layers, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
