/* What a signal does to the program is seen from outside only: each case runs a small program of its own in a child. */
#include "core/runtime/signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/runtime/cancel.h"
#include "core/runtime/loop.h"
#include "core/runtime/process.h"
#include "core/runtime/progress.h"
#include "core/runtime/timer.h"
#include "core/runtime/undo.h"
#include "tests/unit/check.h"

static char folder[] = "/var/tmp/slipway-signals-XXXXXX";

static void force(int exit_code) {
    _exit(exit_code);
}

static void on_exited(void *context, const struct sw_process_exit *how) {
    (void)context, (void)how;
    sw_loop_stop();
}

/* The program: a child that runs for long, a temporary file, and a line of progress. */
static void run_program(const char *script, const char *temporary, const char *pid_file) {
    const char *argv[] = {"sh", "-c", script, pid_file, NULL};
    struct sw_process_options options = {.size = sizeof options, .argv = argv, .exited = on_exited, .cancel = sw_cancel_root()};
    sw_loop_start(NULL);
    sw_signals_start(force);
    sw_progress_start(&(struct sw_progress_options){.mode = SW_PROGRESS_PLAIN, .fd = STDERR_FILENO});
    fclose(fopen(temporary, "w"));
    sw_undo_remove_path(temporary);
    sw_vertex_start(sw_vertex_start(NULL, "app"), "RUN sleep");
    sw_process_spawn(&options, NULL);
    sw_loop_run();
    sw_undo_all();
    _exit(sw_signals_exit_code());
}

struct program {
    pid_t pid;
    FILE *errors;
    char *temporary;
    char *pid_file;
};

static bool exists(const char *path) {
    struct stat status;
    return !stat(path, &status) && (status.st_size || strstr(path, "temporary"));
}

static struct program start(const char *script) {
    static int count;
    struct program program = {.temporary = sw_format("%s/temporary%d", folder, count),
                              .pid_file = sw_format("%s/pid%d", folder, count)};
    int ends[2];
    count++;
    assert_int_equal(pipe(ends), 0);
    program.pid = fork();
    if (!program.pid) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        run_program(script, program.temporary, program.pid_file);
    }
    close(ends[1]);
    program.errors = fdopen(ends[0], "r");
    for (int i = 0; i < 500 && !(exists(program.pid_file) && exists(program.temporary)); i++)
        usleep(20000);
    return program;
}

static pid_t read_pid(const struct program *program) {
    int pid = 0;
    FILE *file = fopen(program->pid_file, "r");
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    return pid;
}

static int end(struct program *program, char *errors, size_t size) {
    int status = 0;
    size_t len = fread(errors, 1, size - 1, program->errors);
    errors[len] = '\0';
    waitpid(program->pid, &status, 0);
    fclose(program->errors);
    free(program->temporary);
    free(program->pid_file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Whether the process has ended; it may be waiting for init to reap it. */
static bool is_gone(pid_t pid) {
    for (int i = 0; i < 100; i++) {
        sw_cleanup_free char *path = sw_format("/proc/%d/stat", (int)pid);
        sw_cleanup_file FILE *file = fopen(path, "r");
        char state = 'Z';
        if (!file || (fscanf(file, "%*d %*s %c", &state) == 1 && state == 'Z'))
            return true;
        usleep(20000);
    }
    return false;
}

static void the_first_signal_stops_children_and_removes_temporary_files(void **state) {
    (void)state;
    static const struct { int signal, exit_code; } cases[] = {{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char errors[4096];
        struct program program = start("sleep 1000 & echo $! >$0; wait");
        sw_cleanup_free char *temporary = sw_strdup(program.temporary);
        pid_t child = read_pid(&program);
        kill(program.pid, cases[i].signal);
        assert_int_equal(end(&program, errors, sizeof errors), cases[i].exit_code);
        assert_true(is_gone(child));
        assert_false(exists(temporary));
        assert_non_null(strstr(errors, "stopping"));
    }
}

static void a_second_signal_does_not_wait_for_children(void **state) {
    (void)state;
    char errors[4096];
    struct program program = start("trap '' TERM; echo $$ >$0; while :; do sleep 1; done");
    sw_cleanup_free char *temporary = sw_strdup(program.temporary);
    pid_t child = read_pid(&program);
    kill(program.pid, SIGTERM);
    usleep(300000);
    kill(program.pid, SIGINT);
    assert_int_equal(end(&program, errors, sizeof errors), 130);
    assert_true(is_gone(child));
    assert_false(exists(temporary));
}

static void children_die_with_a_host_that_is_killed(void **state) {
    (void)state;
    char errors[4096];
    struct program program = start("echo $$ >$0; exec sleep 1000");
    pid_t child = read_pid(&program);
    kill(program.pid, SIGKILL);
    assert_int_equal(end(&program, errors, sizeof errors), -1);
    assert_true(is_gone(child));
}

static void usr1_prints_what_runs(void **state) {
    (void)state;
    char errors[4096];
    struct program program = start("echo $$ >$0; exec sleep 1000");
    kill(program.pid, SIGUSR1);
    usleep(300000);
    kill(program.pid, SIGTERM);
    end(&program, errors, sizeof errors);
    const char *list = strstr(errors, "running:");
    assert_non_null(list);
    assert_non_null(strstr(list, "\n  #1 app ("));
    assert_non_null(strstr(list, "\n    #2 RUN sleep ("));
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    sw_cleanup_free char *command = sw_format("rm -rf %s", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_signal_stops_children_and_removes_temporary_files),
        cmocka_unit_test(a_second_signal_does_not_wait_for_children),
        cmocka_unit_test(children_die_with_a_host_that_is_killed),
        cmocka_unit_test(usr1_prints_what_runs),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
