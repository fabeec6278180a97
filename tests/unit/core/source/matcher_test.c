#include "core/source/matcher.h"

#include <jansson.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "tests/unit/check.h"

static struct sw_strings strings_of(json_t *list, struct sw_strlist *owner) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) sw_strlist_add(owner, json_string_value(item));
    return sw_strlist_view(owner);
}

static struct sw_matcher *matcher_of(json_t *row) {
    sw_cleanup_strlist struct sw_strlist include = {0};
    sw_cleanup_strlist struct sw_strlist exclude = {0};
    sw_cleanup_strlist struct sw_strlist ignore = {0};
    struct sw_filter filter = {
        .size = sizeof filter,
        .base = json_string_value(json_object_get(row, "base")),
        .include = strings_of(json_object_get(row, "include"), &include),
        .exclude = strings_of(json_object_get(row, "exclude"), &exclude),
        .ignore = strings_of(json_object_get(row, "dockerignore"), &ignore),
    };
    return sw_matcher_new("", &filter, 1, NULL);
}

static void answers_as_werf_does(void **state) {
    (void)state;
    sw_cleanup_json json_t *file = json_load_file(TEST_FIXTURES "/digests/path_matchers.json", 0, NULL);
    assert_non_null(file);
    size_t i, checked = 0;
    json_t *row;
    json_array_foreach(json_object_get(file, "cases"), i, row) {
        sw_cleanup_matcher struct sw_matcher *matcher = matcher_of(row);
        assert_non_null(matcher);
        const char *path;
        json_t *expected;
        json_object_foreach(json_object_get(row, "result"), path, expected) {
            char answer[3];
            snprintf(answer, sizeof answer, "%s%s", sw_matcher_matched(matcher, path) ? "m" : "",
                     sw_matcher_through(matcher, path) ? "t" : "");
            if (strcmp(answer, json_string_value(expected)) != 0)
                fail_msg("case %zu, path \"%s\": \"%s\" instead of \"%s\"", i, path, answer, json_string_value(expected));
            checked++;
        }
    }
    assert_int_equal(checked, 32 * 19);
}

struct row {
    const char *base, *include[3], *exclude[3], *matches[5], *misses[4];
};

static const struct row rows[] = {
    {"", {"src"}, {0}, {"src", "src/a", "src/a/b"}, {"srcx", "src.go", "a/src"}},
    {"", {"src/"}, {0}, {"src", "src/a"}, {0}},
    {"", {"src/*"}, {0}, {"src", "src/a", "src/a/b"}, {0}},
    {"", {"src/**"}, {0}, {"src", "src/a", "src/a/b"}, {0}},
    {"", {"src/**/*"}, {0}, {"src", "src/a", "src/a/b"}, {0}},
    {"", {"*"}, {0}, {"a", "a/b", ".x"}, {0}},
    {"", {"**"}, {0}, {"a", "a/b", ".x/y"}, {0}},
    {"", {"**/*"}, {0}, {"a", "a/b", ".x/y"}, {0}},
    {"", {"*.go"}, {0}, {"a.go", "a.go/x"}, {"d/a.go", "a.goo"}},
    {"", {"**/*.go"}, {0}, {"a.go", "d/a.go", "d/e/a.go/x"}, {"a.goo"}},
    {"", {"src/*.go"}, {0}, {"src/a.go", "src/a.go/x"}, {"src", "src/d/a.go"}},
    {"", {"src/*/*.go"}, {0}, {"src/d/a.go"}, {"src/a.go", "src/d/e/a.go"}},
    {"", {"src/**/*.go"}, {0}, {"src/a.go", "src/d/a.go", "src/d/e/a.go"}, {"src"}},
    {"", {"a*"}, {0}, {"a", "ab", "ab/c"}, {0}},
    {"", {"**a"}, {0}, {"a", "xa", "xa/b"}, {"d/xa"}},
    {"", {"a/**b/c"}, {0}, {"a/b/c", "a/xb/c"}, {"a/x/yb/c"}},
    {"", {"?"}, {0}, {"a", "\xc3\xa9"}, {"ab"}},
    {"", {"[ab]"}, {0}, {"a", "b", "a/x"}, {"c"}},
    {"", {"[!a]"}, {0}, {"b"}, {"a"}},
    {"", {"[^a]"}, {0}, {"b"}, {"a"}},
    {"", {"{a,b}/*.js"}, {0}, {"a/x.js", "b/y.js"}, {"c/x.js"}},
    {"", {"{a,b/c}/d"}, {0}, {"a/d", "b/c/d/e"}, {"b/d"}},
    {"", {"a\\*"}, {0}, {"a*"}, {"ab"}},
    {"", {"."}, {0}, {"a", "a/b"}, {0}},
    {"", {""}, {0}, {"a", "a/b"}, {0}},
    {"", {"./src"}, {0}, {"src", "src/a"}, {0}},
    {"", {"src/../lib"}, {0}, {"lib", "lib/x"}, {"src"}},
    {"", {".*"}, {0}, {".git", ".x/y"}, {"a"}},
    {"", {0}, {"node_modules"}, {"a", "a/node_modules"}, {"node_modules", "node_modules/x"}},
    {"", {0}, {"**/node_modules"}, {"a"}, {"node_modules/x", "a/node_modules/x"}},
    {"", {0}, {"*"}, {0}, {"a", "a/b"}},
    {"", {"src"}, {"src/test"}, {"src", "src/a", "src/testing"}, {"src/test", "src/test/a"}},
    {"", {"src"}, {"**/*_test.go"}, {"src/a.go"}, {"src/a_test.go"}},
    {"", {"src"}, {"src"}, {0}, {"src/a"}},
    {"app", {0}, {0}, {"app", "app/a"}, {"appx", "a"}},
    {"app/", {0}, {0}, {"app", "app/a"}, {"appx", "a"}},
    {"app", {"src"}, {0}, {"app/src", "app/src/a"}, {"app", "src/a"}},
    {"app", {"*.go"}, {"b.go"}, {"app/a.go"}, {"app/b.go", "app/d/a.go"}},
    {"", {"SRC"}, {0}, {0}, {"src/a"}},
    {"", {"src/a.txt"}, {0}, {"src/a.txt", "src/a.txt/b"}, {"src"}},
    {"", {"dir/***"}, {0}, {"dir", "dir/a/b"}, {0}},
    {"", {"dir*/**"}, {0}, {"dir", "dirx/a"}, {0}},
    {"", {"**/dir"}, {0}, {"dir/a", "x/dir", "x/dir/a", "x/y/dir"}, {"dirx"}},
    {"", {"**/dir/**"}, {0}, {"dir/a", "x/dir", "x/dir/a", "x/y/dir"}, {"dirx"}},
    {"", {"*/b"}, {0}, {"a/b", "a/b/c"}, {"b", "x/y/b"}},
    {"", {"dir/*.txt/**"}, {0}, {"dir/a.txt", "dir/a.txt/b"}, {0}},
};

static size_t count(const char *const *list) {
    size_t n = 0;
    while (list[n])
        n++;
    return n;
}

static void picks_the_paths_that_its_patterns_name(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct sw_filter filter = {.size = sizeof filter,
                                   .base = row->base,
                                   .include = {row->include, count(row->include)},
                                   .exclude = {row->exclude, count(row->exclude)}};
        sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new("", &filter, 1, NULL);
        assert_non_null(matcher);
        for (size_t j = 0; j < count(row->matches); j++)
            if (!sw_matcher_matched(matcher, row->matches[j]))
                fail_msg("row %zu does not match \"%s\"", i, row->matches[j]);
        for (size_t j = 0; j < count(row->misses); j++)
            if (sw_matcher_matched(matcher, row->misses[j]))
                fail_msg("row %zu matches \"%s\"", i, row->misses[j]);
    }
}

static void refuses_malformed_patterns(void **state) {
    (void)state;
    static const char *const bad[] = {"[", "a[", "{a", "a\\", "[]", "a/[!]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sw_filter filter = {.size = sizeof filter, .include = {&bad[i], 1}};
        sw_cleanup_error struct sw_error *error = NULL;
        if (sw_matcher_new("", &filter, 1, &error))
            fail_msg("took \"%s\"", bad[i]);
        assert_int_equal(error->code, SW_ERROR_CONFIG);
    }
}

static void limits_everything_to_the_scope(void **state) {
    (void)state;
    static const char *const include[] = {"b"};
    struct sw_filter filter = {.size = sizeof filter, .base = "app", .include = {include, 1}};
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new("app/b/c", &filter, 1, NULL);
    assert_true(sw_matcher_matched(matcher, "app/b/c/d"));
    assert_false(sw_matcher_matched(matcher, "app/b/x"));
    assert_true(sw_matcher_through(matcher, "app"));
    assert_true(sw_matcher_through(matcher, "app/b"));
    assert_false(sw_matcher_through(matcher, "app/x"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_werf_does),
        cmocka_unit_test(picks_the_paths_that_its_patterns_name),
        cmocka_unit_test(refuses_malformed_patterns),
        cmocka_unit_test(limits_everything_to_the_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
