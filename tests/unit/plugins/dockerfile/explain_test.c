/* Every case under fixtures/dockerfile/cases: a Dockerfile, the options of a build, and what BuildKit's front end made of them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/explain.h"
#include "tests/unit/check.h"

static char *read_file(const char *folder, const char *name, size_t *len) {
    sw_cleanup_free char *path = sw_format("%s/dockerfile/cases/%s/%s", TEST_FIXTURES, folder, name);
    sw_cleanup_file FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s cannot be read", path);
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    char *text = sw_new(*len + 1);
    assert_int_equal(fread(text, 1, *len, file), *len);
    return text;
}

static json_t *explain_case(const char *folder) {
    size_t file_len, options_len;
    sw_cleanup_free char *file = read_file(folder, "Dockerfile", &file_len);
    sw_cleanup_free char *options = read_file(folder, "options.json", &options_len);
    sw_cleanup_free char *text = NULL;
    struct sw_error *error = NULL;
    if (!sw_df_explain("Dockerfile", (struct sw_bytes){file, file_len}, options, &text, &error))
        fail_msg("%s: %s", folder, error->message);
    return json_loads(text, JSON_ALLOW_NUL, NULL);
}

/* Names are texts for people: they have no part in what a graph means. */
static void drop_names(json_t *graph) {
    size_t index;
    json_t *vertex;
    json_array_foreach(graph, index, vertex) {
        json_object_del(vertex, "name");
    }
}

static unsigned compare(const char *folder, const char *what, const json_t *want, const json_t *got) {
    if (json_equal(want, got) || (!want && !got))
        return 0;
    sw_cleanup_free char *wanted = want ? json_dumps(want, JSON_INDENT(1) | JSON_ENCODE_ANY) : NULL;
    sw_cleanup_free char *given = got ? json_dumps(got, JSON_INDENT(1) | JSON_ENCODE_ANY) : NULL;
    print_error("%s: %s differs\n--- expected\n%s\n--- got\n%s\n", folder, what, wanted ? wanted : "nothing",
                given ? given : "nothing");
    return 1;
}

static unsigned compare_member(const char *folder, const char *member, const json_t *want, const json_t *got) {
    return compare(folder, member, json_object_get(want, member), json_object_get(got, member));
}

static unsigned compare_outputs(const char *folder, const json_t *want, const json_t *got) {
    json_t *wanted = json_object_get(want, "outputs"), *given = json_object_get(got, "outputs");
    unsigned wrong = json_array_size(wanted) != json_array_size(given);
    if (wrong)
        print_error("%s: %zu outputs, not %zu\n", folder, json_array_size(given), json_array_size(wanted));
    for (size_t i = 0; !wrong && i < json_array_size(wanted); i++) {
        json_t *a = json_array_get(wanted, i), *b = json_array_get(given, i);
        drop_names(json_object_get(a, "graph"));
        drop_names(json_object_get(b, "graph"));
        wrong += compare_member(folder, "platform", a, b) + compare_member(folder, "image", a, b) +
                 compare_member(folder, "graph", a, b) + compare_member(folder, "result", a, b);
    }
    return wrong;
}

static unsigned check_case(const char *folder) {
    size_t len;
    sw_cleanup_free char *text = read_file(folder, "expected.json", &len);
    sw_cleanup_json json_t *want = json_loads(text, JSON_ALLOW_NUL, NULL), *got = explain_case(folder);
    assert_non_null(want);
    assert_non_null(got);
    return compare_member(folder, "parse", want, got) + compare_member(folder, "warnings", want, got) +
           compare_member(folder, "error", want, got) + compare_outputs(folder, want, got);
}

static void all_cases_come_out_as_buildkit_has_them(void **state) {
    (void)state;
    sw_cleanup_free char *path = sw_format("%s/dockerfile/cases", TEST_FIXTURES);
    sw_cleanup_dir DIR *folder = opendir(path);
    sw_cleanup_strlist struct sw_strlist names = {0};
    unsigned wrong = 0;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            sw_strlist_add(&names, entry->d_name);
    sw_strlist_sort(&names);
    assert_true(names.len >= 135);
    for (size_t i = 0; i < names.len; i++)
        wrong += check_case(names.items[i]);
    assert_int_equal(wrong, 0);
}

static void options_that_are_no_object_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"[]", "{", "{\"nope\": 1}", "\"x\""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *text = NULL;
        struct sw_error *error = NULL;
        assert_false(sw_df_explain("Dockerfile", (struct sw_bytes){"FROM a\n", 7}, bad[i], &text, &error));
        assert_int_equal(error->code, SW_ERROR_USAGE);
        sw_error_free(error);
    }
}

static void options_may_be_left_out(void **state) {
    (void)state;
    sw_cleanup_free char *text = NULL;
    assert_true(sw_df_explain("Dockerfile", (struct sw_bytes){"FROM alpine\n", 12}, NULL, &text, NULL));
    sw_cleanup_json json_t *root = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "outputs")), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases_come_out_as_buildkit_has_them),
        cmocka_unit_test(options_that_are_no_object_are_refused),
        cmocka_unit_test(options_may_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
