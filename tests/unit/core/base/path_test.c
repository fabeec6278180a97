#include "core/base/path.h"

#include <stdlib.h>

#include "core/base/cleanup.h"
#include "tests/unit/check.h"

static void cleans_as_go_does(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", "."},
        {"abc", "abc"},
        {"abc/def", "abc/def"},
        {"a/b/c", "a/b/c"},
        {".", "."},
        {"..", ".."},
        {"../..", "../.."},
        {"../../abc", "../../abc"},
        {"/abc", "/abc"},
        {"/", "/"},
        {"abc/", "abc"},
        {"abc/def/", "abc/def"},
        {"./", "."},
        {"../", ".."},
        {"../../", "../.."},
        {"/abc/", "/abc"},
        {"abc//def", "abc/def"},
        {"//abc", "/abc"},
        {"abc/./def", "abc/def"},
        {"/./abc/def", "/abc/def"},
        {"abc/def/../ghi", "abc/ghi"},
        {"abc/def/../../..", ".."},
        {"/abc/def/../../..", "/"},
        {"abc/def/../../../ghi/jkl/../../../mno", "../../mno"},
        {"abc/./../def", "def"},
        {"a/../../b", "../b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *clean = sw_path_clean(rows[i][0]);
        assert_string_equal(clean, rows[i][1]);
    }
}

static void splits_and_joins_as_go_does(void **state) {
    (void)state;
    static const char *const rows[][3] = {
        {"/a/b", "b", "/a"}, {"a", "a", "."}, {"/", "/", "/"}, {"", ".", "."}, {"a/b/", "b", "a/b"}, {"/a", "a", "/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *base = sw_path_base(rows[i][0]);
        sw_cleanup_free char *dir = sw_path_dir(rows[i][0]);
        assert_string_equal(base, rows[i][1]);
        assert_string_equal(dir, rows[i][2]);
    }
    sw_cleanup_free char *joined = sw_path_join("/app", "../x/");
    assert_string_equal(joined, "/x");
    sw_cleanup_free char *single = sw_path_join("", "a/");
    assert_string_equal(single, "a");
}

static void matches_as_go_does(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *path;
        int result;
    } rows[] = {
        {"abc", "abc", 1},    {"*", "abc", 1},        {"*c", "abc", 1},      {"a*", "a", 1},
        {"a*", "ab/c", 0},    {"a*/b", "abc/b", 1},   {"a*/b", "a/c/b", 0},  {"a*b*c*d*e*/f", "axbxcxdxe/f", 1},
        {"a?b", "a/b", 0},    {"ab[c]", "abc", 1},    {"ab[b-d]", "abc", 1}, {"ab[e-g]", "abc", 0},
        {"ab[^c]", "abc", 0}, {"ab[^e-g]", "abc", 1}, {"a\\*b", "a*b", 1},   {"a\\*b", "ab", 0},
        {"[\\]a]", "]", 1},   {"[\\-]", "-", 1},      {"[x\\-]", "-", 1},    {"[]a]", "]", -1},
        {"[-]", "-", -1},     {"[x-]", "x", -1},      {"[-x]", "x", -1},     {"\\", "a", -1},
        {"[", "a", -1},       {"[^", "a", -1},        {"*x", "xxx", 1},      {"", "", 1},
        {"", "a", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sw_path_match(rows[i].pattern, rows[i].path) != rows[i].result)
            fail_msg("%s against %s", rows[i].pattern, rows[i].path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans_as_go_does),
        cmocka_unit_test(splits_and_joins_as_go_does),
        cmocka_unit_test(matches_as_go_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
