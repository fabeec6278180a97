#include "core/source/status.h"

#include "core/source/commit.h"
#include "core/source/dev.h"
#include "core/source/status_fast.h"
#include "tests/unit/core/source/repo.h"

#define MAKE                                                                                                                      \
    "git init -q -b main . && mkdir -p src docs && echo a >src/a && echo b >src/b && echo d >docs/d && echo '*.log' >.gitignore " \
    "&& "                                                                                                                         \
    "git add . && git commit -qm one && sleep 0.02 && git update-index --refresh && touch .git/index"

struct row {
    const char *change, *scope, *untracked, *changed;
};

static const struct row rows[] = {
    {"true", "", "", ""},
    {"echo x >src/new", "", "src/new", ""},
    {"echo x >src/new", "docs", "", ""},
    {"echo x >src/x.log", "", "", ""},
    {"mkdir src/empty", "", "", ""},
    {"mkdir src/e && echo x >src/e/x.log", "", "", ""},
    {"echo changed >src/a", "", "", "src/a"},
    {"echo changed >src/a", "docs", "", ""},
    {"echo changed >src/a", "src/a", "", "src/a"},
    {"echo changed >src/a", "src/b", "", ""},
    {"chmod +x src/a", "", "", "src/a"},
    {"git config core.fileMode false && chmod +x src/a", "", "", ""},
    {"rm src/a", "", "", "src/a"},
    {"rm -r src", "", "", "src/a src/b"},
    {"rm src/a && ln -s b src/a", "", "", "src/a"},
    {"echo x >src/new && git add src/new", "", "", "src/new"},
    {"echo x >src/new && git add src/new && rm src/new", "", "", "src/new"},
    {"git rm -q --cached src/a", "", "src/a", "src/a"},
    {"git mv src/a src/c", "", "", "src/a src/c"},
    {"touch src/a", "", "", ""},
    {"git update-index --assume-unchanged src/a && echo x >src/a", "", "", ""},
    {"echo 'x' >nope", "src/nope", "", ""},
};

static void check(const char *folder, const struct row *row) {
    sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(row->scope, NULL, 0, NULL);
    sw_cleanup_status struct sw_status status = {0};
    struct sw_error *error = NULL;
    assert_true(sw_status_read(repository, row->scope, matcher, &status, &error));
    assert_no_error(error);
    sw_cleanup_free char *untracked = sw_strings_join(sw_strlist_view(&status.untracked), " ");
    sw_cleanup_free char *changed = sw_strings_join(sw_strlist_view(&status.changed), " ");
    if (strcmp(untracked, row->untracked) != 0 || strcmp(changed, row->changed) != 0)
        fail_msg("%s in '%s': untracked '%s', changed '%s'", row->change, row->scope, untracked, changed);
}

static void names_what_is_not_committed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = make_folder();
        run_in(folder, MAKE);
        run_in(folder, rows[i].change);
        check(folder, &rows[i]);
        drop_folder(folder);
    }
}

static void sees_at_once_that_a_tree_is_clean(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        sw_cleanup_matcher struct sw_matcher *all = sw_matcher_new("", NULL, 0, NULL);
        sw_cleanup_matcher struct sw_matcher *src = sw_matcher_new("src", NULL, 0, NULL);
        assert_true(sw_status_surely_clean(repository, "", all));
        run_in(folder, "echo x >docs/new");
        assert_false(sw_status_surely_clean(repository, "", all));
        assert_true(sw_status_surely_clean(repository, "src", src));
    }
    drop_folder(folder);
}

static void refuses_with_the_list_of_files(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE);
    run_in(folder, "echo x >src/new && echo x >src/new2 && echo x >src/a");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        sw_cleanup_error struct sw_error *all = NULL;
        assert_false(sw_status_require_path(repository, "src", &all));
        assert_int_equal(all->code, SW_ERROR_DENIED);
        assert_string_equal(all->message, "the following untracked files must be committed:\n\n - src/new\n - src/new2");
        sw_cleanup_error struct sw_error *one = NULL;
        assert_false(sw_status_require_path(repository, "src/a", &one));
        assert_string_equal(one->message, "the file \"src/a\" must be committed");
        assert_true(sw_status_require_path(repository, "docs", NULL));
        sw_repository_set_strictness(repository, SW_LOOSE);
        assert_true(sw_status_require_path(repository, "src", NULL));
    }
    drop_folder(folder);
}

static void a_dirty_submodule_is_named(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder,
           "mkdir sub super && cd sub && git init -q . && echo s >s && git add . && git commit -qm s && cd ../super && " MAKE
           " && git -c protocol.file.allow=always submodule --quiet add ../sub lib && git commit -qm lib && echo x >lib/s");
    {
        sw_cleanup_free char *super = sw_format("%s/super", folder);
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(super, NULL);
        sw_cleanup_error struct sw_error *error = NULL;
        assert_false(sw_status_require_path(repository, "", &error));
        assert_non_null(strstr(error->message, "the submodule \"lib\" has uncommitted changes"));
        assert_true(sw_status_require_path(repository, "src", NULL));
    }
    drop_folder(folder);
}

static const struct sw_commit *dev_commit(struct sw_repository *repository, const char *folder, struct sw_strings ignore) {
    sw_cleanup_free char *cache = sw_format("%s.cache", folder);
    struct sw_dev_options options = {.cache_folder = cache, .branch = "_werf-dev", .ignore = ignore};
    struct sw_error *error = NULL;
    const struct sw_commit *commit = sw_dev_commit(repository, &options, &error);
    assert_no_error(error);
    return commit;
}

static char *content(const struct sw_commit *commit, const char *path) {
    struct sw_buf bytes = {0};
    if (!sw_commit_read(commit, path, &bytes, NULL)) {
        sw_buf_fini(&bytes);
        return NULL;
    }
    return sw_buf_take(&bytes);
}

static void assert_content(const struct sw_commit *commit, const char *path, const char *expected) {
    sw_cleanup_free char *text = content(commit, path);
    if (!expected)
        assert_null(text);
    else
        assert_string_equal(text, expected);
}

static char *output_of(const char *folder, const char *command) {
    sw_cleanup_free char *whole = sw_format("cd '%s' && (%s)", folder, command);
    FILE *pipe = popen(whole, "re");
    static char text[65536];
    text[fread(text, 1, sizeof text - 1, pipe)] = '\0';
    pclose(pipe);
    return sw_strdup(text);
}

static void dev_takes_the_work_tree_and_touches_nothing(void **state) {
    (void)state;
    static const char *const probe = "git for-each-ref; git rev-parse HEAD; find .git/objects | sort; sha256sum .git/index";
    static const char *const ignored[] = {"docs"};
    char *folder = make_folder();
    run_in(folder, MAKE);
    run_in(folder, "echo new >src/new && echo changed >src/a && rm src/b && echo x >x.log && echo docs >docs/d && echo y >docs/y");
    sw_cleanup_free char *before = output_of(folder, probe);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        const struct sw_commit *head = sw_repository_head(repository, NULL);
        const struct sw_commit *commit = dev_commit(repository, folder, (struct sw_strings){ignored, 1});
        assert_ptr_not_equal(commit, head);
        assert_content(commit, "src/new", "new\n");
        assert_content(commit, "src/a", "changed\n");
        assert_content(commit, "src/b", NULL);
        assert_content(commit, "x.log", NULL);
        assert_content(commit, "docs/d", "d\n");
        assert_content(commit, "docs/y", NULL);
        assert_true(sw_commit_is_ancestor(commit, sw_commit_id(head)));
        assert_true(sw_status_require_path(repository, "", NULL));
    }
    sw_cleanup_free char *after = output_of(folder, probe);
    assert_string_equal(before, after);
    run_in(folder, "rm -rf \"$PWD.cache\"");
    drop_folder(folder);
}

static void dev_commits_follow_one_another(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        assert_ptr_equal(dev_commit(repository, folder, (struct sw_strings){0}), sw_repository_head(repository, NULL));
    }
    run_in(folder, "echo 1 >src/new");
    sw_cleanup_free char *first = NULL;
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        first = sw_strdup(sw_commit_id(dev_commit(repository, folder, (struct sw_strings){0})));
        assert_string_equal(sw_commit_id(dev_commit(repository, folder, (struct sw_strings){0})), first);
    }
    run_in(folder, "echo 2 >src/new");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        const struct sw_commit *second = dev_commit(repository, folder, (struct sw_strings){0});
        assert_string_not_equal(sw_commit_id(second), first);
        assert_true(sw_commit_is_ancestor(second, first));
    }
    run_in(folder, "rm -rf \"$PWD.cache\"");
    drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_is_not_committed),
        cmocka_unit_test(sees_at_once_that_a_tree_is_clean),
        cmocka_unit_test(refuses_with_the_list_of_files),
        cmocka_unit_test(a_dirty_submodule_is_named),
        cmocka_unit_test(dev_takes_the_work_tree_and_touches_nothing),
        cmocka_unit_test(dev_commits_follow_one_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
