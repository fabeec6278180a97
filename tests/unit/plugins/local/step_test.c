#include "tests/unit/plugins/local/world.h"

/* ---- what a step sees ---- */

static void a_step_sees_what_it_should(void **state) {
    struct world *world = *state;
    static const struct {
        const char *script;
        const char *output;
    } cases[] = {
        {"grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | sed 's/\\t/ /' >/out",
         "CapInh: 0000000000000000\nCapPrm: 00000000a80425fb\nCapEff: 00000000a80425fb\nCapBnd: 00000000a80425fb\n"
         "CapAmb: 0000000000000000\nNoNewPrivs: 0\nSeccomp: 2\n"},
        {"hostname >/out", "buildkitsandbox\n"},
        {"echo $HOME $PATH >/out; env | grep -c . >>/out", "/root /bin\n4\n"}, /* + SHLVL, PWD of the shell */
        {"cat /etc/hosts >/out", "127.0.0.1\tlocalhost buildkitsandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n"},
        {"cat >/out; umask >>/out", "0022\n"},
        {"echo $$ >/out", "1\n"},
        {"ls /dev | grep -v core | sed 's/$/ /' | while read -r a; do echo -n \"$a \"; done >/out",
         "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero "},
        {"touch /proc/sys/kernel/x /sys/x 2>/dev/null; echo $? >/out; cat /proc/kcore | head -c1 | wc -c >>/out", "1\n0\n"},
        {"id -u >/out; id -g >>/out; stat -c %a / >>/out", "0\n0\n755\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_op_exec op = world_shell(world, world->base, cases[i].script);
        sw_cleanup_free char *output = world_output(world, &op);
        assert_string_equal(output, cases[i].output);
    }
}

static void a_step_has_no_descriptors_but_its_streams(void **state) {
    struct world *world = *state;
    struct sw_op_exec op = world_shell(world, world->base,
                                       "for f in 0 1 2 3 4 5 6 7 8 9 10 11 12 20 33 64 65 66 128 129 200; do "
                                       "if [ -e /proc/1/fd/$f ]; then echo $f; fi; done >/out");
    sw_cleanup_free char *output = world_output(world, &op);
    /* The shell's own copy of standard output, while the redirection holds, is one more. */
    assert_string_equal(output, "0\n1\n2\n10\n");
}

static void devices_made_by_a_step_cannot_be_opened(void **state) {
    struct world *world = *state;
    struct sw_op_exec op =
        world_shell(world, world->base,
                    "mknod /zero c 1 5 && mknod /dev/zero2 c 1 5 && mknod /dev/shm/zero c 1 5; for d in /zero "
                    "/dev/zero2 /dev/shm/zero /dev/zero; do head -c1 $d 2>/dev/null | wc -c; done >/out; rm /zero");
    sw_cleanup_free char *output = world_output(world, &op);
    assert_string_equal(output, "0\n0\n0\n1\n");
}

static void system_calls_outside_the_profile_fail(void **state) {
    struct world *world = *state;
    struct sw_op_exec op =
        world_shell(world, world->base,
                    "mount -t tmpfs none /tmp 2>/dev/null; echo $? >/out; busybox unshare -U true 2>/dev/null; echo $? >>/out");
    sw_cleanup_free char *output = world_output(world, &op);
    assert_string_equal(output, "1\n1\n");
}

static void users_are_looked_up_in_the_image(void **state) {
    struct world *world = *state;
    struct sw_op_exec op = world_shell(
        world, world->base, "id -u >/tmp/out; id -G >>/tmp/out; echo $HOME >>/tmp/out; grep CapEff /proc/self/status >>/tmp/out");
    op.user = "user";
    sw_cleanup_free char *output = world_file(world, world_build(world, world_add(world, &op, "RUN")), "tmp/out");
    assert_string_equal(output, "1000\n1000 7\n/home/user\nCapEff:\t0000000000000000\n");
    op.user = "nobody";
    world_solve(world, world_add(world, &op, "RUN"));
    assert_non_null(world->error);
    assert_non_null(strstr(world->error->message, "nobody"));
}

static void standard_input_holds_the_script_given(void **state) {
    struct world *world = *state;
    struct sw_op_exec op = world_shell(world, world->base, "cat >/out");
    op.stdin_bytes = (struct sw_bytes){"from stdin\n", 11};
    sw_cleanup_free char *output = world_output(world, &op);
    assert_string_equal(output, "from stdin\n");
}

static void names_given_appear_in_the_hosts_file(void **state) {
    struct world *world = *state;
    static const struct sw_pair hosts[] = {{"db", "10.0.0.5"}};
    struct sw_op_exec op = world_shell(world, world->base, "grep db /etc/hosts >/out; hostname >>/out");
    op.extra_hosts = (struct sw_pairs){hosts, 1};
    op.hostname = "builder";
    sw_cleanup_free char *output = world_output(world, &op);
    assert_string_equal(output, "10.0.0.5\tdb\nbuilder\n");
}

/* ---- folders and mount points ---- */

static void mount_points_leave_no_trace_in_the_layer(void **state) {
    struct world *world = *state;
    const struct world_result *result = world_build(world, world_run(world, world->base, "echo 1 >/one"));
    sw_cleanup_free char *names = world_names(world, result, 1);
    assert_string_equal(names, "one ");
}

static void what_a_step_puts_into_a_mount_point_stays(void **state) {
    struct world *world = *state;
    struct sw_mount mount = {.size = sizeof mount, .kind = SW_MOUNT_TMPFS, .from = SW_NODE_NONE, .target = "/new/point"};
    struct sw_op_exec op = world_shell(world, world->base, "echo 1 >/new/point/lost; echo 1 >/new/kept");
    op.mounts = &mount;
    op.mount_count = 1;
    const struct world_result *result = world_build(world, world_add(world, &op, "RUN"));
    sw_cleanup_free char *names = world_names(world, result, 1);
    assert_string_equal(names, "new/ new/kept ");
}

static void the_working_folder_is_made_and_stays(void **state) {
    struct world *world = *state;
    struct sw_op_exec op = world_shell(world, world->base, "pwd >out");
    op.cwd = "/a/b";
    const struct world_result *result = world_build(world, world_add(world, &op, "RUN"));
    sw_cleanup_free char *names = world_names(world, result, 1);
    assert_string_equal(names, "a/ a/b/ a/b/out ");
}

static void a_working_folder_in_proc_is_refused(void **state) {
    struct world *world = *state;
    static const char *const folders[] = {"/proc/self/fd/7", "/proc/1/root", "/link/self/cwd"};
    sw_node linked = world_run(world, world->base, "ln -s /proc /link");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct sw_op_exec op = world_shell(world, linked, "true");
        op.cwd = folders[i];
        world_solve(world, world_add(world, &op, "RUN"));
        assert_non_null(world->error);
        assert_int_equal(world->error->code, SW_ERROR_DENIED);
    }
}

static void an_image_whose_proc_sys_or_dev_is_no_folder_is_refused(void **state) {
    struct world *world = *state;
    static const char *const commands[] = {"ln -s / evil/dev", "ln -s /tmp evil/proc", "touch evil/sys"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        scratch_run(&world->scratch, "rm -rf evil && cp -a base evil && rmdir evil/dev evil/proc evil/sys");
        scratch_run(&world->scratch, commands[i]);
        struct sw_layer layer = world_layer(world, "evil");
        struct sw_image *image = world_image("evil", "{}", &layer, 1);
        sw_node base = sw_host_graph_table.add_image(
            world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = image}, NULL, NULL);
        world_solve(world, world_run(world, base, "true"));
        assert_non_null(world->error);
        assert_non_null(strstr(world->error->message, "no step can run in it"));
        sw_image_free(image);
    }
}

static void etc_hosts_as_a_link_is_mounted_where_it_leads(void **state) {
    struct world *world = *state;
    scratch_run(&world->scratch, "cp -a base linked; mkdir linked/real; ln -s ../../../real/hosts linked/etc/hosts");
    struct sw_layer layer = world_layer(world, "linked");
    struct sw_image *image = world_image("linked", "{}", &layer, 1);
    sw_node base = sw_host_graph_table.add_image(
        world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = image}, NULL, NULL);
    struct sw_op_exec op = world_shell(world, base, "grep -c localhost /etc/hosts /real/hosts >/out");
    const struct world_result *result = world_build(world, world_add(world, &op, "RUN"));
    sw_cleanup_free char *output = world_file(world, result, "out");
    sw_cleanup_free char *names = world_names(world, result, 1);
    assert_string_equal(output, "/etc/hosts:2\n/real/hosts:2\n");
    assert_string_equal(names, "out ");
    sw_image_free(image);
}

/* ---- programs that are not there ---- */

static void a_missing_program_is_127_and_an_unusable_one_126(void **state) {
    struct world *world = *state;
    static const char *const missing[] = {"nothing"}, *const absolute[] = {"/no/such"}, *const folder[] = {"/etc/passwd"};
    const struct {
        const char *const *argv;
        int status;
    } cases[] = {{missing, 127}, {absolute, 127}, {folder, 126}};
    for (size_t i = 0; i < 3; i++) {
        struct sw_op_exec op = world_shell(world, world->base, "");
        op.argv = (struct sw_strings){cases[i].argv, 1};
        world_solve(world, world_add(world, &op, "RUN nothing"));
        assert_non_null(world->error);
        assert_int_equal(world->error->exit_status, cases[i].status);
        assert_non_null(strstr(world->error->message, cases[i].argv[0]));
    }
}

static void background_processes_end_with_the_step(void **state) {
    struct world *world = *state;
    uint64_t start = sw_loop_now();
    world_solve(world, world_run(world, world->base, "sleep 60 & exit 3"));
    assert_int_equal(world->error->exit_status, 3);
    assert_true(sw_loop_now() - start < 20000);
}

/* ---- power ---- */

static void a_step_without_sandbox_needs_leave(void **state) {
    struct world *world = *state;
    struct sw_op_exec op = world_shell(world, world->base, "grep -E 'CapEff|Seccomp:' /proc/self/status >/out");
    op.security = SW_SECURITY_INSECURE;
    sw_node node = world_add(world, &op, "RUN");
    world_solve(world, node);
    assert_non_null(world->error);
    assert_int_equal(world->error->code, SW_ERROR_DENIED);
    world_clear_results(world);
    world_begin(world, &node, 1, true);
    world_wait(world);
    if (world->error)
        fail_msg("%s", world->error->message);
    sw_cleanup_free char *output = world_file(world, &world->results[0], "out");
    assert_null(strstr(output, "a80425fb"));
    assert_non_null(strstr(output, "Seccomp:\t0"));
}

static void without_a_network_there_is_none(void **state) {
    struct world *world = *state;
    struct sw_op_exec op = world_shell(world, world->base, "ls /sys/class/net >/out");
    op.network = SW_NETWORK_NONE;
    sw_cleanup_free char *output = world_output(world, &op);
    assert_string_equal(output, "lo\n");
}

static void a_cancelled_step_ends_at_once(void **state) {
    struct world *world = *state;
    sw_node node = world_run(world, world->base, "sleep 100");
    uint64_t start = sw_loop_now();
    world_begin(world, &node, 1, false);
    world->host->timers->after(700, (void (*)(void *))sw_cancel_fire, world->cancel);
    world_wait(world);
    assert_non_null(world->error);
    assert_int_equal(world->error->code, SW_ERROR_CANCELLED);
    assert_true(sw_loop_now() - start < 15000);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_step_sees_what_it_should),
        WORLD_TEST(a_step_has_no_descriptors_but_its_streams),
        WORLD_TEST(devices_made_by_a_step_cannot_be_opened),
        WORLD_TEST(system_calls_outside_the_profile_fail),
        WORLD_TEST(users_are_looked_up_in_the_image),
        WORLD_TEST(standard_input_holds_the_script_given),
        WORLD_TEST(names_given_appear_in_the_hosts_file),
        WORLD_TEST(mount_points_leave_no_trace_in_the_layer),
        WORLD_TEST(what_a_step_puts_into_a_mount_point_stays),
        WORLD_TEST(the_working_folder_is_made_and_stays),
        WORLD_TEST(a_working_folder_in_proc_is_refused),
        WORLD_TEST(an_image_whose_proc_sys_or_dev_is_no_folder_is_refused),
        WORLD_TEST(etc_hosts_as_a_link_is_mounted_where_it_leads),
        WORLD_TEST(a_missing_program_is_127_and_an_unusable_one_126),
        WORLD_TEST(background_processes_end_with_the_step),
        WORLD_TEST(a_step_without_sandbox_needs_leave),
        WORLD_TEST(without_a_network_there_is_none),
        WORLD_TEST(a_cancelled_step_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
