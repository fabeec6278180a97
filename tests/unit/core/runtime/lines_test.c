#include "core/runtime/lines.h"

#include <string.h>

#include "core/base/buf.h"
#include "tests/unit/check.h"

static void on_line(void *context, const char *line, size_t len) {
    sw_buf_putc(context, '[');
    sw_buf_add(context, line, len);
    sw_buf_putc(context, ']');
}

static void output_becomes_lines_wherever_pieces_are_cut(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *lines;
    } cases[] = {
        {"", ""},
        {"one\ntwo\n", "[one][two]"},
        {"one\r\ntwo", "[one][two]"},
        {"\n\n", "[][]"},
        {"10%\r20%\r30%\ndone\n", "[30%][done]"},
        {"10%\r20%\r\n", "[20%]"},
        {"10%\r", "[10%]"},
        {"token hunter2!\n", "[token ***!]"},
    };
    sw_mask_add("hunter2", 7);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t cut = 0; cut <= strlen(cases[i].text); cut++) {
            struct sw_lines lines = {0};
            sw_cleanup_buf struct sw_buf out = {0};
            sw_lines_feed(&lines, cases[i].text, cut, on_line, &out);
            sw_lines_feed(&lines, cases[i].text + cut, strlen(cases[i].text) - cut, on_line, &out);
            sw_lines_flush(&lines, on_line, &out);
            sw_lines_fini(&lines);
            assert_string_equal(sw_buf_text(&out), cases[i].lines);
        }
    sw_mask_clear();
}

static void count_line(void *context, const char *line, size_t len) {
    (void)line;
    size_t *total = context;
    assert_true(len <= 64 * 1024);
    *total += len;
}

static void a_line_without_end_does_not_gather_memory_for_ever(void **state) {
    (void)state;
    static char piece[100000];
    size_t total = 0;
    struct sw_lines lines = {0};
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 50; i++) {
        sw_lines_feed(&lines, piece, sizeof piece, count_line, &total);
        assert_true(lines.line.cap <= 256 * 1024);
    }
    sw_lines_flush(&lines, count_line, &total);
    sw_lines_fini(&lines);
    assert_int_equal(total, 50 * sizeof piece);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_becomes_lines_wherever_pieces_are_cut),
        cmocka_unit_test(a_line_without_end_does_not_gather_memory_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
