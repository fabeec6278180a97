#include "core/runtime/progress.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/mask.h"
#include "core/runtime/pool.h"
#include "core/runtime/timer.h"
#include "tests/unit/check.h"

static int fd;
static char *shown;

static void start(enum sw_progress_mode mode) {
    sw_progress_start(&(struct sw_progress_options){.mode = mode, .fd = fd, .silence_ms = 300, .width = 40, .height = 10});
}

/* All that was shown so far. */
static const char *read_shown(void) {
    off_t len = lseek(fd, 0, SEEK_END);
    free(shown);
    shown = calloc(1, (size_t)len + 1);
    assert_int_equal(pread(fd, shown, (size_t)len, 0), len);
    return shown;
}

static void say(struct sw_vertex *vertex, const char *text) {
    sw_vertex_output(vertex, 1, (struct sw_bytes){text, strlen(text)});
}

static void stop(void *context) {
    (void)context;
    sw_loop_stop();
}

static void wait_ms(uint64_t ms) {
    sw_timer_after(ms, stop, NULL);
    sw_loop_run();
}

static void play(void) {
    struct sw_vertex *image = sw_vertex_start(NULL, "image app");
    struct sw_vertex *step = sw_vertex_start(image, "RUN make");
    say(step, "cc a.c\ncc b");
    say(step, ".c\npassword hun");
    say(step, "ter2\nno end");
    sw_vertex_bytes(step, 500, 1000);
    sw_vertex_finish(step, SW_VERTEX_FAILED);
    sw_vertex_finish(sw_vertex_start(image, "FROM base"), SW_VERTEX_CACHED);
    sw_log(SW_LOG_WARN, "registry", "slow answer");
    sw_vertex_finish(image, SW_VERTEX_CANCELLED);
}

static void plain_prints_a_line_an_event(void **state) {
    (void)state;
    start(SW_PROGRESS_PLAIN);
    play();
    sw_progress_end();
    assert_string_equal(read_shown(), "#1 image app\n"
                                      "#2 RUN make\n"
                                      "#2 0.0s cc a.c\n"
                                      "#2 0.0s cc b.c\n"
                                      "#2 0.0s password ***\n"
                                      "#2 0.0s no end\n"
                                      "#2 failed 0.0s, 500 B of 1.0 kB\n"
                                      "#3 FROM base\n"
                                      "#3 cached 0.0s\n"
                                      "warning: registry: slow answer\n"
                                      "#1 cancelled 0.0s\n");
}

static const char *text_of(json_t *event, const char *name) {
    return json_string_value(json_object_get(event, name));
}

static void json_prints_an_object_a_line(void **state) {
    (void)state;
    static const char *const events[] = {"start",  "start",  "output", "output", "output", "bytes",
                                         "output", "finish", "start",  "finish", "log",    "finish"};
    start(SW_PROGRESS_JSON);
    play();
    sw_progress_end();
    size_t count = 0;
    read_shown();
    char *rest = NULL;
    for (char *line = strtok_r(shown, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        sw_cleanup_json json_t *event = json_loads(line, 0, NULL);
        assert_non_null(event);
        assert_true(count < sizeof events / sizeof *events);
        assert_string_equal(text_of(event, "event"), events[count]);
        assert_int_equal(json_integer_value(json_object_get(event, "v")), 1);
        assert_int_equal(strlen(text_of(event, "time")), 24);
        if (count == 1)
            assert_int_equal(json_integer_value(json_object_get(event, "parent")), 1);
        if (count == 4)
            assert_string_equal(text_of(event, "text"), "password ***");
        if (count == 7)
            assert_string_equal(text_of(event, "state"), "failed");
        count++;
    }
    assert_int_equal(count, sizeof events / sizeof *events);
}

static void quiet_shows_errors_only(void **state) {
    (void)state;
    start(SW_PROGRESS_QUIET);
    play();
    sw_log(SW_LOG_ERROR, NULL, "broken");
    sw_progress_end();
    assert_string_equal(read_shown(), "error: broken\n");
}

/* A terminal that knows what the renderer uses: lines, "up N", "erase below". Colors are dropped. */
static void screen_of(const char *bytes, char rows[64][128]) {
    size_t row = 0, column = 0;
    memset(rows, 0, 64 * 128);
    for (const char *c = bytes; *c; c++) {
        unsigned count = 1;
        int len = 0;
        if (*c == '\n') {
            row++;
            column = 0;
        } else if (*c == '\r') {
            column = 0;
        } else if (*c == '\x1b' && sscanf(c, "\x1b[%uA%n", &count, &len) == 1 && len) {
            assert_true(count <= row);
            row -= count;
            c += len - 1;
        } else if (!strncmp(c, "\x1b[J", 3)) {
            for (size_t i = row; i < 64; i++)
                memset(rows[i] + (i == row ? column : 0), 0, 128 - (i == row ? column : 0));
            c += 2;
        } else if (*c == '\x1b') {
            c += strcspn(c, "m");
        } else {
            assert_true(row < 64 && column < 127);
            rows[row][column++] = *c;
        }
    }
}

static void tty_redraws_what_runs_and_scrolls_what_has_ended(void **state) {
    (void)state;
    char rows[64][128];
    setenv("NO_COLOR", "1", 1);
    setenv("LC_ALL", "C", 1);
    start(SW_PROGRESS_TTY);
    struct sw_vertex *image = sw_vertex_start(NULL, "image app");
    struct sw_vertex *step = sw_vertex_start(image, "RUN make with a very long list of arguments");
    say(step, "cc \x1b[1A\x1b[2Ka.c\n");
    wait_ms(150);
    screen_of(read_shown(), rows);
    assert_null(strstr(shown, "\x1b[0m")); /* NO_COLOR */
    assert_non_null(strstr(rows[0], "2 running, 0 done"));
    assert_non_null(strstr(rows[1], " image app "));
    assert_non_null(strstr(rows[2], "   RUN make with a very long list~ 0."));
    assert_int_equal(strlen(rows[2]), 39);
    assert_string_equal(rows[3], "   | cc a.c");
    sw_vertex_finish(step, SW_VERTEX_DONE);
    sw_log(SW_LOG_WARN, NULL, "careful");
    wait_ms(150);
    screen_of(read_shown(), rows);
    assert_non_null(strstr(rows[0], "+ RUN make"));
    assert_string_equal(rows[1], "warning: careful");
    assert_non_null(strstr(rows[2], "1 running, 1 done"));
    assert_non_null(strstr(rows[3], " image app "));
    assert_string_equal(rows[4], "");
    sw_vertex_finish(image, SW_VERTEX_DONE);
    sw_progress_end();
    screen_of(read_shown(), rows);
    assert_non_null(strstr(rows[2], "+ image app"));
    assert_string_equal(rows[3], "");
    unsetenv("NO_COLOR");
}

static void tty_stays_within_the_terminals_height(void **state) {
    (void)state;
    struct sw_vertex *vertices[50];
    char rows[64][128];
    start(SW_PROGRESS_TTY);
    for (int i = 0; i < 50; i++) {
        vertices[i] = sw_vertex_start(NULL, "step");
        say(vertices[i], "output\n");
    }
    wait_ms(150);
    screen_of(read_shown(), rows);
    assert_non_null(strstr(rows[8], "and 43 more"));
    assert_string_equal(rows[9], "");
    for (int i = 0; i < 50; i++)
        sw_vertex_finish(vertices[i], SW_VERTEX_DONE);
    sw_progress_end();
}

static void a_failed_step_leaves_its_last_lines_on_the_terminal(void **state) {
    (void)state;
    start(SW_PROGRESS_TTY);
    struct sw_vertex *step = sw_vertex_start(NULL, "RUN make");
    for (int i = 0; i < 100; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %03d\n", i);
        say(step, line);
    }
    sw_cleanup_free char *tail = sw_vertex_tail(step);
    assert_int_equal(strncmp(tail, "line 060\nline 061", 17), 0);
    sw_vertex_finish(step, SW_VERTEX_FAILED);
    sw_progress_end();
    read_shown();
    assert_null(strstr(shown, "line 059"));
    assert_non_null(strstr(shown, "line 060"));
    assert_non_null(strstr(shown, "line 099"));
}

static void silence_names_what_is_waited_for(void **state) {
    (void)state;
    static const enum sw_progress_mode modes[] = {SW_PROGRESS_PLAIN, SW_PROGRESS_TTY};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        start(modes[i]);
        struct sw_vertex *image = sw_vertex_start(NULL, "image app");
        struct sw_vertex *step = sw_vertex_start(image, "RUN sleep");
        wait_ms(500);
        const char *line = strstr(read_shown(), "silent for 0.");
        assert_non_null(line);
        assert_int_equal(strncmp(line + 15, ", waiting for: RUN sleep (0.", 28), 0);
        assert_null(strstr(line + 1, "silent for"));
        sw_vertex_finish(step, SW_VERTEX_DONE);
        sw_vertex_finish(image, SW_VERTEX_DONE);
        sw_progress_end();
    }
}

static void speak(void *context) {
    for (int i = 0; i < 1000; i++)
        say(context, "one whole line\n");
}

static void output_from_many_threads_stays_in_whole_lines(void **state) {
    (void)state;
    struct sw_vertex *vertices[8];
    start(SW_PROGRESS_PLAIN);
    for (int i = 0; i < 8; i++) {
        vertices[i] = sw_vertex_start(NULL, "step");
        sw_pool_run(speak, NULL, vertices[i]);
    }
    sw_loop_run();
    for (int i = 0; i < 8; i++)
        sw_vertex_finish(vertices[i], SW_VERTEX_DONE);
    sw_progress_end();
    size_t count = 0;
    read_shown();
    char *rest = NULL;
    for (char *line = strtok_r(shown, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const char *text = strstr(line, " one ");
        if (text) {
            assert_string_equal(text, " one whole line");
            count++;
        }
    }
    assert_int_equal(count, 8000);
}

static void names_of_modes_are_known(void **state) {
    (void)state;
    static const char *const names[] = {"auto", "tty", "plain", "json", "quiet"};
    enum sw_progress_mode mode;
    for (size_t i = 0; i < 5; i++) {
        assert_true(sw_progress_parse(names[i], &mode));
        assert_int_equal(mode, i);
    }
    assert_false(sw_progress_parse("fancy", &mode));
    assert_false(sw_progress_parse("", &mode));
}

static void nothing_is_shown_before_the_start(void **state) {
    (void)state;
    play();
    assert_string_equal(read_shown(), "");
}

static int set_up(void **state) {
    (void)state;
    fd = memfd_create("shown", MFD_CLOEXEC);
    fcntl(fd, F_SETFL, O_APPEND);
    sw_mask_add("hunter2", 7);
    return sw_loop_start(NULL) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    sw_progress_end();
    close(fd);
    free(shown);
    shown = NULL;
    sw_mask_clear();
    sw_loop_end();
    return 0;
}

#define WITH_A_FILE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_A_FILE(plain_prints_a_line_an_event),
        WITH_A_FILE(json_prints_an_object_a_line),
        WITH_A_FILE(quiet_shows_errors_only),
        WITH_A_FILE(tty_redraws_what_runs_and_scrolls_what_has_ended),
        WITH_A_FILE(tty_stays_within_the_terminals_height),
        WITH_A_FILE(a_failed_step_leaves_its_last_lines_on_the_terminal),
        WITH_A_FILE(silence_names_what_is_waited_for),
        WITH_A_FILE(output_from_many_threads_stays_in_whole_lines),
        WITH_A_FILE(names_of_modes_are_known),
        WITH_A_FILE(nothing_is_shown_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
