/* Loading from real repositories: where each file comes from, and what is refused. */
#include "tests/unit/core/config/load_fixture.h"

static void werf_yaml_comes_from_where_the_rule_says(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"clean", META " && " COMMIT, STRICT, "committed\n"},
        {"clean, dev", META " && " COMMIT, DEV, "committed\n"},
        {"clean, loose", META " && " COMMIT, LOOSE, "committed\n"},
        {"modified", META " && " COMMIT " && " OTHER, STRICT, "the file \"werf.yaml\" must be committed"},
        {"modified, with what to do", META " && " COMMIT " && " OTHER, STRICT,
         "to read it from the work tree, add to werf-giterminism.yaml:\nconfig:\n  allowUncommitted: true\n"},
        {"modified, dev", META " && " COMMIT " && " OTHER, DEV, "disk\n"},
        {"modified, loose", META " && " COMMIT " && " OTHER, LOOSE, "disk\n"},
        {"modified and staged", META " && " COMMIT " && " OTHER " && git add .", STRICT, "must be committed"},
        {"mode changed", META " && " COMMIT " && chmod +x werf.yaml", STRICT, "must be committed"},
        {"touched", META " && " COMMIT " && touch -d 2020-01-01 werf.yaml", STRICT, "committed\n"},
        {"deleted", META " && " COMMIT " && rm werf.yaml", STRICT, "must be committed"},
        {"deleted, dev", META " && " COMMIT " && rm werf.yaml", DEV, "not found in the project git repository"},
        {"deleted, loose", META " && " COMMIT " && rm werf.yaml", LOOSE, "\"werf.yaml\" not found in the project directory"},
        {"staged only", "git commit -q --allow-empty -m x && " META " && git add .", STRICT, "must be committed"},
        {"untracked", "git commit -q --allow-empty -m x && " META, STRICT, "untracked"},
        {"untracked, dev", "git commit -q --allow-empty -m x && " META, DEV, "committed\n"},
        {"untracked, loose", "git commit -q --allow-empty -m x && " META, LOOSE, "committed\n"},
        {"ignored", "echo werf.yaml > .gitignore && " COMMIT " && " META, STRICT, "not found in the project git repository"},
        {"ignored, dev", "echo werf.yaml > .gitignore && " COMMIT " && " META, DEV, "not found in the project git repository"},
        {"ignored, loose", "echo werf.yaml > .gitignore && " COMMIT " && " META, LOOSE, "committed\n"},
        {"assume-unchanged", META " && " COMMIT " && git update-index --assume-unchanged werf.yaml && " OTHER, STRICT,
         "committed\n"},
        {"out of the index", META " && " COMMIT " && git rm -q --cached werf.yaml", STRICT, "must be committed"},
        {"change elsewhere", META " && " COMMIT " && echo x > y", STRICT, "committed\n"},
        {"absent", "git commit -q --allow-empty -m x", STRICT, "the file \"werf.yaml\" not found in the project git repository"},
        {"a folder", "mkdir werf.yaml && touch werf.yaml/x && " COMMIT, STRICT, "is a folder"},
        {"werf.yml", META " && mv werf.yaml werf.yml && " COMMIT, STRICT, "committed\n"},
        {"werf.yml is not asked when werf.yaml is dirty", META " && cp werf.yaml werf.yml && " COMMIT " && " OTHER, STRICT,
         "\"werf.yaml\" must be committed"},
        {"permitted", META " && " GATES("config: {allowUncommitted: true}") " && " COMMIT " && " OTHER, STRICT, "disk\n"},
        {"permitted and deleted", META " && " GATES("config: {allowUncommitted: true}") " && " COMMIT " && rm werf.yaml", STRICT,
         "not found"},
        {"no commits", META, STRICT, "no commits"},
    };
    CHECK_ROWS(rows);
}

static void the_giterminism_file_is_never_taken_from_the_work_tree(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"untracked", META " && " COMMIT " && " GATES("config: {allowUncommitted: true}"), STRICT, "werf-giterminism.yaml"},
        {"modified", META " && " GATES("") " && " COMMIT " && " GATES("config: {allowUncommitted: true}"), STRICT,
         "must be committed"},
        {"loose", META " && " COMMIT " && " GATES("config: {allowUncommitted: true}"), LOOSE, "committed\n"},
        {"bad", META " && " GATES("config: 5") " && " COMMIT, STRICT, "werf-giterminism.yaml:2:9: config: expected a map"},
        {"bad, loose", META " && " COMMIT " && " GATES("config: 5"), LOOSE, "werf-giterminism.yaml:2:9: config: expected a map"},
        {"dev", META " && " COMMIT " && " GATES("config: 5"), DEV, "werf-giterminism.yaml:2:9: config: expected a map"},
    };
    CHECK_ROWS(rows);
}

static void symlinks_are_followed_inside_the_repository(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"to a file", META " && mkdir d && mv werf.yaml d/real.yaml && ln -s d/real.yaml werf.yaml && " COMMIT, STRICT,
         "committed\n"},
        {"to a dirty file", META " && mv werf.yaml real.yaml && ln -s real.yaml werf.yaml && " COMMIT " && echo '# x' >> real.yaml",
         STRICT, "symlink \"werf.yaml\" check failed: "},
        {"dangling", "ln -s nowhere werf.yaml && " COMMIT, STRICT, "symlink \"werf.yaml\" check failed"},
        {"out of the repository", "ln -s ../x werf.yaml && " COMMIT, STRICT, "symlink \"werf.yaml\" check failed"},
        {"absolute", META " && mv werf.yaml real.yaml && ln -s \"$PWD/real.yaml\" werf.yaml && " COMMIT, STRICT,
         "symlink \"werf.yaml\" check failed"},
        {"absolute, loose", META " && mv werf.yaml real.yaml && ln -s \"$PWD/real.yaml\" werf.yaml && " COMMIT, LOOSE,
         "committed\n"},
        {"a loop", "ln -s b a && ln -s a b && ln -s a werf.yaml && " COMMIT, STRICT, "check failed"},
        {"outside, loose", "ln -s /etc/hostname werf.yaml && " COMMIT, LOOSE, "not found in the project directory"},
    };
    CHECK_ROWS(rows);
}

static void projects_may_lie_anywhere_in_a_work_tree(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder,
           "git init -q -b main . && mkdir -p sub/dir && cd sub/dir && " META " && " COMMIT " && cd ../.. && echo x > dirty");
    run_in(folder, "mkdir -p conf && cd conf && " OTHER " && mv werf.yaml other.yaml && " COMMIT);
    sw_cleanup_free char *inner = sw_format("%s/sub/dir", folder), *other = sw_format("%s/conf/other.yaml", folder);
    struct sw_load_options options = options_of(inner, STRICT);
    sw_cleanup_free char *plain = outcome(&options);
    assert_string_equal(plain, "committed\n");
    options.config = other;
    sw_cleanup_free char *elsewhere = outcome(&options);
    assert_string_equal(elsewhere, "disk\n");
    options.config = "/etc/passwd";
    sw_cleanup_free char *outside = outcome(&options);
    assert_non_null(strstr(outside, "must be in the project git work tree"));
    options.config = NULL;
    options.work_tree = folder;
    sw_cleanup_free char *named = outcome(&options);
    assert_string_equal(named, "committed\n");
    run_in(folder, "git worktree add -q linked HEAD");
    sw_cleanup_free char *linked = sw_format("%s/linked/sub/dir", folder);
    options = options_of(linked, STRICT);
    sw_cleanup_free char *tree = outcome(&options);
    assert_string_equal(tree, "committed\n");
    drop_folder(folder);
}

static void without_a_repository_nothing_is_loaded(void **state) {
    (void)state;
    char *folder = make_folder();
    struct sw_load_options options = options_of(folder, STRICT);
    sw_cleanup_free char *none = outcome(&options);
    assert_true(strlen(none) > 20);
    options.folder = "/no/such/folder";
    sw_cleanup_free char *missing = outcome(&options);
    assert_non_null(strstr(missing, "the project's folder \"/no/such/folder\""));
    drop_folder(folder);
}

static void errors_name_the_path_from_the_project(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"unknown key", META " && echo 'foo: 1' >> werf.yaml && " COMMIT, STRICT,
         "werf.yaml:6:1: image \"committed\": unknown key \"foo\""},
    };
    CHECK_ROWS(rows);
}

/* A library repository beside the project; the project's own part is made by `script`, with $LIB, and $ID for the library's commit. */
static char *include_outcome(const char *script, bool update) {
    char *folder = make_folder();
    run_in(folder, "mkdir lib && cd lib && git init -q -b main . && " META " && mkdir -p conf && echo inner > conf/f.txt && " COMMIT
                   " && git tag v1 && " OTHER " && " COMMIT);
    sw_cleanup_free char *whole = sw_format("export LIB=$PWD/lib && export ID=$(git -C lib rev-parse v1) && mkdir p && cd p && "
                                            "git init -q -b main . && %s && " COMMIT,
                                            script);
    run_in(folder, whole);
    sw_cleanup_free char *project = sw_format("%s/p", folder);
    struct sw_load_options options = options_of(project, STRICT);
    options.allow_includes_update = update;
    char *found = outcome(&options);
    drop_folder(folder);
    return found;
}

#define INCLUDE(lines) "printf \"includes:\\n- git: $LIB\\n  add: /\\n  to: /\\n" lines "\" > werf-includes.yaml"
#define LOCKED(ref) "printf \"includes:\\n- git: $LIB\\n  " ref "\\n  commit: $ID\\n\" > werf-includes.lock"

static void included_files_lie_below_those_of_the_project(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *script;
        bool update;
        const char *expected;
    } rows[] = {
        {"locked", INCLUDE("  branch: main\\n") " && " LOCKED("branch: main"), false, "committed\n"},
        {"a tag", INCLUDE("  tag: v1\\n") " && " LOCKED("tag: v1"), false, "committed\n"},
        {"own file wins", INCLUDE("  branch: main\\n") " && " LOCKED("branch: main") " && " OTHER, false, "disk\n"},
        {"a commit needs no lock", INCLUDE("  commit: $ID\\n"), false, "committed\n"},
        {"later wins",
         "printf \"includes:\\n- {git: $LIB, commit: $ID, add: /, to: /}\\n- {git: $LIB, branch: main, add: /, to: /}\\n\" > "
         "werf-includes.yaml && " GATES("includes: {allowIncludesUpdate: true}"),
         true, "disk\n"},
        {"no lock", INCLUDE("  branch: main\\n"), false, "the file \"werf-includes.lock\" is missing"},
        {"not in the lock", INCLUDE("  branch: main\\n") " && " LOCKED("branch: other"), false,
         "werf-includes.lock has no commit for branch main"},
        {"empty lock", INCLUDE("  branch: main\\n") " && printf 'includes: []\\n' > werf-includes.lock", false,
         "no includes found"},
        {"update refused", INCLUDE("  branch: main\\n"), true, "--allow-includes-update is not allowed by giterminism"},
        {"update", INCLUDE("  branch: main\\n") " && " GATES("includes: {allowIncludesUpdate: true}"), true, "disk\n"},
        {"filtered out", INCLUDE("  commit: $ID\\n  includePaths: [nope]\\n"), false, "no file of commit"},
        {"no such commit", INCLUDE("  commit: 0123456789012345678901234567890123456789\\n"), false, "werf-includes.yaml:2:3: git"},
        {"two refs", INCLUDE("  branch: main\\n  tag: v1\\n"), false, "includes[0]: `branch` and `tag` exclude each other"},
        {"no ref", INCLUDE(""), false, "one of `branch`, `tag` and `commit` is missing"},
        {"relative", "printf \"includes: [{git: $LIB, commit: $ID, add: x, to: /}]\" > werf-includes.yaml", false,
         "must be an absolute path"},
        {"no git", "printf \"includes: [{commit: x, add: /, to: /}]\" > werf-includes.yaml", false, "key \"git\" is missing"},
        {"a bad glob", INCLUDE("  commit: $ID\\n  includePaths: ['a[']\\n"), false, "no valid pattern"},
        {"an absolute glob", INCLUDE("  commit: $ID\\n  excludePaths: [/a]\\n"), false, "must be a relative path"},
        {"a text", INCLUDE("  commit: $ID\\n  includePaths: a\\n"), false, "includePaths: expected a list"},
        {"an unknown key", INCLUDE("  commit: $ID\\n  inclued: a\\n"), false, "warning: includes[0]: unknown key"},
        {"a password in two ways", INCLUDE("  commit: $ID\\n  basicAuth: {username: u, password: {env: A, value: b}}\\n"), false,
         "exactly one of `env`, `src` and `value`"},
        {"no user", INCLUDE("  commit: $ID\\n  basicAuth: {password: {env: A}}\\n"), false, "key \"username\" is missing"},
        {"empty file", "touch werf-includes.yaml && " META, false, "committed\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *found = include_outcome(rows[i].script, rows[i].update);
        if (!strstr(found, rows[i].expected))
            fail_msg("%s: expected %s, found %s", rows[i].name, rows[i].expected, found);
    }
}

static void the_lock_is_written_for_the_refs_of_now(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "mkdir lib && cd lib && git init -q -b main . && " META " && " COMMIT " && git tag v1");
    run_in(
        folder,
        "LIB=$PWD/lib && mkdir p && cd p && git init -q -b main . && printf \"includes:\\n- {git: $LIB, branch: main, add: /, to: "
        "/}\\n- {git: $LIB, tag: v1, add: /, to: /x}\\n- {git: $LIB, branch: main, add: /, to: /y}\\n\" > werf-includes.yaml "
        "&& " COMMIT);
    sw_cleanup_free char *project = sw_format("%s/p", folder), *path = NULL;
    struct sw_load_options options = options_of(project, STRICT);
    options.cache_folder = folder;
    sw_cleanup_error struct sw_error *error = NULL;
    assert_true(sw_config_update_includes(&options, &path, &error));
    sw_cleanup_free char *text = read_file(path);
    run_in(project, "test $(grep -c 'commit: '$(git -C ../lib rev-parse main) werf-includes.lock) = 2 && " COMMIT);
    assert_non_null(strstr(text, "branch: \"main\""));
    assert_non_null(strstr(text, "tag: \"v1\""));
    sw_cleanup_free char *found = outcome(&options);
    assert_string_equal(found, "committed\n");
    run_in(project, "git rm -q werf-includes.yaml && " COMMIT);
    sw_cleanup_free char *none = NULL;
    assert_false(sw_config_update_includes(&options, &none, &error));
    assert_non_null(strstr(error->message, "no werf-includes.yaml"));
    drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(werf_yaml_comes_from_where_the_rule_says),
        cmocka_unit_test(the_giterminism_file_is_never_taken_from_the_work_tree),
        cmocka_unit_test(symlinks_are_followed_inside_the_repository),
        cmocka_unit_test(projects_may_lie_anywhere_in_a_work_tree),
        cmocka_unit_test(without_a_repository_nothing_is_loaded),
        cmocka_unit_test(errors_name_the_path_from_the_project),
        cmocka_unit_test(included_files_lie_below_those_of_the_project),
        cmocka_unit_test(the_lock_is_written_for_the_refs_of_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
