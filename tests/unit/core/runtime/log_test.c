#include "core/runtime/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/runtime/mask.h"
#include "tests/unit/check.h"

static char seen[1024];

static void sink(uint32_t level, const char *source, const char *text) {
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%u %s %s\n", level, source ? source : "-", text);
}

static void lines_below_the_level_are_not_said(void **state) {
    (void)state;
    sw_log_set(SW_LOG_WARN, SW_LOG_TEXT);
    sw_log(SW_LOG_INFO, NULL, "no");
    sw_log_text(SW_LOG_DEBUG, NULL, "no");
    sw_log(SW_LOG_WARN, "local", "disk %d%% full", 99);
    sw_log(SW_LOG_ERROR, NULL, "broken");
    assert_string_equal(seen, "2 local disk 99% full\n3 - broken\n");
}

static void secrets_do_not_reach_the_log(void **state) {
    (void)state;
    sw_mask_add("hunter2", 7);
    sw_log(SW_LOG_ERROR, NULL, "cannot log in with hunter2");
    assert_string_equal(seen, "3 - cannot log in with ***\n");
    sw_mask_clear();
}

static void text_has_level_and_source_and_cannot_move_the_cursor(void **state) {
    (void)state;
    static const struct {
        uint32_t level;
        const char *source, *text, *line;
    } cases[] = {
        {SW_LOG_INFO, NULL, "plain", "plain\n"},
        {SW_LOG_INFO, "local", "plain", "local: plain\n"},
        {SW_LOG_WARN, "local", "careful", "warning: local: careful\n"},
        {SW_LOG_ERROR, NULL, "two\nlines\n", "error: two\nlines\n"},
        {SW_LOG_DEBUG, NULL, "\x1b[2Jwiped", "debug: wiped\n"},
        {77, NULL, "unknown level", "error: unknown level\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_buf struct sw_buf line = {0};
        sw_log_render(&line, SW_LOG_TEXT, cases[i].level, cases[i].source, cases[i].text);
        assert_string_equal(line.data, cases[i].line);
    }
}

static void json_is_one_object_on_one_line(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf line = {0};
    sw_log_render(&line, SW_LOG_JSON, SW_LOG_WARN, "local", "a \"b\"\nc");
    assert_ptr_equal(strchr(line.data, '\n'), line.data + line.len - 1);
    sw_cleanup_json json_t *value = json_loads(line.data, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(value, "level")), "warning");
    assert_string_equal(json_string_value(json_object_get(value, "source")), "local");
    assert_string_equal(json_string_value(json_object_get(value, "text")), "a \"b\"\nc");
}

static void *drain(void *context) {
    char buffer[4096];
    size_t *total = context;
    ssize_t len;
    while ((len = read((int)total[1], buffer, sizeof buffer)) > 0)
        total[0] += (size_t)len;
    return NULL;
}

static void all_is_written_to_a_slow_non_blocking_pipe(void **state) {
    (void)state;
    int ends[2];
    static char data[1000000];
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    size_t total[2] = {0, (size_t)ends[0]};
    pthread_t thread;
    pthread_create(&thread, NULL, drain, total);
    sw_log_write(ends[1], data, sizeof data);
    close(ends[1]);
    pthread_join(thread, NULL);
    close(ends[0]);
    assert_int_equal(total[0], sizeof data);
}

static int set_up(void **state) {
    (void)state;
    seen[0] = '\0';
    sw_log_set(SW_LOG_INFO, SW_LOG_TEXT);
    sw_log_set_sink(sink);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    sw_log_set_sink(NULL);
    return 0;
}

#define WITH_A_SINK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_A_SINK(lines_below_the_level_are_not_said),
        WITH_A_SINK(secrets_do_not_reach_the_log),
        WITH_A_SINK(text_has_level_and_source_and_cannot_move_the_cursor),
        WITH_A_SINK(json_is_one_object_on_one_line),
        WITH_A_SINK(all_is_written_to_a_slow_non_blocking_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
