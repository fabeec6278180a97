#include "core/source/patch.h"

#include <jansson.h>

#include "core/base/hash.h"
#include "tests/unit/core/source/repo.h"

static struct sw_strings strings_of(json_t *list, struct sw_strlist *owner) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) sw_strlist_add(owner, json_string_value(item));
    return sw_strlist_view(owner);
}

static void assert_list(struct sw_strings got, json_t *row, const char *key) {
    sw_cleanup_strlist struct sw_strlist owner = {0};
    struct sw_strings expected = strings_of(json_object_get(row, key), &owner);
    assert_int_equal(got.count, expected.count);
    for (size_t i = 0; i < got.count; i++)
        assert_string_equal(got.items[i], expected.items[i]);
}

static void check_case(struct sw_repository *repository, json_t *commits, json_t *row) {
    sw_cleanup_strlist struct sw_strlist include = {0};
    sw_cleanup_strlist struct sw_strlist exclude = {0};
    const char *from = json_string_value(json_object_get(commits, json_string_value(json_object_get(row, "from"))));
    const char *to = json_string_value(json_object_get(commits, json_string_value(json_object_get(row, "to"))));
    struct sw_mapping mapping = {.size = sizeof mapping,
                                 .commit = sw_repository_commit(repository, to, NULL),
                                 .add = json_string_value(json_object_get(row, "add")),
                                 .to = json_string_value(json_object_get(row, "dst")),
                                 .include = strings_of(json_object_get(row, "include"), &include),
                                 .exclude = strings_of(json_object_get(row, "exclude"), &exclude)};
    struct sw_patch_info patch;
    struct sw_error *error = NULL;
    assert_true(sw_patch_read(&mapping, from, &patch, &error));
    assert_no_error(error);
    sw_cleanup_free char *name = sw_format("%s/digests/%s", TEST_FIXTURES, json_string_value(json_object_get(row, "file")));
    sw_cleanup_file FILE *file = fopen(name, "re");
    static char expected[1 << 20];
    size_t len = fread(expected, 1, sizeof expected, file);
    assert_int_equal(patch.text.len, len);
    assert_memory_equal(patch.text.data ? patch.text.data : "", expected, len);
    assert_int_equal(patch.full_bytes, json_integer_value(json_object_get(row, "size_with_context_and_binary")));
    assert_list(patch.paths, row, "paths");
    assert_list(patch.binaries, row, "binary_paths");
    assert_list(patch.removed, row, "paths_to_remove");
    char digest[SW_SHA256_HEX];
    sw_sha256_hex(patch.text.data, patch.text.len, digest);
    assert_string_equal(digest, json_string_value(json_object_get(row, "digest_of_gitLatestPatch")));
    sw_patch_free(&patch);
}

static void texts_equal_werfs(void **state) {
    (void)state;
    char *folder = make_golden_repository();
    /* What a user may have set must not show. */
    run_in(folder, "git config diff.noprefix true && git config diff.algorithm patience && git config diff.external /bin/false && "
                   "git config diff.context 0 && git config core.quotePath true && git config color.ui always");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        sw_cleanup_json json_t *file = json_load_file(TEST_FIXTURES "/digests/patches.json", 0, NULL);
        size_t i;
        json_t *row;
        assert_int_equal(json_array_size(json_object_get(file, "cases")), 12);
        json_array_foreach(json_object_get(file, "cases"), i, row) check_case(repository, json_object_get(file, "commits"), row);
    }
    drop_folder(folder);
}

static void an_unknown_base_is_not_found(void **state) {
    (void)state;
    char *folder = make_golden_repository();
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        struct sw_mapping mapping = {.size = sizeof mapping, .commit = sw_repository_head(repository, NULL), .add = "", .to = "/"};
        struct sw_patch_info patch;
        sw_cleanup_error struct sw_error *error = NULL;
        assert_false(sw_patch_read(&mapping, "0123456789012345678901234567890123456789", &patch, &error));
        assert_int_equal(error->code, SW_ERROR_NOT_FOUND);
    }
    drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_equal_werfs),
        cmocka_unit_test(an_unknown_base_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
