#include "core/source/commit.h"

#include <jansson.h>
#include <pthread.h>

#include "tests/unit/core/source/repo.h"

static char *golden;

static int start(void **state) {
    (void)state;
    golden = make_golden_repository();
    return 0;
}

static int stop(void **state) {
    (void)state;
    drop_folder(golden);
    return 0;
}

static struct sw_repository *open_golden(void) {
    struct sw_error *error = NULL;
    struct sw_repository *repository = sw_repository_find(golden, &error);
    assert_no_error(error);
    return repository;
}

static struct sw_strings strings_of(json_t *list, struct sw_strlist *owner) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) sw_strlist_add(owner, json_string_value(item));
    return sw_strlist_view(owner);
}

static void checksum_of(struct sw_repository *repository, const char *revision, json_t *row, char out[65]) {
    sw_cleanup_strlist struct sw_strlist include = {0};
    sw_cleanup_strlist struct sw_strlist exclude = {0};
    const char *scope = json_string_value(json_object_get(row, "scope"));
    struct sw_filter filter = {.size = sizeof filter,
                               .base = json_string_value(json_object_get(row, "base")),
                               .include = strings_of(json_object_get(row, "include"), &include),
                               .exclude = strings_of(json_object_get(row, "exclude"), &exclude)};
    struct sw_error *error = NULL;
    const struct sw_commit *commit = sw_repository_commit(repository, revision, &error);
    assert_no_error(error);
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(scope, &filter, 1, &error);
    assert_no_error(error);
    assert_true(sw_commit_checksum(commit, scope, matcher, out, &error));
}

static void checksums_equal_werfs(void **state) {
    (void)state;
    sw_cleanup_repository struct sw_repository *repository = open_golden();
    sw_cleanup_json json_t *file = json_load_file(TEST_FIXTURES "/digests/ls_tree.json", 0, NULL);
    size_t i;
    json_t *row;
    assert_int_equal(json_array_size(json_object_get(file, "cases")), 18);
    json_array_foreach(json_object_get(file, "cases"), i, row) {
        char out[65];
        const char *tag = json_string_value(json_object_get(row, "commit"));
        const char *id = json_string_value(json_object_get(json_object_get(file, "commits"), tag));
        checksum_of(repository, id, row, out);
        if (strcmp(out, json_string_value(json_object_get(row, "checksum"))) != 0)
            fail_msg("case %zu: %s", i, out);
    }
}

static void finds_files_and_what_they_are(void **state) {
    (void)state;
    static const struct {
        const char *path;
        uint32_t type, mode;
    } rows[] = {
        {"app/main.c", SW_FILE_REGULAR, 0644},
        {"/app/main.c/", SW_FILE_REGULAR, 0644},
        {"docs/readme.md", SW_FILE_REGULAR, 0755},
        {"app", SW_FILE_DIRECTORY, 0755},
        {"", SW_FILE_DIRECTORY, 0755},
        {"app/link", SW_FILE_SYMLINK, 0777},
        {"nope", SW_FILE_NONE, 0},
        {"app/main.c/x", SW_FILE_NONE, 0},
        {"app/link/x", SW_FILE_NONE, 0},
    };
    sw_cleanup_repository struct sw_repository *repository = open_golden();
    const struct sw_commit *commit = sw_repository_head(repository, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_file file;
        assert_true(sw_commit_stat(commit, rows[i].path, &file, NULL));
        assert_int_equal(file.type, rows[i].type);
        if (file.type)
            assert_int_equal(file.mode, rows[i].mode);
    }
    struct sw_file link;
    assert_true(sw_commit_stat(commit, "app/link", &link, NULL));
    assert_string_equal(link.target, "util/a.txt");
}

static void reads_files_and_says_when_it_cannot(void **state) {
    (void)state;
    sw_cleanup_repository struct sw_repository *repository = open_golden();
    const struct sw_commit *commit = sw_repository_head(repository, NULL);
    sw_cleanup_buf struct sw_buf bytes = {0};
    assert_true(sw_commit_read(commit, "src/deep/two.go", &bytes, NULL));
    assert_string_equal(sw_buf_text(&bytes), "changed\n");
    sw_cleanup_error struct sw_error *missing = NULL;
    assert_false(sw_commit_read(commit, "nope", &bytes, &missing));
    assert_int_equal(missing->code, SW_ERROR_NOT_FOUND);
    sw_cleanup_error struct sw_error *folder = NULL;
    assert_false(sw_commit_read(commit, "src", &bytes, &folder));
    assert_string_equal(folder->message, "'src' is a folder");
}

static void knows_ancestors(void **state) {
    (void)state;
    static const struct {
        const char *commit, *ancestor;
        bool is;
    } rows[] = {{"C", "A", true}, {"C", "C", true}, {"A", "C", false}, {"D", "E", false}, {"M", "E", true}, {"M", "D", true}};
    sw_cleanup_repository struct sw_repository *repository = open_golden();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sw_commit *commit = sw_repository_commit(repository, rows[i].commit, NULL);
        const struct sw_commit *ancestor = sw_repository_commit(repository, rows[i].ancestor, NULL);
        assert_int_equal(sw_commit_is_ancestor(commit, sw_commit_id(ancestor)), rows[i].is);
    }
    const struct sw_commit *head = sw_repository_head(repository, NULL);
    assert_false(sw_commit_is_ancestor(head, "0123456789012345678901234567890123456789"));
    assert_false(sw_commit_is_ancestor(head, "none"));
}

static bool note_path(void *context, const struct sw_file *file) {
    sw_strlist_add(context, file->path);
    return strcmp(file->path, "z") != 0;
}

static void lists_files_in_the_order_of_their_paths(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "git init -q . && mkdir a a/b && touch a.c a-b a/b/c a0 z && git add . && git commit -qm x");
    sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new("", NULL, 0, NULL);
    sw_cleanup_strlist struct sw_strlist paths = {0};
    assert_true(sw_commit_list(sw_repository_head(repository, NULL), "", matcher, note_path, &paths, NULL));
    sw_cleanup_free char *joined = sw_strings_join(sw_strlist_view(&paths), " ");
    assert_string_equal(joined, "a-b a.c a/b/c a0 z");
    drop_folder(folder);
}

static void resolves_links_inside_the_tree_only(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "git init -q . && mkdir -p d/e && echo x >d/e/f && ln -s d/e l && ln -s ../l/f d/m && ln -s /etc abs && "
                   "ln -s ../.. out && ln -s loop loop && git add . && git commit -qm x");
    static const char *const rows[][2] = {
        {"d/e/f", "d/e/f"}, {"l/f", "d/e/f"}, {"d/m", "d/e/f"}, {"l", "d/e"},          {"abs", NULL},
        {"out", NULL},      {"loop", NULL},   {"nope", NULL},   {"l/../d/m", "d/e/f"}, {"", ""},
    };
    sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
    const struct sw_commit *commit = sw_repository_head(repository, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *resolved = NULL;
        sw_cleanup_error struct sw_error *error = NULL;
        bool ok = sw_commit_resolve(commit, rows[i][0], &resolved, NULL, &error);
        if (ok != (rows[i][1] != NULL))
            fail_msg("%s: %s", rows[i][0], error ? error->message : resolved);
        if (ok)
            assert_string_equal(resolved, rows[i][1]);
    }
    drop_folder(folder);
}

static void tells_both_times(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "git init -q . && git commit -qm x --allow-empty");
    sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
    const struct sw_commit *commit = sw_repository_head(repository, NULL);
    assert_string_equal(sw_commit_author_text(commit), "2023-11-15 01:13:20 +0300 +0300");
    assert_int_equal(sw_commit_author_time(commit), 1700000000);
    assert_int_equal(sw_commit_time(commit), 1700000100);
    drop_folder(folder);
}

static void *read_many(void *context) {
    const struct sw_commit *commit = context;
    for (int i = 0; i < 50; i++) {
        struct sw_buf bytes = {0};
        struct sw_file file;
        char out[65];
        sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new("app", NULL, 0, NULL);
        bool ok = sw_commit_read(commit, "src/deep/two.go", &bytes, NULL) && sw_commit_stat(commit, "app/main.c", &file, NULL) &&
                  sw_commit_checksum(commit, "app", matcher, out, NULL);
        sw_buf_fini(&bytes);
        if (!ok)
            return NULL;
    }
    return context;
}

static void serves_many_threads(void **state) {
    (void)state;
    sw_cleanup_repository struct sw_repository *repository = open_golden();
    const struct sw_commit *commit = sw_repository_head(repository, NULL);
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, (void *)commit), 0);
    for (size_t i = 0; i < 8; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, commit);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_equal_werfs),
        cmocka_unit_test(finds_files_and_what_they_are),
        cmocka_unit_test(reads_files_and_says_when_it_cannot),
        cmocka_unit_test(knows_ancestors),
        cmocka_unit_test(lists_files_in_the_order_of_their_paths),
        cmocka_unit_test(resolves_links_inside_the_tree_only),
        cmocka_unit_test(tells_both_times),
        cmocka_unit_test(serves_many_threads),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
