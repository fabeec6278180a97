#include "core/runtime/text.h"

#include <string.h>

#include "tests/unit/check.h"

static void any_bytes_become_valid_json(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        {"plain", "\"plain\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"tab\tline\n\x1b[0m", "\"tab\\tline\\n\\u001b[0m\""},
        {"grün €", "\"grün €\""},
        {"bad \xff\xc3 utf", "\"bad \xef\xbf\xbd\xef\xbf\xbd utf\""},
        {"cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\""},
        {"overlong \xc0\xaf", "\"overlong \xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_buf struct sw_buf out = {0};
        sw_text_json(&out, cases[i].text, strlen(cases[i].text));
        assert_string_equal(out.data, cases[i].json);
    }
}

static void text_for_terminals_is_cut_by_columns_and_cannot_move_the_cursor(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t width;
        enum sw_text_set set;
        const char *plain;
        size_t columns;
    } cases[] = {
        {"short", 10, SW_TEXT_UTF8, "short", 5},
        {"exactly10!", 10, SW_TEXT_UTF8, "exactly10!", 10},
        {"longer than ten", 10, SW_TEXT_UTF8, "longer th…", 10},
        {"longer than ten", 10, SW_TEXT_ASCII, "longer th~", 10},
        {"日本語テキスト", 6, SW_TEXT_UTF8, "日本…", 5},
        {"日本語", 6, SW_TEXT_UTF8, "日本語", 6},
        {"e\xcc\x81", 1, SW_TEXT_UTF8, "e\xcc\x81", 1},
        {"\x1b[31mred\x1b[0m", 10, SW_TEXT_UTF8, "red", 3},
        {"\x1b]0;title\aafter", 10, SW_TEXT_UTF8, "after", 5},
        {"\x1b]8;;http://x\x1b\\link", 10, SW_TEXT_UTF8, "link", 4},
        {"up\x1b[2A\x1b[Kdown\b\r", 10, SW_TEXT_UTF8, "updown", 6},
        {"\x1b", 10, SW_TEXT_UTF8, "", 0},
        {"\x1b[12", 10, SW_TEXT_UTF8, "", 0},
        {"a\tb", 20, SW_TEXT_UTF8, "a       b", 9},
        {"\xff", 10, SW_TEXT_UTF8, "?", 1},
        {"grün", 10, SW_TEXT_ASCII, "gr?n", 4},
        {"\xe2\x80\xae"
         "evil",
         10, SW_TEXT_UTF8, "evil", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_buf struct sw_buf out = {0};
        assert_int_equal(sw_text_plain(&out, cases[i].text, strlen(cases[i].text), cases[i].width, cases[i].set), cases[i].columns);
        assert_string_equal(sw_buf_text(&out), cases[i].plain);
    }
}

static void durations_and_sizes_read_well(void **state) {
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } times[] = {{0, "0.0s"}, {340, "0.3s"}, {59999, "59.9s"}, {60000, "1m00s"}, {184000, "3m04s"}, {3720000, "1h02m"}};
    static const struct {
        uint64_t bytes;
        const char *text;
    } sizes[] = {{0, "0 B"}, {999, "999 B"}, {1000, "1.0 kB"}, {1500000, "1.5 MB"}, {999999, "1.0 MB"}, {2000000000, "2.0 GB"}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        sw_cleanup_buf struct sw_buf out = {0};
        sw_text_duration(&out, times[i].ms);
        assert_string_equal(out.data, times[i].text);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        sw_cleanup_buf struct sw_buf out = {0};
        sw_text_bytes(&out, sizes[i].bytes);
        assert_string_equal(out.data, sizes[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_become_valid_json),
        cmocka_unit_test(text_for_terminals_is_cut_by_columns_and_cannot_move_the_cursor),
        cmocka_unit_test(durations_and_sizes_read_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
