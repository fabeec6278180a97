#include "core/source/repository.h"

#include "core/source/commit.h"
#include "core/source/patch.h"
#include "core/source/reader.h"
#include "core/source/remote.h"
#include "core/source/submodule.h"
#include "tests/unit/core/source/repo.h"

#define MAKE                                                                                                                  \
    "git init -q -b main . && mkdir d && echo 1 >d/f && git add . && git commit -qm one && git tag v1 && echo 2 >d/f && git " \
    "commit -qam two"

/* libgit2 1.5 leaks what it matches regular expressions with, when it opens a repository that has extensions. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libpcre2-8";
}

static char *read_head(const char *folder, const char *path) {
    struct sw_error *error = NULL;
    sw_cleanup_repository struct sw_repository *repository = sw_repository_open(folder, &error);
    assert_no_error(error);
    const struct sw_commit *commit = sw_repository_head(repository, &error);
    assert_no_error(error);
    struct sw_buf bytes = {0};
    if (!sw_commit_read(commit, path, &bytes, &error))
        fail_msg("%s", error->message);
    return sw_buf_take(&bytes);
}

static void reads_every_kind_of_checkout(void **state) {
    (void)state;
    static const struct {
        const char *name, *make;
    } rows[] = {
        {"copy", "git clone -q origin copy"},
        {"copy", "git clone -q --bare origin copy"},
        {"copy", "git clone -q -s origin copy"},
        {"copy", "git clone -q --depth 1 file://$PWD/origin copy"},
        {"copy", "git -C origin worktree add -q ../copy v1 && git -C copy checkout -q --detach main"},
        {"copy",
         "git -C origin config uploadpack.allowFilter true && git -C origin config uploadpack.allowAnySHA1InWant true && git clone "
         "-q --no-checkout --filter=blob:none file://$PWD/origin copy"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = make_folder();
        run_in(folder, "mkdir origin && cd origin && " MAKE);
        run_in(folder, rows[i].make);
        sw_cleanup_free char *copy = sw_format("%s/%s", folder, rows[i].name);
        sw_cleanup_free char *text = read_head(copy, "d/f");
        assert_string_equal(text, "2\n");
        drop_folder(folder);
    }
}

static void a_partial_clone_gets_all_that_is_missing_at_once(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder,
           "mkdir origin && cd origin && git init -q . && for i in $(seq 20); do echo $i >f$i; done && git add . && git commit -qm "
           "x && git config uploadpack.allowFilter true && git config uploadpack.allowAnySHA1InWant true && cd .. && git clone -q "
           "--no-checkout --filter=blob:none file://$PWD/origin copy");
    sw_cleanup_free char *copy = sw_format("%s/copy", folder);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_open(copy, NULL);
        struct sw_op_tree op = {.size = sizeof op, .commit = sw_repository_head(repository, NULL), .scope = ""};
        struct sw_tree_reader *reader = NULL;
        struct sw_tree_entry entry;
        struct sw_error *error = NULL;
        assert_true(sw_tree_reader_open(&op, &reader, &error) || error);
        assert_no_error(error);
        run_in(folder, "rm -rf origin"); /* nothing more is fetched */
        size_t count = 0;
        while (sw_tree_reader_next(reader, &entry, &error) > 0)
            count++;
        assert_no_error(error);
        assert_int_equal(count, 20);
        sw_tree_reader_close(reader);
    }
    drop_folder(folder);
}

static void says_why_a_repository_cannot_be_used(void **state) {
    (void)state;
    static const struct {
        const char *make;
        uint32_t code;
        const char *message;
    } rows[] = {
        {"true", SW_ERROR_CONFIG, "there is no git repository"},
        {"git init -q --bare .", SW_ERROR_CONFIG, "is bare"},
        {"git init -q --object-format=sha256 .", SW_ERROR_UNSUPPORTED, "SHA-256"},
        {"git init -q . && rm .git/HEAD", SW_ERROR_CONFIG, "is not a valid git repository"},
        {"echo 'gitdir: nope' >.git", SW_ERROR_CONFIG, "is not a valid git repository"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = make_folder();
        run_in(folder, rows[i].make);
        sw_cleanup_error struct sw_error *error = NULL;
        assert_null(sw_repository_find(folder, &error));
        assert_int_equal(error->code, rows[i].code);
        if (!strstr(error->message, rows[i].message))
            fail_msg("%s", error->message);
        drop_folder(folder);
    }
}

static void a_repository_without_commits_says_so(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "git init -q .");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        sw_cleanup_error struct sw_error *error = NULL;
        assert_null(sw_repository_head(repository, &error));
        assert_non_null(strstr(error->message, "has no commits yet"));
    }
    drop_folder(folder);
}

static void a_repository_of_somebody_else_is_refused_until_trusted(void **state) {
    (void)state;
    if (geteuid() != 0)
        return; /* only root can give files away; others cannot be tricked in this test */
    char *folder = make_folder();
    run_in(folder, MAKE " && chown -R 12345 . && chmod -R a+rX .");
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    sw_cleanup_error struct sw_error *error = NULL;
    assert_null(sw_repository_find(folder, &error));
    assert_int_equal(error->code, SW_ERROR_DENIED);
    assert_non_null(strstr(error->message, "dubious ownership"));
    assert_non_null(strstr(error->hint, "safe.directory"));
    sw_cleanup_free char *config = sw_format("%s.config", folder);
    sw_cleanup_free char *set = sw_format("git config --file '%s' safe.directory '%s'", config, folder);
    run_in("/", set);
    setenv("GIT_CONFIG_GLOBAL", config, 1);
    struct sw_repository *repository = sw_repository_find(folder, NULL);
    assert_non_null(repository);
    struct sw_mapping mapping = {.size = sizeof mapping, .commit = sw_repository_head(repository, NULL), .add = "", .to = "/"};
    struct sw_patch_info patch;
    assert_true(sw_patch_read(&mapping, "v1", &patch, NULL));
    assert_int_equal(patch.paths.count, 1);
    sw_patch_free(&patch);
    sw_repository_free(repository);
    unsetenv("GIT_CONFIG_GLOBAL");
    unlink(config);
    drop_folder(folder);
}

static void finds_the_repository_upwards(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE " && mkdir -p x/y");
    sw_cleanup_free char *deep = sw_format("%s/x/y", folder);
    sw_cleanup_repository struct sw_repository *repository = sw_repository_find(deep, NULL);
    assert_non_null(repository);
    assert_string_equal(sw_repository_work_tree(repository), folder);
    drop_folder(folder);
}

static void a_shallow_clone_knows_its_ancestors_and_can_be_deepened(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "mkdir origin && cd origin && " MAKE " && cd .. && git clone -q --depth 1 file://$PWD/origin copy");
    sw_cleanup_free char *copy = sw_format("%s/copy", folder);
    sw_cleanup_free char *origin = sw_format("%s/origin", folder);
    sw_cleanup_repository struct sw_repository *full = sw_repository_open(origin, NULL);
    const char *first = sw_commit_id(sw_repository_commit(full, "v1", NULL));
    sw_cleanup_repository struct sw_repository *repository = sw_repository_open(copy, NULL);
    assert_true(sw_repository_is_shallow(repository));
    assert_false(sw_commit_is_ancestor(sw_repository_head(repository, NULL), first));
    struct sw_error *error = NULL;
    assert_true(sw_repository_unshallow(repository, &error));
    assert_true(sw_commit_is_ancestor(sw_repository_head(repository, NULL), first));
    drop_folder(folder);
}

/* --- remotes -------------------------------------------------------------------------------------------------------------------- */

static void fetches_what_a_remote_names(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "mkdir origin && cd origin && " MAKE
                   " && git checkout -q -b side && echo 3 >d/f && git commit -qam three && git checkout "
                   "-q main");
    sw_cleanup_free char *url = sw_format("file://%s/origin", folder);
    sw_cleanup_free char *cache = sw_format("%s/cache/deep", folder);
    sw_cleanup_free char *origin = sw_format("%s/origin", folder);
    sw_cleanup_repository struct sw_repository *full = sw_repository_open(origin, NULL);
    const char *first = sw_commit_id(sw_repository_commit(full, "v1", NULL));
    struct sw_remotes *remotes = sw_remotes_new(cache);
    const struct {
        struct sw_remote_request request;
        const char *content;
    } rows[] = {
        {{.url = url}, "2\n"},
        {{.url = url, .branch = "side"}, "3\n"},
        {{.url = url, .tag = "v1"}, "1\n"},
        {{.url = url, .commit = first}, "1\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_error *error = NULL;
        const struct sw_commit *commit = sw_remotes_commit(remotes, &rows[i].request, &error);
        assert_no_error(error);
        sw_cleanup_buf struct sw_buf bytes = {0};
        assert_true(sw_commit_read(commit, "d/f", &bytes, NULL));
        assert_string_equal(sw_buf_text(&bytes), rows[i].content);
        assert_int_equal(sw_repository_strictness(sw_commit_repository(commit)), SW_LOOSE);
    }
    sw_cleanup_error struct sw_error *error = NULL;
    assert_null(sw_remotes_commit(remotes, &(struct sw_remote_request){.url = url, .branch = "nope"}, &error));
    assert_non_null(strstr(error->message, "has no branch 'nope'"));
    sw_remotes_free(remotes);
    run_in(folder, "rm -rf origin");
    remotes = sw_remotes_new(cache);
    assert_non_null(sw_remotes_commit(remotes, &rows[3].request, NULL)); /* known already: no network */
    sw_remotes_free(remotes);
    drop_folder(folder);
}

static void a_remote_that_fails_keeps_its_password_to_itself(void **state) {
    (void)state;
    char *folder = make_folder();
    struct sw_remotes *remotes = sw_remotes_new(folder);
    struct sw_remote_request request = {.url = "http://user:hunter2@127.0.0.1:1/x.git"};
    sw_cleanup_error struct sw_error *error = NULL;
    assert_null(sw_remotes_commit(remotes, &request, &error));
    assert_int_equal(error->code, SW_ERROR_UNAVAILABLE);
    assert_null(strstr(error->message, "hunter2"));
    assert_non_null(strstr(error->message, "127.0.0.1:1/x.git"));
    sw_remotes_free(remotes);
    drop_folder(folder);
}

/* --- submodules ------------------------------------------------------------------------------------------------------------------ */

static void finds_a_submodule_in_its_description(void **state) {
    (void)state;
    static const char text[] = "# comment\n[submodule \"one\"]\n\tpath = a/b\n\turl = https://x/one.git ; why\n[core]\n\tpath = z\n"
                               "[submodule \"t\\\"wo\"]\n\turl=\"../two \"\n path= \"lib/two\" \n";
    struct sw_submodule_entry entry;
    assert_true(sw_submodule_parse(text, "a/b", &entry));
    assert_string_equal(entry.name, "one");
    assert_string_equal(entry.url, "https://x/one.git");
    free(entry.name);
    free(entry.url);
    assert_true(sw_submodule_parse(text, "lib/two", &entry));
    assert_string_equal(entry.name, "t\"wo");
    assert_string_equal(entry.url, "../two ");
    free(entry.name);
    free(entry.url);
    assert_false(sw_submodule_parse(text, "z", &entry));
    assert_false(sw_submodule_parse("[submodule \"x", "x", &entry));
    assert_false(sw_submodule_parse("", "x", &entry));
}

#define SUPER                                                                                                                      \
    "mkdir sub super && cd sub && git init -q . && mkdir in && echo s1 >in/s && git add . && git commit -qm s1 && cd ../super && " \
    "git init -q . && echo r >root && git add root && git -c protocol.file.allow=always submodule --quiet add ../sub lib && git "  \
    "commit -qam one "                                                                                                             \
    "&& "                                                                                                                          \
    "git tag one && cd ../sub && echo s2 >in/s && echo n >new && git add . && git commit -qam s2 && cd ../super/lib && git "       \
    "pull -q && cd .. && git commit -qam two"

static bool note_path(void *context, const struct sw_file *file) {
    sw_strlist_add(context, file->path);
    return true;
}

static void submodules_read_as_folders(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, SUPER);
    sw_cleanup_free char *super = sw_format("%s/super", folder);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_open(super, NULL);
        const struct sw_commit *head = sw_repository_head(repository, NULL);
        const struct sw_commit *one = sw_repository_commit(repository, "one", NULL);
        sw_cleanup_matcher struct sw_matcher *all = sw_matcher_new("", NULL, 0, NULL);
        sw_cleanup_strlist struct sw_strlist paths = {0};
        assert_true(sw_commit_list(head, "", all, note_path, &paths, NULL));
        sw_cleanup_free char *joined = sw_strings_join(sw_strlist_view(&paths), " ");
        assert_string_equal(joined, ".gitmodules lib/in/s lib/new root");
        sw_cleanup_buf struct sw_buf old = {0};
        assert_true(sw_commit_read(one, "lib/in/s", &old, NULL));
        assert_string_equal(sw_buf_text(&old), "s1\n");
        char whole[65], part[65], deep[65];
        sw_cleanup_matcher struct sw_matcher *inner = sw_matcher_new("lib/in", NULL, 0, NULL);
        sw_cleanup_matcher struct sw_matcher *lib = sw_matcher_new("lib", NULL, 0, NULL);
        assert_true(sw_commit_checksum(head, "", all, whole, NULL));
        assert_true(sw_commit_checksum(head, "lib", lib, part, NULL));
        assert_true(sw_commit_checksum(head, "lib/in", inner, deep, NULL));
        assert_int_equal(strlen(whole) + strlen(part) + strlen(deep), 3 * 64);
        struct sw_mapping mapping = {.size = sizeof mapping, .commit = head, .add = "lib", .to = "/lib"};
        struct sw_patch_info patch;
        struct sw_error *error = NULL;
        assert_true(sw_patch_read(&mapping, "one", &patch, &error) || error);
        assert_no_error(error);
        assert_int_equal(patch.paths.count, 2);
        assert_string_equal(patch.paths.items[0], "in/s");
        assert_string_equal(patch.paths.items[1], "new");
        sw_patch_free(&patch);
    }
    drop_folder(folder);
}

static void a_submodule_that_is_not_there_is_fetched_when_needed(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, SUPER " && cd .. && git clone -q super copy");
    sw_cleanup_free char *copy = sw_format("%s/copy", folder);
    sw_cleanup_free char *cache = sw_format("%s/cache", folder);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_open(copy, NULL);
        const struct sw_commit *head = sw_repository_head(repository, NULL);
        sw_cleanup_buf struct sw_buf bytes = {0};
        assert_true(sw_commit_read(head, "root", &bytes, NULL));
        sw_cleanup_error struct sw_error *missing = NULL;
        assert_false(sw_commit_read(head, "lib/in/s", &bytes, &missing));
        assert_string_equal(missing->hint, "run: git submodule update --init --recursive");
        sw_repository_set_cache(repository, cache);
        sw_cleanup_error struct sw_error *refused = NULL; /* git forbids the file protocol to submodules */
        assert_false(sw_commit_read(head, "lib/in/s", &bytes, &refused));
        assert_non_null(strstr(refused->message, "transport 'file' not allowed"));
        setenv("GIT_CONFIG_COUNT", "1", 1);
        setenv("GIT_CONFIG_KEY_0", "protocol.file.allow", 1);
        setenv("GIT_CONFIG_VALUE_0", "always", 1);
        struct sw_error *error = NULL;
        sw_buf_truncate(&bytes, 0);
        assert_true(sw_commit_read(head, "lib/in/s", &bytes, &error) || error);
        assert_no_error(error);
        assert_string_equal(sw_buf_text(&bytes), "s2\n");
        sw_cleanup_free char *first = NULL;
        {
            const struct sw_commit *one = sw_repository_commit(repository, "one", &error);
            assert_no_error(error);
            first = sw_strdup(sw_commit_id(one));
        }
        struct sw_mapping mapping = {.size = sizeof mapping, .commit = head, .add = "lib", .to = "/lib"};
        struct sw_patch_info patch;
        assert_true(sw_patch_read(&mapping, first, &patch, &error) || error);
        assert_no_error(error);
        assert_int_equal(patch.paths.count, 2);
        sw_patch_free(&patch);
        unsetenv("GIT_CONFIG_COUNT");
    }
    drop_folder(folder);
}

static void a_submodule_that_is_gone_is_a_change(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder,
           SUPER " && git rm -q lib && git commit -qm three && git tag three && mkdir -p x && git -c protocol.file.allow=always "
                 "submodule --quiet add ../sub x/lib && git commit -qm four");
    sw_cleanup_free char *super = sw_format("%s/super", folder);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_open(super, NULL);
        const struct sw_commit *three = sw_repository_commit(repository, "three", NULL);
        struct sw_mapping mapping = {.size = sizeof mapping, .commit = three, .add = "", .to = "/"};
        sw_cleanup_free char *one = sw_strdup(sw_commit_id(sw_repository_commit(repository, "one", NULL)));
        struct sw_patch_info patch;
        struct sw_error *error = NULL;
        assert_true(sw_patch_read(&mapping, one, &patch, &error) || error);
        assert_no_error(error);
        assert_true(patch.paths.count > 0);
        sw_patch_free(&patch);
        mapping.commit = sw_repository_head(repository, NULL);
        assert_true(sw_patch_read(&mapping, one, &patch, &error) || error);
        assert_no_error(error);
        assert_true(patch.paths.count > 0);
        sw_patch_free(&patch);
    }
    drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_checkout),
        cmocka_unit_test(a_partial_clone_gets_all_that_is_missing_at_once),
        cmocka_unit_test(says_why_a_repository_cannot_be_used),
        cmocka_unit_test(a_repository_without_commits_says_so),
        cmocka_unit_test(a_repository_of_somebody_else_is_refused_until_trusted),
        cmocka_unit_test(finds_the_repository_upwards),
        cmocka_unit_test(a_shallow_clone_knows_its_ancestors_and_can_be_deepened),
        cmocka_unit_test(fetches_what_a_remote_names),
        cmocka_unit_test(a_remote_that_fails_keeps_its_password_to_itself),
        cmocka_unit_test(finds_a_submodule_in_its_description),
        cmocka_unit_test(submodules_read_as_folders),
        cmocka_unit_test(a_submodule_that_is_not_there_is_fetched_when_needed),
        cmocka_unit_test(a_submodule_that_is_gone_is_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
