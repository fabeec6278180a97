#include "core/base/ignore.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "tests/unit/check.h"

static struct sw_ignore *compile(const char *text) {
    sw_cleanup_strlist struct sw_strlist lines = {0};
    struct sw_error *error = NULL;
    sw_ignore_split((struct sw_bytes){text, strlen(text)}, &lines);
    struct sw_ignore *set = sw_ignore_new(sw_strlist_view(&lines), &error);
    if (!set)
        fail_msg("%s", error->message);
    return set;
}

static void splits_texts_as_docker_does(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"# comment\n a \n\n\n/b/\n", "a|b"},
        {"\xef\xbb\xbfone\r\ntwo\r\n", "one|two"},
        {"! x/../y\n!\n./c//d\n", "!y|!|c/d"},
        {" # no comment\n", "# no comment"},
        {"/\n.\n", "/|."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_strlist struct sw_strlist lines = {0};
        sw_ignore_split((struct sw_bytes){rows[i][0], strlen(rows[i][0])}, &lines);
        sw_cleanup_free char *joined = sw_strings_join(sw_strlist_view(&lines), "|");
        assert_string_equal(joined, rows[i][1]);
    }
}

static const struct {
    const char *patterns, *path;
    bool ignored;
} rows[] = {
    {"a", "a", true},
    {"a", "a/b", true},
    {"a", "b/a", false},
    {"*.txt", "x.txt", true},
    {"*.txt", "d/x.txt", false},
    {"**/*.txt", "x.txt", true},
    {"**/*.txt", "d/e/x.txt", true},
    {"**/foo", "foo", true},
    {"**/foo", "a/foo", true},
    {"**/foo", "afoo", false},
    {"**foo", "afoo", true},
    {"foo/**", "foo/a/b", true},
    {"foo/**", "foox", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "ab", false},
    {"*\n!a", "a", false},
    {"*\n!a", "b", true},
    {"*\n!a/b", "a/b", false},
    {"a\n!a/b\na/b/c", "a/b/c", true},
    {"a?c", "abc", true},
    {"a?c", "a/c", false},
    {"a?c",
     "a\xc3\xa9"
     "c",
     true},
    {"[a-c]x", "bx", true},
    {"[^a-c]x", "bx", false},
    {"a\\*", "a*", true},
    {"a\\*", "ab", false},
    {"a.c", "abc", false},
    {"**", "x/y", true},
    {"a*/b", "axx/b", true},
    {"*/*", "a/b", true},
    {"*/*", "a", false},
};

static void the_last_pattern_that_matches_decides(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_ignore struct sw_ignore *set = compile(rows[i].patterns);
        if (sw_ignore_match(set, rows[i].path) != rows[i].ignored)
            fail_msg("%s with %s", rows[i].path, rows[i].patterns);
        if (sw_ignore_match_from_root(set, rows[i].path) != rows[i].ignored)
            fail_msg("%s from the root by \"%s\"", rows[i].path, rows[i].patterns);
        if (sw_ignore_match_or_parent(set, rows[i].path) != rows[i].ignored)
            fail_msg("%s with %s and parents", rows[i].path, rows[i].patterns);
    }
}

static void deep_parents_count_only_when_asked_for(void **state) {
    (void)state;
    sw_cleanup_ignore struct sw_ignore *set = compile("**/skip\n");
    assert_false(sw_ignore_match(set, "a/b/skip/x"));
    assert_true(sw_ignore_match_or_parent(set, "a/b/skip/x"));
    assert_true(sw_ignore_match_from_root(set, "a/b/skip/x"));
}

static void refuses_malformed_patterns(void **state) {
    (void)state;
    static const char *const bad[] = {"[", "a[", "!", "[a-", "\\"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sw_cleanup_error struct sw_error *error = NULL;
        if (sw_ignore_new((struct sw_strings){&bad[i], 1}, &error))
            fail_msg("took %s", bad[i]);
        assert_int_equal(error->code, SW_ERROR_CONFIG);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_texts_as_docker_does),
        cmocka_unit_test(the_last_pattern_that_matches_decides),
        cmocka_unit_test(deep_parents_count_only_when_asked_for),
        cmocka_unit_test(refuses_malformed_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
