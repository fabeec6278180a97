/* Every case of tests/fixtures/gotmpl/cases gives the same bytes, or the same error, as the reference implementation. With file names as
 * arguments those are checked instead, and with "-" the results of the cases on stdin are printed. */
#include "tests/unit/check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/template/documents.h"
#include "tests/unit/core/template/golden.h"

/* Runs `check` on each line's JSON; returns the number of lines. */
static int each_line(const char *path, void (*check)(const json_t *test, void *context), void *context) {
    sw_cleanup_file FILE *file = fopen(path, "re");
    assert_non_null(file);
    sw_cleanup_free char *line = NULL;
    size_t cap = 0;
    int count = 0;
    while (getline(&line, &cap, file) > 0) {
        sw_cleanup_json json_t *test = json_loads(line, JSON_ALLOW_NUL, NULL);
        assert_non_null(test);
        check(test, context);
        count++;
    }
    return count;
}

static void print_member(const char *what, const json_t *result) {
    static const char *const keys[] = {"output", "output_base64", "error", "log"};
    printf("  %s", what);
    for (size_t i = 0; i < 4; i++) {
        const json_t *value = json_object_get(result, keys[i]);
        sw_cleanup_free char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
        if (text)
            printf(" %s %s", keys[i], text);
    }
    printf("\n");
}

static void check_case(const json_t *test, void *context) {
    sw_cleanup_json json_t *have = golden_render(test);
    if (golden_same(test, have))
        return;
    ++*(int *)context;
    printf("%s: %s\n", json_string_value(json_object_get(test, "name")), json_string_value(json_object_get(test, "template")));
    print_member("want", test);
    print_member("have", have);
}

static void every_case_renders_as_the_reference_implementation_does(void **state) {
    (void)state;
    sw_cleanup_dir DIR *folder = opendir(TEST_FIXTURES "/gotmpl/cases");
    assert_non_null(folder);
    int bad = 0, count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        sw_cleanup_free char *path = sw_format("%s/gotmpl/cases/%s", TEST_FIXTURES, entry->d_name);
        count += each_line(path, check_case, &bad);
    }
    assert_int_equal(bad, 0);
    assert_true(count >= 827);
}

static void check_documents(const json_t *test, void *context) {
    (void)context;
    const json_t *text = json_object_get(test, "text"), *want = json_object_get(test, "documents");
    struct sw_documents documents;
    sw_documents_split(json_string_value(text), json_string_length(text), &documents);
    assert_int_equal(documents.count, json_array_size(want));
    for (size_t i = 0; i < documents.count; i++) {
        const json_t *document = json_array_get(want, i), *content = json_object_get(document, "content");
        assert_int_equal(documents.items[i].line, json_integer_value(json_object_get(document, "line")));
        assert_int_equal(documents.items[i].len, json_string_length(content));
        assert_memory_equal(documents.items[i].text, json_string_value(content), documents.items[i].len);
    }
    sw_documents_fini(&documents);
}

static void text_splits_into_the_documents_that_werf_sees(void **state) {
    (void)state;
    assert_true(each_line(TEST_FIXTURES "/gotmpl/documents.jsonl", check_documents, NULL) >= 24);
}

static void print_result(const json_t *test, void *context) {
    (void)context;
    sw_cleanup_json json_t *have = golden_render(test);
    json_object_set(have, "name", json_object_get(test, "name"));
    json_dumpf(have, stdout, 0);
    putchar('\n');
}

int main(int argc, char **argv) {
    setenv("TZ", "UTC", 1);
    if (argc == 2 && strcmp(argv[1], "-") == 0) {
        each_line("/dev/stdin", print_result, NULL);
        return 0;
    }
    int bad = 0;
    for (int i = 1; i < argc; i++)
        each_line(argv[i], check_case, &bad);
    if (argc > 1)
        return bad > 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_renders_as_the_reference_implementation_does),
        cmocka_unit_test(text_splits_into_the_documents_that_werf_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
