#include "core/runtime/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/runtime/cancel.h"
#include "core/runtime/loop.h"
#include "core/runtime/timer.h"
#include "tests/unit/check.h"

struct outcome {
    struct sw_buf streams[2];
    struct sw_process_exit how;
    int ends;
};

static void on_output(void *context, int stream, struct sw_bytes bytes) {
    struct outcome *outcome = context;
    sw_buf_add(&outcome->streams[stream - 1], bytes.data, bytes.len);
}

static void on_exited(void *context, const struct sw_process_exit *how) {
    struct outcome *outcome = context;
    outcome->how = *how;
    outcome->ends++;
}

static void outcome_fini(struct outcome *outcome) {
    sw_buf_fini(&outcome->streams[0]);
    sw_buf_fini(&outcome->streams[1]);
}

static struct sw_process_options shell(struct outcome *outcome, const char *script) {
    static const char *argv[4];
    argv[0] = "sh";
    argv[1] = "-c";
    argv[2] = script;
    return (struct sw_process_options){
        .size = sizeof(struct sw_process_options), .argv = argv, .output = on_output, .exited = on_exited, .context = outcome};
}

static struct outcome run(struct sw_process_options *options, struct outcome *outcome) {
    options->context = outcome;
    assert_non_null(sw_process_spawn(options, NULL));
    sw_loop_run();
    return *outcome;
}

static void captures_both_streams_and_the_exit_code(void **state) {
    (void)state;
    struct outcome outcome = {0};
    struct sw_process_options options = shell(&outcome, "echo out; echo err >&2; exit 7");
    run(&options, &outcome);
    assert_int_equal(outcome.ends, 1);
    assert_int_equal(outcome.how.status, 7);
    assert_int_equal(outcome.how.signal, 0);
    assert_string_equal(sw_buf_text(&outcome.streams[0]), "out\n");
    assert_string_equal(sw_buf_text(&outcome.streams[1]), "err\n");
    outcome_fini(&outcome);
}

static void delivers_megabytes_of_output_whole(void **state) {
    (void)state;
    struct outcome outcome = {0};
    struct sw_process_options options = shell(&outcome, "head -c 5000000 /dev/zero; head -c 300000 /dev/zero >&2");
    run(&options, &outcome);
    assert_int_equal(outcome.streams[0].len, 5000000);
    assert_int_equal(outcome.streams[1].len, 300000);
    outcome_fini(&outcome);
}

static void feeds_input_of_any_size(void **state) {
    (void)state;
    struct outcome outcome = {0};
    char *input = malloc(2000000);
    memset(input, 'x', 2000000);
    struct sw_process_options options = shell(&outcome, "wc -c");
    options.stdin_bytes = (struct sw_bytes){input, 2000000};
    run(&options, &outcome);
    assert_int_equal(atoi(sw_buf_text(&outcome.streams[0])), 2000000);
    free(input);
    outcome_fini(&outcome);
}

static void gives_the_child_only_the_descriptors_that_were_named(void **state) {
    (void)state;
    struct outcome outcome = {0};
    int pipes[2], leaked = dup(0); /* not close-on-exec on purpose */
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(write(pipes[1], "three", 5), 5);
    close(pipes[1]);
    struct sw_process_options options = shell(&outcome, "cat <&3; echo; ls /proc/self/fd | tr '\\n' ' '");
    options.fds = &pipes[0];
    options.fd_count = 1;
    run(&options, &outcome);
    /* ls has its own descriptor of the folder, the lowest that is free */
    assert_string_equal(sw_buf_text(&outcome.streams[0]), "three\n0 1 2 3 4 ");
    close(pipes[0]);
    close(leaked);
    outcome_fini(&outcome);
}

static void puts_descriptors_in_order_when_their_numbers_overlap(void **state) {
    (void)state;
    struct outcome outcome = {0};
    int a[2], b[2];
    assert_int_equal(pipe2(a, O_CLOEXEC) | pipe2(b, O_CLOEXEC), 0);
    assert_int_equal(write(a[1], "a", 1) + write(b[1], "b", 1), 2);
    close(a[1]);
    close(b[1]);
    int fds[] = {b[0], a[0]};
    struct sw_process_options options = shell(&outcome, "cat <&3; cat <&4");
    options.fds = fds;
    options.fd_count = 2;
    run(&options, &outcome);
    assert_string_equal(sw_buf_text(&outcome.streams[0]), "ba");
    close(a[0]);
    close(b[0]);
    outcome_fini(&outcome);
}

static void replaces_environment_and_folder(void **state) {
    (void)state;
    struct outcome outcome = {0};
    const char *env[] = {"PATH=/usr/bin:/bin", "ONLY=this", NULL};
    struct sw_process_options options = shell(&outcome, "pwd; env | grep -c -v -e ONLY -e PWD -e PATH -e _=; echo $ONLY");
    options.env = env;
    options.cwd = "/usr/bin";
    run(&options, &outcome);
    assert_string_equal(sw_buf_text(&outcome.streams[0]), "/usr/bin\n0\nthis\n");
    outcome_fini(&outcome);
}

static void says_what_could_not_be_started(void **state) {
    (void)state;
    static const struct {
        const char *program;
        const char *cwd;
        const char *message;
    } cases[] = {
        {"no-such-program-anywhere", NULL, "no-such-program-anywhere is not in PATH"},
        {"/etc/passwd", NULL, "/etc/passwd is no program that can be run"},
        {"/no/such/file", NULL, "/no/such/file is no program that can be run"},
        {"sh", "/no/such/folder", "cannot start sh in /no/such/folder: No such file or directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_error struct sw_error *error = NULL;
        const char *argv[] = {cases[i].program, NULL};
        struct sw_process_options options = {.size = sizeof options, .argv = argv, .cwd = cases[i].cwd};
        assert_null(sw_process_spawn(&options, &error));
        assert_string_equal(error->message, cases[i].message);
    }
    sw_loop_run();
}

static void cancelling_ends_the_whole_group(void **state) {
    (void)state;
    struct outcome outcome = {0};
    struct sw_cancel *cancel = sw_cancel_new(NULL);
    struct sw_process_options options = shell(&outcome, "sleep 100 & sleep 100 & wait");
    options.cancel = cancel;
    struct sw_process *process = sw_process_spawn(&options, NULL);
    assert_non_null(process);
    sw_cancel_fire(cancel);
    uint64_t begin = sw_loop_now();
    sw_loop_run();
    assert_int_equal(outcome.how.signal, SIGTERM);
    assert_true(sw_loop_now() - begin < 4000); /* the sleeps held the pipes: they are gone too */
    sw_cancel_free(cancel);
    outcome_fini(&outcome);
}

static void a_stray_that_keeps_the_output_open_does_not_hold_us(void **state) {
    (void)state;
    struct outcome outcome = {0};
    struct sw_process_options options = shell(&outcome, "sleep 100 & echo gone");
    uint64_t begin = sw_loop_now();
    run(&options, &outcome);
    assert_int_equal(outcome.how.status, 0);
    assert_string_equal(sw_buf_text(&outcome.streams[0]), "gone\n");
    assert_true(sw_loop_now() - begin < 10000);
    outcome_fini(&outcome);
}

static void runs_fifty_children_at_once(void **state) {
    (void)state;
    struct outcome outcomes[50] = {0};
    for (int i = 0; i < 50; i++) {
        struct sw_process_options options = shell(&outcomes[i], "echo $$; sleep 0.05");
        assert_non_null(sw_process_spawn(&options, NULL));
    }
    sw_loop_run();
    for (int i = 0; i < 50; i++) {
        assert_int_equal(outcomes[i].ends, 1);
        assert_true(outcomes[i].streams[0].len > 1);
        outcome_fini(&outcomes[i]);
    }
}

static void the_child_has_plain_signals(void **state) {
    (void)state;
    struct outcome outcome = {0};
    struct sw_process_options options = shell(&outcome, "grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\n\\t'");
    run(&options, &outcome);
    assert_string_equal(sw_buf_text(&outcome.streams[0]), "SigBlk:0000000000000000SigIgn:0000000000000000");
    outcome_fini(&outcome);
}

struct kept {
    char output[64];
    bool timed_out, too_long;
    int calls;
};

static void on_kept(void *context, const struct sw_process_result *result) {
    struct kept *kept = context;
    snprintf(kept->output, sizeof kept->output, "%s", (const char *)result->output.data);
    kept->timed_out = result->timed_out;
    kept->too_long = result->too_long;
    kept->calls++;
}

static void a_child_run_as_a_whole_is_held_to_its_limits(void **state) {
    (void)state;
    static const struct {
        const char *script;
        const char *output;
        bool timed_out, too_long;
    } cases[] = {
        {"echo short", "short\n", false, false},
        {"echo before; sleep 100", "before\n", true, false},
        {"yes", "y\ny\ny\ny\n", false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kept kept = {0};
        struct sw_process_options options = shell(NULL, cases[i].script);
        assert_true(sw_process_run(&options, 300, 8, on_kept, &kept, NULL));
        sw_loop_run();
        assert_int_equal(kept.calls, 1);
        assert_string_equal(kept.output, cases[i].output);
        assert_int_equal(kept.timed_out, cases[i].timed_out);
        assert_int_equal(kept.too_long, cases[i].too_long);
    }
}

static int start_loop(void **state) {
    (void)state;
    return sw_loop_start(NULL) ? 0 : -1;
}

static int end_loop(void **state) {
    (void)state;
    sw_loop_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_both_streams_and_the_exit_code),
        cmocka_unit_test(delivers_megabytes_of_output_whole),
        cmocka_unit_test(feeds_input_of_any_size),
        cmocka_unit_test(gives_the_child_only_the_descriptors_that_were_named),
        cmocka_unit_test(puts_descriptors_in_order_when_their_numbers_overlap),
        cmocka_unit_test(replaces_environment_and_folder),
        cmocka_unit_test(says_what_could_not_be_started),
        cmocka_unit_test(cancelling_ends_the_whole_group),
        cmocka_unit_test(a_stray_that_keeps_the_output_open_does_not_hold_us),
        cmocka_unit_test(runs_fifty_children_at_once),
        cmocka_unit_test(the_child_has_plain_signals),
        cmocka_unit_test(a_child_run_as_a_whole_is_held_to_its_limits),
    };
    return cmocka_run_group_tests(tests, start_loop, end_loop);
}
