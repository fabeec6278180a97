/* Small readers of names: platforms, references, durations, patterns. */
#include <jansson.h>

#include "core/base/error.h"
#include "core/config/go_text.h"
#include "core/config/platform.h"
#include "tests/unit/check.h"
#include "tests/unit/core/config/project_fixture.h"

static void platforms_take_their_usual_form(void **state) {
    (void)state;
    sw_cleanup_json json_t *root = json_load_file(TEST_FIXTURES "/digests/platforms.json", 0, NULL);
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(root, "cases"), index, row) {
        sw_cleanup_free char *usual = sw_platform_normalize(json_string_value(json_object_get(row, "in")), "linux/amd64", NULL);
        assert_non_null(usual);
        assert_string_equal(usual, json_string_value(json_array_get(json_object_get(row, "out"), 0)));
    }
    assert_true(index > 10);
}

static void what_is_no_platform_is_refused(void **state) {
    (void)state;
    static const char *const rows[] = {"", "linux/amd64,linux/arm64", "a/b/c/d", "linux/", "/amd64", "nonsense", "linux/am d64"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_error *error = NULL;
        assert_null(sw_platform_normalize(rows[i], NULL, &error));
        assert_non_null(strstr(error->message, rows[i]));
        sw_error_free(error);
    }
}

static void only_references_with_a_tag_or_digest_are_external(void **state) {
    (void)state;
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct {
        const char *text;
        bool external;
    } rows[] = {
        {"alpine", false},
        {"registry.example/x/y", false},
        {"alpine:3", true},
        {"registry.example/x/y:1", true},
        {"registry.example:5000/x:v1.2_3-4", true},
        {"localhost/x:1", true},
        {"localhost:5000/x", false},
        {"b@sha256:abc", false},
        {"b@" DIGEST, true},
        {"b:1@" DIGEST, true},
        {"B:1", false},
        {"Foo.example/b:1", true},
        {"a/B:1", false},
        {"a:", false},
        {"a:-x", false},
        {":1", false},
        {"a b:1", false},
        {"a__b--c.d:1", true},
        {"a___b:1", false},
        {"a..b/c:1", false},
        {"", false},
        {"/:1", false},
        {"a//b:1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sw_reference_is_external(rows[i].text) != rows[i].external)
            fail_msg("%s", rows[i].text);
#undef DIGEST
}

static void durations_are_those_of_go(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t nanoseconds;
    } rows[] = {{"168h", true, 168 * 3600000000000},
                {"1h30m", true, 5400000000000},
                {"-1.5s", true, -1500000000},
                {"0", true, 0},
                {"1us", true, 1000},
                {"1µs", true, 1000},
                {".5s", true, 500000000},
                {"7d", false, 0},
                {"", false, 0},
                {"5", false, 0},
                {".s", false, 0},
                {"1h ", false, 0},
                {"99999999999h", false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t nanoseconds = 0;
        assert_int_equal(sw_go_duration(rows[i].text, &nanoseconds), rows[i].good);
        if (rows[i].good)
            assert_int_equal(nanoseconds, rows[i].nanoseconds);
    }
}

static void patterns_are_exact_or_anchored_regular_expressions(void **state) {
    (void)state;
    static const struct {
        const char *entry;
        const char *text;
        bool valid;
        bool matches;
    } rows[] = {{"a", "a", true, true},        {"a.", "ab", true, false},       {"/a./", "ab", true, true},
                {"/a/", "ab", true, false},    {"//", "", true, true},          {"/", "/", true, true},
                {"/a|b/", "ax", true, true}, /* werf puts the anchors around the whole text */
                {"/(/", "(", false, false},    {"/a(?=b)/", "a", false, false}, {"/(a)\\1/", "aa", false, false},
                {"/a++/", "aa", false, false}, {"/[]a]/", "]", true, true},     {"/\\d+/", "42", true, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *problem = NULL;
        if (sw_go_pattern_valid(rows[i].entry, &problem) != rows[i].valid || !problem != rows[i].valid)
            fail_msg("%s: %s", rows[i].entry, problem);
        if (sw_go_pattern_matches(rows[i].entry, rows[i].text) != rows[i].matches)
            fail_msg("%s on %s", rows[i].entry, rows[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(platforms_take_their_usual_form),
        cmocka_unit_test(what_is_no_platform_is_refused),
        cmocka_unit_test(only_references_with_a_tag_or_digest_are_external),
        cmocka_unit_test(durations_are_those_of_go),
        cmocka_unit_test(patterns_are_exact_or_anchored_regular_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
