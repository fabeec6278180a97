#include "core/source/reader.h"

#include "core/source/commit.h"
#include "core/source/files.h"
#include "tests/unit/core/source/repo.h"

/* Everything a reader gives, one line an entry: "TYPE MODE PATH[ -> TARGET][ = CONTENT]". */
static char *drain(struct sw_tree_reader *reader) {
    static const char *const types[] = {"?", "f", "d", "l", "?", "x"};
    struct sw_buf out = {0};
    struct sw_tree_entry entry;
    struct sw_error *error = NULL;
    int got;
    while ((got = sw_tree_reader_next(reader, &entry, &error)) > 0) {
        sw_buf_printf(&out, "%s%s %o %s", out.len ? "\n" : "", types[entry.type], entry.mode, entry.path);
        if (entry.target)
            sw_buf_printf(&out, " -> %s", entry.target);
        char piece[7];
        int64_t len, total = 0;
        while (entry.type == SW_FILE_REGULAR && (len = sw_tree_reader_read(reader, piece, sizeof piece, &error)) > 0) {
            if (total == 0)
                sw_buf_puts(&out, " = ");
            for (int64_t i = 0; i < len && total + i < 40; i++)
                if (piece[i] != '\n')
                    sw_buf_putc(&out, piece[i]);
            total += len;
        }
        if (entry.type == SW_FILE_REGULAR)
            assert_int_equal(total, entry.bytes);
    }
    assert_no_error(error);
    assert_int_equal(got, 0);
    sw_tree_reader_close(reader);
    return sw_buf_take(&out);
}

static char *read_tree(const struct sw_op_tree *op) {
    struct sw_tree_reader *reader = NULL;
    struct sw_error *error = NULL;
    assert_true(sw_tree_reader_open(op, &reader, &error) || error);
    assert_no_error(error);
    return drain(reader);
}

#define MAKE                                                                                                                     \
    "git init -q -b main . && mkdir -p a/b c && echo 1 >a/b/f && echo 2 >a-b && printf '#!x\\n' >c/run && chmod +x c/run && ln " \
    "-s f "                                                                                                                      \
    "a/b/l && : >empty && git add . && git commit -qm one"

static void gives_files_with_their_folders_in_order(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        struct sw_op_tree op = {.size = sizeof op, .commit = sw_repository_head(repository, NULL), .scope = ""};
        sw_cleanup_free char *all = read_tree(&op);
        assert_string_equal(all,
                            "d 755 a\nf 644 a-b = 2\nd 755 a/b\nf 644 a/b/f = 1\nl 777 a/b/l -> f\nd 755 c\nf 755 c/run = #!x\nf "
                            "644 empty");
        op.scope = "a/b";
        sw_cleanup_free char *part = read_tree(&op);
        assert_string_equal(part, "f 644 f = 1\nl 777 l -> f");
        op.scope = "a/b/f";
        sw_cleanup_free char *file = read_tree(&op);
        assert_string_equal(file, "f 644 f = 1");
        op.scope = "nope";
        sw_cleanup_free char *nothing = read_tree(&op);
        assert_string_equal(nothing, "");
    }
    drop_folder(folder);
}

static void entries_are_found_again_by_their_number(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        struct sw_op_tree op = {.size = sizeof op, .commit = sw_repository_head(repository, NULL), .scope = ""};
        struct sw_tree_reader *reader = NULL;
        struct sw_tree_entry entry;
        assert_true(sw_tree_reader_open(&op, &reader, NULL));
        sw_tree_reader_seek(reader, 6);
        assert_int_equal(sw_tree_reader_next(reader, &entry, NULL), 1);
        assert_string_equal(entry.path, "c/run");
        sw_tree_reader_seek(reader, 1);
        assert_int_equal(sw_tree_reader_next(reader, &entry, NULL), 1);
        assert_string_equal(entry.path, "a-b");
        assert_string_equal(entry.id, "0cfbf08886fca9a91cb753ec8734c84fcbe52c9f");
        sw_tree_reader_close(reader);
    }
    drop_folder(folder);
}

static void filters_leave_no_empty_folders(void **state) {
    (void)state;
    static const char *const exclude[] = {"a/b/*"};
    char *folder = make_folder();
    run_in(folder, MAKE);
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        struct sw_filter filter = {.size = sizeof filter, .exclude = {exclude, 1}};
        struct sw_op_tree op = {
            .size = sizeof op, .commit = sw_repository_head(repository, NULL), .scope = "", .filters = &filter, .filter_count = 1};
        sw_cleanup_free char *all = read_tree(&op);
        assert_string_equal(all, "f 644 a-b = 2\nd 755 c\nf 755 c/run = #!x\nf 644 empty");
    }
    drop_folder(folder);
}

static void host_files_and_inlines_lie_over_the_commit(void **state) {
    (void)state;
    static const char *const paths[] = {"ctx/a-b", "ctx/built"};
    struct sw_inline_file inlines[] = {{.size = sizeof *inlines, .mode = 0600, .path = "Dockerfile", .content = {"FROM x", 6}},
                                       {.size = sizeof *inlines, .path = "a", .content = {"file", 4}}};
    char *folder = make_folder();
    run_in(folder, MAKE " && mkdir -p ctx/built/deep && echo host >ctx/a-b && echo o >ctx/built/deep/o && ln -s /etc/passwd "
                        "ctx/built/escape");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        struct sw_op_tree op = {.size = sizeof op,
                                .commit = sw_repository_head(repository, NULL),
                                .scope = "",
                                .host_root = folder,
                                .host_paths = {paths, 2},
                                .host_strip = "ctx",
                                .inlines = inlines,
                                .inline_count = 2};
        sw_cleanup_free char *all = read_tree(&op);
        assert_string_equal(all,
                            "f 600 Dockerfile = FROM x\nf 644 a = file\nf 644 a-b = host\nd 755 built\nd 755 built/deep\nf 644 "
                            "built/deep/o = o\nl 777 built/escape -> /etc/passwd\nd 755 c\nf 755 c/run = #!x\nf 644 empty");
    }
    drop_folder(folder);
}

static void host_paths_cannot_leave_their_root(void **state) {
    (void)state;
    static const char *const bad[] = {"../x", "out/passwd", "nope"};
    char *folder = make_folder();
    run_in(folder, "mkdir root && echo x >x && ln -s /etc root/out");
    sw_cleanup_free char *root = sw_format("%s/root", folder);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sw_op_tree op = {.size = sizeof op, .host_root = root, .host_paths = {&bad[i], 1}};
        struct sw_tree_reader *reader = NULL;
        sw_cleanup_error struct sw_error *error = NULL;
        if (sw_tree_reader_open(&op, &reader, &error))
            fail_msg("took %s", bad[i]);
    }
    drop_folder(folder);
}

static char *read_patch(const struct sw_commit *commit, const char *base, const char *add, const char *to) {
    struct sw_patch_part part = {
        .size = sizeof part, .mapping = {.size = sizeof part.mapping, .commit = commit, .add = add, .to = to}, .base = base};
    struct sw_op_patch op = {.size = sizeof op, .parts = &part, .part_count = 1};
    struct sw_tree_reader *reader = NULL;
    struct sw_error *error = NULL;
    assert_true(sw_patch_reader_open(&op, &reader, &error) || error);
    assert_no_error(error);
    return drain(reader);
}

static void patches_hold_what_changed(void **state) {
    (void)state;
    static const struct {
        const char *change, *expected;
    } rows[] = {
        {"echo 9 >a/b/f", "f 644 a/b/f = 9"},
        {"chmod +x a-b", "f 755 a-b = 2"},
        {"git rm -q -r a/b", "x 0 a/b/f\nx 0 a/b/l"},
        {"mkdir -p n/m && echo n >n/m/o && echo p >a/p", "f 644 a/p = p\nd 755 n\nd 755 n/m\nf 644 n/m/o = n"},
        {"git mv c/run c/go", "f 755 c/go = #!x\nx 0 c/run"},
        {"git rm -q -r a && echo file >a", "f 644 a = file"},
        {"git rm -q a-b && mkdir a-b && echo in >a-b/in", "d 755 a-b\nf 644 a-b/in = in"},
        {"rm a/b/f && ln -s /x a/b/f", "l 777 a/b/f -> /x"},
        {"rm a/b/l && echo was >a/b/l", "f 644 a/b/l = was"},
        {"true", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = make_folder();
        run_in(folder, MAKE " && git tag base");
        run_in(folder, rows[i].change);
        run_in(folder, "git add -A && git commit -qm two --allow-empty");
        {
            sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
            sw_cleanup_free char *got = read_patch(sw_repository_head(repository, NULL), "base", "", "/app");
            if (strcmp(got, rows[i].expected) != 0)
                fail_msg("%s gives:\n%s", rows[i].change, got);
        }
        drop_folder(folder);
    }
}

static void a_mapping_of_one_file_is_named_by_its_destination(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, MAKE " && git tag base && echo 5 >a-b && git commit -qam two");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        sw_cleanup_free char *got = read_patch(sw_repository_head(repository, NULL), "base", "/a-b", "/renamed");
        assert_string_equal(got, "f 644  = 5");
    }
    drop_folder(folder);
}

static void large_files_are_streamed(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "git init -q . && head -c 9000001 /dev/zero >big && git add . && git commit -qm x");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        struct sw_op_tree op = {.size = sizeof op, .commit = sw_repository_head(repository, NULL), .scope = ""};
        struct sw_tree_reader *reader = NULL;
        struct sw_tree_entry entry;
        static char buffer[1 << 16];
        int64_t len, total = 0;
        assert_true(sw_tree_reader_open(&op, &reader, NULL));
        assert_int_equal(sw_tree_reader_next(reader, &entry, NULL), 1);
        while ((len = sw_tree_reader_read(reader, buffer, sizeof buffer, NULL)) > 0)
            total += len;
        assert_int_equal(len, 0);
        assert_int_equal(total, 9000001);
        sw_tree_reader_close(reader);
    }
    drop_folder(folder);
}

#define LFS_ID "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4" /* of "hi\n" */

static void lfs_pointers_give_their_files(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder,
           "git init -q . && printf '*.bin filter=lfs\\n' >.gitattributes && printf 'version "
           "https://git-lfs.github.com/spec/v1\\noid sha256:" LFS_ID "\\nsize 3\\n' >x.bin && git add . && git commit -qm x");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        const struct sw_commit *commit = sw_repository_head(repository, NULL);
        sw_cleanup_buf struct sw_buf bytes = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        assert_false(sw_commit_read(commit, "x.bin", &bytes, &error));
        assert_string_equal(error->hint, "run: git lfs fetch");
        run_in(folder, "d=.git/lfs/objects/98/ea && mkdir -p $d && echo hi >$d/" LFS_ID);
        assert_true(sw_commit_read(commit, "x.bin", &bytes, NULL));
        struct sw_op_tree op = {.size = sizeof op, .commit = commit, .scope = "x.bin"};
        sw_cleanup_free char *read = read_tree(&op);
        assert_string_equal(read, "f 644 x.bin = hi");
    }
    drop_folder(folder);
}

static void identities_follow_the_files(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder,
           MAKE " && git tag one && echo 1 >other && git add . && git commit -qm two && git tag two && echo 7 >a/b/f && git commit "
                "-qam three && git tag three");
    {
        sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
        char ids[3][65];
        static const char *const tags[] = {"one", "two", "three"};
        for (size_t i = 0; i < 3; i++) {
            struct sw_op_tree op = {.size = sizeof op, .commit = sw_repository_commit(repository, tags[i], NULL), .scope = "a"};
            assert_true(sw_tree_identity(&op, ids[i], NULL));
        }
        assert_string_equal(ids[0], ids[1]);
        assert_string_not_equal(ids[1], ids[2]);
    }
    drop_folder(folder);
}

static void host_checksums_follow_paths_and_contents(void **state) {
    (void)state;
    static const char *const paths[] = {"d", "f"};
    static const char *const include[] = {"d"};
    char *folder = make_folder();
    run_in(folder, "mkdir d && printf x >d/x && printf f >f");
    struct sw_filter filter = {.size = sizeof filter, .include = {include, 1}};
    char all[65], part[65], none[65];
    struct sw_filter nothing = {.size = sizeof nothing, .base = "zzz"};
    assert_true(sw_host_files_checksum(folder, (struct sw_strings){paths, 2}, NULL, 0, all, NULL));
    assert_true(sw_host_files_checksum(folder, (struct sw_strings){paths, 2}, &filter, 1, part, NULL));
    assert_true(sw_host_files_checksum(folder, (struct sw_strings){paths, 2}, &nothing, 1, none, NULL));
    assert_string_equal(all, "cf516c8314f315d319212d9c5c4820eb1a5425fa006cc1bef45531914eee9e60");
    assert_string_not_equal(all, part);
    assert_string_equal(none, "");
    drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_files_with_their_folders_in_order),
        cmocka_unit_test(entries_are_found_again_by_their_number),
        cmocka_unit_test(filters_leave_no_empty_folders),
        cmocka_unit_test(host_files_and_inlines_lie_over_the_commit),
        cmocka_unit_test(host_paths_cannot_leave_their_root),
        cmocka_unit_test(patches_hold_what_changed),
        cmocka_unit_test(a_mapping_of_one_file_is_named_by_its_destination),
        cmocka_unit_test(large_files_are_streamed),
        cmocka_unit_test(lfs_pointers_give_their_files),
        cmocka_unit_test(identities_follow_the_files),
        cmocka_unit_test(host_checksums_follow_paths_and_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
