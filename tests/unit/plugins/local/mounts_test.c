#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "plugins/local/agentproxy.h"
#include "tests/unit/plugins/local/world.h"

/* A step on the base with one mount; what it writes to /out, to be freed. */
static char *output_with(struct world *world, const char *script, struct sw_mount mount) {
    struct sw_op_exec op = world_shell(world, world->base, script);
    mount.size = sizeof mount;
    op.mounts = &mount;
    op.mount_count = 1;
    return world_output(world, &op);
}

static void solve_with(struct world *world, const char *script, struct sw_mount mount) {
    struct sw_op_exec op = world_shell(world, world->base, script);
    mount.size = sizeof mount;
    op.mounts = &mount;
    op.mount_count = 1;
    world_solve(world, world_add(world, &op, "RUN"));
}

static void other_nodes_can_be_bound(void **state) {
    struct world *world = *state;
    sw_node source =
        world_run(world, world->base, "mkdir -p /s/d; echo file >/s/d/f; ln -s /s/d/f /s/link; ln -s ../../../../s /up");
    static const struct {
        const char *source;
        const char *target;
        const char *script;
        const char *output;
    } cases[] = {
        {"/s", "/m", "cat /m/d/f >/out", "file\n"},
        {"/s/d/f", "/m/file", "cat /m/file >/out", "file\n"},
        {"/s/link", "/etc/passwd", "cat /etc/passwd >/out", "file\n"},
        {"/up/d", "/m", "ls /m >/out", "f\n"},
        {"/", "/m", "ls /m/bin/busybox >/out", "/m/bin/busybox\n"},
        {"/s", "/m", "touch /m/x 2>/dev/null; echo $? >/out", "1\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_mount mount = {
            .kind = SW_MOUNT_BIND, .from = source, .source = cases[i].source, .target = cases[i].target, .read_only = 1};
        sw_cleanup_free char *output = output_with(world, cases[i].script, mount);
        assert_string_equal(output, cases[i].output);
    }
}

static void what_is_written_to_a_bind_is_lost(void **state) {
    struct world *world = *state;
    sw_node source = world_run(world, world->base, "mkdir -p /s; echo old >/s/f");
    struct sw_mount mount = {.kind = SW_MOUNT_BIND, .from = source, .source = "/s", .target = "/m"};
    sw_cleanup_free char *output = output_with(world, "echo new >/m/f; cat /m/f >/out", mount);
    assert_string_equal(output, "new\n");
    mount.read_only = 1;
    sw_cleanup_free char *again = output_with(world, "cat /m/f >/out; ", mount);
    assert_string_equal(again, "old\n");
}

static void a_bind_of_nothing_fails(void **state) {
    struct world *world = *state;
    solve_with(world, "true", (struct sw_mount){.kind = SW_MOUNT_BIND, .from = world->base, .source = "/nope", .target = "/m"});
    assert_non_null(world->error);
    assert_non_null(strstr(world->error->message, "/nope: not found"));
}

static void a_cache_is_kept_between_steps_and_builds(void **state) {
    struct world *world = *state;
    struct sw_mount mount = {
        .kind = SW_MOUNT_CACHE, .from = SW_NODE_NONE, .target = "/cache", .id = "../../evil", .mode = 0750, .uid = 1000, .gid = 7};
    sw_cleanup_free char *first = output_with(world, "stat -c '%a %u %g' /cache >/out; echo kept >/cache/f", mount);
    assert_string_equal(first, "750 1000 7\n");
    world_again(world);
    sw_cleanup_free char *second = output_with(world, "cat /cache/f >/out", mount);
    assert_string_equal(second, "kept\n");
    const struct world_result *result = &world->results[0];
    sw_cleanup_free char *names = world_names(world, result, 1);
    assert_string_equal(names, "out ");
    scratch_run(&world->scratch, "test ! -e evil && test ! -e store/evil && test $(ls store/cache | wc -l) = 1");
}

static void steps_wait_for_a_locked_cache(void **state) {
    struct world *world = *state;
    struct sw_mount mount = {.size = sizeof mount,
                             .kind = SW_MOUNT_CACHE,
                             .from = SW_NODE_NONE,
                             .target = "/cache",
                             .id = "locked",
                             .sharing = SW_CACHE_LOCKED};
    static const char *const scripts[] = {"mkdir /cache/l || exit 9; sleep 0.3; rm -r /cache/l; echo 1 >/1",
                                          "mkdir /cache/l || exit 9; sleep 0.3; rm -r /cache/l; echo 2 >/2"};
    sw_node nodes[2];
    for (size_t i = 0; i < 2; i++) {
        struct sw_op_exec op = world_shell(world, world->base, scripts[i]);
        op.mounts = &mount;
        op.mount_count = 1;
        nodes[i] = world_add(world, &op, "RUN");
    }
    world_begin(world, nodes, 2, false);
    world_wait(world);
    if (world->error)
        fail_msg("%s", world->error->message);
}

static void a_tmpfs_has_the_size_asked_for(void **state) {
    struct world *world = *state;
    sw_cleanup_free char *output =
        output_with(world, "dd if=/dev/zero of=/t/big bs=1M count=4 2>/dev/null; echo $? >/out; stat -c %s /t/big >>/out",
                    (struct sw_mount){.kind = SW_MOUNT_TMPFS, .from = SW_NODE_NONE, .target = "/t", .bytes = 1 << 20});
    assert_string_equal(output, "1\n1048576\n");
}

/* ---- secrets ---- */

static void a_secret_is_a_file_for_the_step_only(void **state) {
    struct world *world = *state;
    sw_secrets_add("plan", "token", SW_SECRET_FROM_TEXT, "hunter2-hunter2");
    struct sw_mount mount = {
        .kind = SW_MOUNT_SECRET, .from = SW_NODE_NONE, .id = "token", .target = "/run/secrets/token", .mode = 0400, .required = 1};
    sw_cleanup_free char *output = output_with(
        world, "stat -c '%a %u %F' /run/secrets/token >/out; wc -c </run/secrets/token >>/out; cat /run/secrets/token", mount);
    assert_string_equal(output, "400 0 regular file\n15\n");
    sw_cleanup_free char *names = world_names(world, &world->results[0], 1);
    assert_string_equal(names, "out ");
    scratch_run(&world->scratch, "! grep -r hunter2 store");
}

static void a_secret_can_be_an_environment_variable(void **state) {
    struct world *world = *state;
    sw_secrets_add("plan", "token", SW_SECRET_FROM_TEXT, "hunter2-hunter2");
    struct sw_mount mount = {.kind = SW_MOUNT_SECRET, .from = SW_NODE_NONE, .id = "token", .env = "TOKEN", .required = 1};
    sw_cleanup_free char *output = output_with(world, "echo ${#TOKEN} >/out; ls /run 2>/dev/null >>/out; true", mount);
    assert_string_equal(output, "15\n");
}

static void a_secret_that_is_not_there_is_left_out_unless_required(void **state) {
    struct world *world = *state;
    struct sw_mount mount = {.kind = SW_MOUNT_SECRET, .from = SW_NODE_NONE, .id = "token", .target = "/run/secrets/token"};
    sw_cleanup_free char *output = output_with(world, "test -e /run/secrets/token; echo $? >/out", mount);
    assert_string_equal(output, "1\n");
    mount.required = 1;
    solve_with(world, "true; true", mount);
    assert_non_null(world->error);
    assert_non_null(strstr(world->error->message, "secret token: not found"));
}

static void a_secret_is_masked_in_the_excerpt_of_a_failure(void **state) {
    struct world *world = *state;
    sw_secrets_add("plan", "token", SW_SECRET_FROM_TEXT, "hunter2-hunter2");
    solve_with(world, "echo before; cat /s; echo; exit 4",
               (struct sw_mount){.kind = SW_MOUNT_SECRET, .from = SW_NODE_NONE, .id = "token", .target = "/s", .mode = 0400});
    assert_non_null(world->error);
    assert_string_equal(world->error->excerpt, "before\n***");
}

/* ---- the host's own ---- */

/* Answers one request of any length with "pong". */
static void *answer(void *context) {
    int connection = accept(*(int *)context, NULL, NULL);
    char request[16];
    ssize_t len = read(connection, request, sizeof request);
    if (len > 0)
        len = write(connection, "pong\n", 5);
    close(connection);
    return NULL;
}

/* A socket on which answer() waits once. */
static pthread_t start_agent(struct world *world, struct sockaddr_un *address, int *fd) {
    pthread_t thread;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "%s/agent", world->scratch.path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)address, sizeof *address), 0);
    assert_int_equal(listen(*fd, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, answer, fd), 0);
    return thread;
}

static void what_is_said_to_the_steps_socket_reaches_the_agent(void **state) {
    struct world *world = *state;
    struct sockaddr_un address;
    sw_cleanup_close int fd = -1;
    pthread_t thread = start_agent(world, &address, &fd);
    struct sw_agentproxy_options options = {
        .agent = address.sun_path, .folder = world->scratch.fd, .name = "proxy", .uid = 1000, .gid = 7, .mode = 0600};
    struct sw_agentproxy *proxy = sw_agentproxy_start(&options, NULL);
    assert_non_null(proxy);
    for (int i = 0; i < 2; i++) { /* the second one finds no agent any more, and is closed */
        snprintf(address.sun_path, sizeof address.sun_path, "%s/proxy", world->scratch.path);
        sw_cleanup_close int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char reply[16] = "";
        assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
        ssize_t sent = send(client, "ping", 4, MSG_NOSIGNAL);
        ssize_t len = sent == 4 ? read(client, reply, sizeof reply - 1) : -1;
        if (i == 0)
            assert_string_equal(reply, "pong\n");
        else
            assert_true(len <= 0);
        if (i == 0) {
            pthread_join(thread, NULL);
            sw_close(&fd);
        }
    }
    sw_agentproxy_stop(proxy);
}

static void an_agent_socket_is_there_for_the_step(void **state) {
    struct world *world = *state;
    scratch_run(&world->scratch, "touch agent");
    sw_cleanup_free char *path = sw_format("%s/agent", world->scratch.path);
    sw_secrets_add_ssh("plan", "default", path);
    struct sw_mount mount = {
        .kind = SW_MOUNT_SSH, .from = SW_NODE_NONE, .id = "default", .target = "/run/agent.0", .mode = 0600, .uid = 1000, .gid = 7};
    sw_cleanup_free char *output =
        output_with(world, "echo $SSH_AUTH_SOCK >/out; stat -c '%F %a %u %g' $SSH_AUTH_SOCK >>/out", mount);
    assert_string_equal(output, "/run/agent.0\nsocket 600 1000 7\n");
    mount.id = "other";
    sw_cleanup_free char *without = output_with(world, "ls /run/agent.0 2>/dev/null; echo $? >/out", mount);
    assert_string_equal(without, "1\n");
}

static void a_folder_of_the_host_can_be_mounted(void **state) {
    struct world *world = *state;
    scratch_run(&world->scratch, "mkdir shared && echo in >shared/in");
    sw_cleanup_free char *path = sw_format("%s/shared", world->scratch.path);
    sw_cleanup_free char *output =
        output_with(world, "cat /h/in >/out; echo out >/h/out",
                    (struct sw_mount){.kind = SW_MOUNT_HOST, .from = SW_NODE_NONE, .source = path, .target = "/h"});
    assert_string_equal(output, "in\n");
    scratch_expect(&world->scratch, "shared/out", "out\n");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(other_nodes_can_be_bound),
        WORLD_TEST(what_is_written_to_a_bind_is_lost),
        WORLD_TEST(a_bind_of_nothing_fails),
        WORLD_TEST(a_cache_is_kept_between_steps_and_builds),
        WORLD_TEST(steps_wait_for_a_locked_cache),
        WORLD_TEST(a_tmpfs_has_the_size_asked_for),
        WORLD_TEST(a_secret_is_a_file_for_the_step_only),
        WORLD_TEST(a_secret_can_be_an_environment_variable),
        WORLD_TEST(a_secret_that_is_not_there_is_left_out_unless_required),
        WORLD_TEST(a_secret_is_masked_in_the_excerpt_of_a_failure),
        WORLD_TEST(what_is_said_to_the_steps_socket_reaches_the_agent),
        WORLD_TEST(an_agent_socket_is_there_for_the_step),
        WORLD_TEST(a_folder_of_the_host_can_be_mounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
