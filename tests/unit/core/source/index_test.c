/* git's index as it lies on the disk, against what git says of it, and against commits. */
#include "core/base/buf.h"
#include "core/source/index_file.h"
#include "core/source/index_head.h"
#include "tests/unit/core/source/repo.h"

#define MAKE                                                                                                                     \
    "git init -q -b main . && mkdir -p src/deep/er docs src-more && echo a >src/a && echo b >src/b && echo c >src/deep/er/c && " \
    "echo d >docs/d && echo e >src-more/e && echo f >src.txt && chmod +x src/b && ln -s b src/link && git add . && git commit "  \
    "-qm one"

static struct sw_index_file *open_index(const char *folder) {
    sw_cleanup_free char *path = sw_format("%s/.git/index", folder);
    return sw_index_file_open(path);
}

static char *output_of(const char *folder, const char *command) {
    sw_cleanup_free char *line = sw_format("cd '%s' && %s", folder, command);
    sw_cleanup_buf struct sw_buf out = {0};
    char piece[4096];
    size_t got;
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    while ((got = fread(piece, 1, sizeof piece, pipe)) > 0)
        sw_buf_add(&out, piece, got);
    pclose(pipe);
    return sw_strdup(sw_buf_text(&out));
}

/* Entries [from, to) in the form of `git ls-files --stage`, without the stage. */
static char *listing(const struct sw_index_file *index, size_t from, size_t to) {
    sw_cleanup_buf struct sw_buf out = {0};
    for (size_t i = from; i < to; i++) {
        struct sw_index_entry entry = sw_index_file_at(index, i);
        char id[GIT_OID_HEXSZ + 1];
        assert_string_equal(entry.path, sw_index_file_path(index, i));
        assert_int_equal(entry.mode, sw_index_file_mode(index, i));
        sw_buf_printf(&out, "%06o %s\t%s\n", entry.mode, git_oid_tostr(id, sizeof id, &entry.id), entry.path);
    }
    return sw_strdup(sw_buf_text(&out));
}

static void entries_below_a_scope_are_those_that_git_lists(void **state) {
    (void)state;
    static const char *const scopes[] = {"",         "src",  "src/deep", "src/a", "src.txt",
                                         "src-more", "docs", "nothing",  "sr",    "src/deep/er/c"};
    char *folder = make_folder();
    run_in(folder, MAKE);
    struct sw_index_file *index = open_index(folder);
    assert_non_null(index);
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        size_t from, to;
        sw_index_file_range(index, scopes[i], &from, &to);
        sw_cleanup_free char *command = sw_format("git ls-files --stage ':(literal,top)%s' | sed 's/ 0\\t/\\t/'", scopes[i]);
        sw_cleanup_free char *wanted = output_of(folder, command), *found = listing(index, from, to);
        assert_string_equal(found, wanted);
    }
    sw_index_file_close(index);
    drop_folder(folder);
}

static void the_end_of_a_folder_is_found_from_any_of_its_entries(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE);
    struct sw_index_file *index = open_index(folder);
    for (size_t i = 0; i < index->count; i++) {
        const char *path = sw_index_file_path(index, i);
        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
            size_t len = (size_t)(slash - path) + 1, behind = i;
            while (behind < index->count && !strncmp(sw_index_file_path(index, behind), path, len))
                behind++;
            assert_int_equal(sw_index_file_behind(index, i, index->count, path, len), behind);
            assert_int_equal(sw_index_file_behind(index, i, i + 1, path, len), i + 1);
        }
    }
    sw_index_file_close(index);
    drop_folder(folder);
}

static void trees_are_known_until_something_below_them_is_staged(void **state) {
    (void)state;
    static const char *const folders[] = {"", "src", "src/deep", "src/deep/er", "docs", "src-more"};
    char *folder = make_folder();
    run_in(folder, MAKE);
    for (int staged = 0; staged < 2; staged++) {
        struct sw_index_file *index = open_index(folder);
        for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
            git_oid id;
            char text[GIT_OID_HEXSZ + 2] = "";
            sw_cleanup_free char *command = sw_format("git rev-parse HEAD:%s", folders[i]), *wanted = output_of(folder, command);
            bool changed = staged && !strncmp("src/deep", folders[i], strlen(folders[i]));
            assert_int_equal(sw_index_file_tree(index, folders[i], &id), !changed);
            if (changed)
                continue;
            git_oid_tostr(text, GIT_OID_HEXSZ + 1, &id);
            assert_memory_equal(text, wanted, GIT_OID_HEXSZ);
        }
        assert_false(sw_index_file_tree(index, "nothing", &(git_oid){0}));
        assert_false(sw_index_file_tree(index, "src/a", &(git_oid){0}));
        sw_index_file_close(index);
        run_in(folder, "echo new >src/deep/n && git add src/deep/n");
    }
    drop_folder(folder);
}

static void flags_are_read(void **state) {
    (void)state;
    static const struct {
        const char *change, *path;
        bool assumed, to_add, unmerged;
    } rows[] = {
        {"true", "src/a", false, false, false},
        {"git update-index --assume-unchanged src/a", "src/a", true, false, false},
        {"git update-index --skip-worktree src/a", "src/a", true, false, false}, /* version 3 */
        {"echo n >src/n && git add -N src/n", "src/n", false, true, false},
        {"git checkout -qb other && echo x >src/a && git commit -qam x && git checkout -q main && echo y >src/a && git commit -qam "
         "y "
         "&& ! git merge -q other >/dev/null",
         "src/a", false, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = make_folder();
        run_in(folder, MAKE);
        run_in(folder, rows[i].change);
        struct sw_index_file *index = open_index(folder);
        size_t from, to;
        sw_index_file_range(index, rows[i].path, &from, &to);
        assert_true(from < to);
        struct sw_index_entry entry = sw_index_file_at(index, from);
        assert_int_equal(entry.assumed, rows[i].assumed);
        assert_int_equal(entry.to_add, rows[i].to_add);
        assert_int_equal(entry.unmerged, rows[i].unmerged);
        sw_index_file_close(index);
        drop_folder(folder);
    }
}

static void forms_that_mean_something_else_are_not_understood(void **state) {
    (void)state;
    static const char *const changes[] = {"rm .git/index", ": >.git/index", "git update-index --index-version 4",
                                          "git update-index --split-index"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *folder = make_folder();
        run_in(folder, MAKE);
        run_in(folder, changes[i]);
        struct sw_index_file *index = open_index(folder);
        if (index)
            fail_msg("understood after: %s", changes[i]);
        drop_folder(folder);
    }
}

static void walk_all(const struct sw_index_file *index) {
    size_t from, to;
    git_oid id;
    for (size_t i = 0; i < index->count; i++) {
        struct sw_index_entry entry = sw_index_file_at(index, i);
        sw_index_file_range(index, entry.path, &from, &to);
        sw_index_file_tree(index, entry.path, &id);
    }
    sw_index_file_tree(index, "src/deep/er", &id);
}

/* The sanitizers see reads beyond the end: the map is copied into a file of the damaged length. */
static void damage_is_never_read_beyond(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE);
    sw_cleanup_free char *path = sw_format("%s/.git/index", folder), *copy = sw_format("%s/damaged", folder);
    sw_cleanup_buf struct sw_buf bytes = {0};
    char piece[4096];
    size_t got;
    FILE *file = fopen(path, "r");
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        sw_buf_add(&bytes, piece, got);
    fclose(file);
    unsigned random = 1;
    for (size_t round = 0; round < 3000; round++) {
        size_t len = round < bytes.len ? round : bytes.len;
        random = random * 1103515245 + 12345;
        size_t at = (random >> 8) % bytes.len;
        char old = bytes.data[at];
        if (round >= bytes.len)
            bytes.data[at] = (char)(random >> 24);
        file = fopen(copy, "w");
        fwrite(bytes.data, 1, len, file);
        fclose(file);
        struct sw_index_file *index = sw_index_file_open(copy);
        if (index)
            walk_all(index);
        sw_index_file_close(index);
        bytes.data[at] = old;
    }
    drop_folder(folder);
}

static void a_file_that_was_replaced_is_stale(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE);
    sw_cleanup_free char *path = sw_format("%s/.git/index", folder);
    struct sw_index_file *index = open_index(folder);
    assert_true(sw_index_file_is_fresh(index, path));
    run_in(folder, "echo n >n && git add n");
    assert_false(sw_index_file_is_fresh(index, path));
    sw_index_file_close(index);
    run_in(folder, "rm .git/index");
    sw_index_file_close(NULL);
    drop_folder(folder);
}

static void the_index_is_head_where_nothing_is_staged(void **state) {
    (void)state;
    static const struct {
        const char *change, *scope, *only; /* `only`: an include filter */
        bool equal;
    } rows[] = {
        {"true", "", NULL, true},
        {"true", "src", NULL, true},
        {"true", "nothing", NULL, true},
        {"echo x >src/a", "", NULL, true}, /* the disk is another question */
        {"echo x >src/a && git add src/a", "", NULL, false},
        {"echo x >src/a && git add src/a", "src", NULL, false},
        {"echo x >src/a && git add src/a", "src/a", NULL, false},
        {"echo x >src/a && git add src/a", "src/b", NULL, true},
        {"echo x >src/a && git add src/a", "docs", NULL, true},
        {"echo x >src/a && git add src/a", "", "docs", true},
        {"echo x >src/a && git add src/a", "", "src/deep", true},
        {"echo x >src/a && git add src/a", "", "src/*", false},
        {"echo x >src/n && git add src/n", "src", NULL, false},
        {"echo x >src/n && git add src/n", "src/deep", NULL, true},
        {"echo x >zz && git add zz", "", NULL, false}, /* behind all others */
        {"git rm -q --cached src/deep/er/c", "", NULL, false},
        {"git rm -q --cached src/deep/er/c", "src/deep", NULL, false},
        {"git rm -q --cached src/deep/er/c", "src-more", NULL, true},
        {"git rm -q --cached src.txt", "src.txt", NULL, false},
        {"chmod -x src/b && git add src/b", "src", NULL, false},
        {"rm src/link && echo b >src/link && git add src/link", "src", NULL, false},
        {"rm -r docs && echo x >docs && git add docs", "", NULL, false},
        {"git init -q sub && git -C sub commit -q --allow-empty -m s && git add sub 2>/dev/null && git commit -qm sub && "
         "echo x >src/a && git add src/a",
         "sub", NULL, false}, /* of submodules it is never sure */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = make_folder();
        run_in(folder, MAKE);
        run_in(folder, rows[i].change);
        {
            struct sw_filter filter = {.size = sizeof filter, .base = "", .include = {&rows[i].only, rows[i].only != NULL}};
            sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
            sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(rows[i].scope, &filter, 1, NULL);
            struct sw_index_file *index = open_index(folder);
            git_repository *handle = sw_handle_borrow(repository, NULL);
            if (sw_index_is_head(index, handle, sw_repository_head(repository, NULL), rows[i].scope, matcher) != rows[i].equal)
                fail_msg("%s: '%s' (%s) is %sequal", rows[i].change, rows[i].scope, rows[i].only ? rows[i].only : "all",
                         rows[i].equal ? "not " : "");
            sw_handle_return(repository, handle);
            sw_index_file_close(index);
        }
        drop_folder(folder);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_below_a_scope_are_those_that_git_lists),
        cmocka_unit_test(the_end_of_a_folder_is_found_from_any_of_its_entries),
        cmocka_unit_test(trees_are_known_until_something_below_them_is_staged),
        cmocka_unit_test(flags_are_read),
        cmocka_unit_test(forms_that_mean_something_else_are_not_understood),
        cmocka_unit_test(damage_is_never_read_beyond),
        cmocka_unit_test(a_file_that_was_replaced_is_stale),
        cmocka_unit_test(the_index_is_head_where_nothing_is_staged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
