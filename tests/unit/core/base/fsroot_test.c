#include "core/base/fsroot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "core/base/error.h"
#include "tests/unit/scratch.h"

/* A root with a secret beside it: nothing may reach or change that. */
struct room {
    struct scratch outer;
    struct scratch inner; /* outer/root */
    struct sw_fsroot *root;
};

static int setup(void **state) {
    struct room *room = sw_new(sizeof *room);
    scratch_make(&room->outer);
    scratch_file(&room->outer, "secret", "untouched");
    scratch_mkdir(&room->outer, "outside");
    scratch_mkdir(&room->outer, "root");
    room->inner.fd = openat(room->outer.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    room->root = sw_fsroot_new(room->inner.fd, SW_FSROOT_IN_ROOT, NULL);
    assert_non_null(room->root);
    *state = room;
    return 0;
}

static int teardown(void **state) {
    struct room *room = *state;
    scratch_expect(&room->outer, "secret", "untouched");
    sw_cleanup_free char *outside = scratch_ask(&room->outer, "ls -A outside");
    assert_string_equal(outside, "");
    sw_fsroot_free(room->root);
    close(room->inner.fd);
    scratch_end(&room->outer);
    free(room);
    return 0;
}

static void links_that_lead_outside_stop_at_the_root(void **state) {
    struct room *room = *state;
    static const char *const targets[] = {"/secret", "../secret", "../../../../secret", "/../secret", "/proc/self/cwd/secret"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        scratch_link(&room->inner, targets[i], "link");
        assert_int_equal(sw_fsroot_open(room->root, "link", O_RDONLY, 0), -1);
        assert_int_equal(sw_fsroot_unlink(room->root, "link"), 0);
    }
    scratch_link(&room->inner, "../outside", "folder");
    assert_int_equal(sw_fsroot_write(room->root, "folder/file", "x", 1, 0644), -1);
    assert_int_equal(sw_fsroot_mkdir(room->root, "folder/new", 0755), -1);
    assert_int_equal(sw_fsroot_write(room->root, "../outside/file", "x", 1, 0644), -1);
    assert_int_equal(sw_fsroot_write(room->root, "../file", "x", 1, 0644), 0);
    scratch_expect(&room->inner, "file", "x");
}

static void links_that_climb_past_the_root_still_work_inside(void **state) {
    struct room *room = *state;
    scratch_mkdir(&room->inner, "a");
    scratch_mkdir(&room->inner, "a/b");
    scratch_mkdir(&room->inner, "lib");
    scratch_link(&room->inner, "../../../lib", "a/b/up");
    scratch_link(&room->inner, "/lib", "a/abs");
    assert_int_equal(sw_fsroot_write(room->root, "a/b/up/one", "1", 1, 0644), 0);
    assert_int_equal(sw_fsroot_write(room->root, "/a/abs/two", "2", 1, 0644), 0);
    scratch_expect(&room->inner, "lib/one", "1");
    scratch_expect(&room->inner, "lib/two", "2");
}

static void the_beneath_rule_refuses_what_leads_outside(void **state) {
    struct room *room = *state;
    sw_cleanup_fsroot struct sw_fsroot *strict = sw_fsroot_new(room->inner.fd, SW_FSROOT_BENEATH, NULL);
    scratch_link(&room->inner, "/etc", "abs");
    scratch_link(&room->inner, "../outside", "up");
    static const char *const paths[] = {"abs/passwd", "up/file", "../secret"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(sw_fsroot_open(strict, paths[i], O_RDONLY, 0), -1);
        assert_int_equal(errno, EXDEV);
    }
    assert_int_equal(sw_fsroot_write(strict, "/file", "x", 1, 0644), 0);
}

static void the_last_component_is_never_followed_by_changes(void **state) {
    struct room *room = *state;
    scratch_file(&room->inner, "target", "kept");
    scratch_link(&room->inner, "target", "link");
    assert_int_equal(sw_fsroot_create(room->root, "link", 0644), -1);
    assert_int_equal(errno, EEXIST);
    struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME, .mode = 0600, .uid = 7, .gid = 8};
    attr.mtime.tv_sec = 99;
    assert_int_equal(sw_fsroot_set_attr(room->root, "link", &attr), 0);
    struct stat status;
    assert_int_equal(sw_fsroot_stat(room->root, "link", &status), 0);
    assert_true(S_ISLNK(status.st_mode) && status.st_uid == 7 && status.st_gid == 8 && status.st_mtime == 99);
    assert_int_equal(sw_fsroot_stat_follow(room->root, "link", &status), 0);
    assert_true(status.st_uid == 0 && (status.st_mode & 07777) == 0644);
    assert_int_equal(sw_fsroot_write(room->root, "link", "new", 3, 0644), 0);
    scratch_expect(&room->inner, "target", "kept");
    scratch_expect(&room->inner, "link", "new");
}

static void resolves_as_a_process_inside_would(void **state) {
    struct room *room = *state;
    scratch_mkdir(&room->inner, "d");
    scratch_mkdir(&room->inner, "d/e");
    scratch_link(&room->inner, "../../../d/e", "d/up");
    scratch_link(&room->inner, "/d", "abs");
    scratch_link(&room->inner, "nowhere/x", "dangling");
    scratch_link(&room->inner, "loop2", "loop1");
    scratch_link(&room->inner, "loop1", "loop2");
    static const char *const rows[][2] = {
        {"", "/"},       {"/", "/"},          {"d/../d/./e/", "/d/e"},    {"abs/up/f", "/d/e/f"},  {"../../abs", "/d"},
        {"abs/..", "/"}, {"new/a", "/new/a"}, {"dangling", "/nowhere/x"}, {"abs/e/../../d", "/d"}, {"/abs//up", "/d/e"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *found = sw_fsroot_resolve(room->root, rows[i][0]);
        assert_non_null(found);
        assert_string_equal(found, rows[i][1]);
    }
    assert_null(sw_fsroot_resolve(room->root, "loop1/x"));
    assert_int_equal(errno, ELOOP);
}

static void note(void *context, const char *path) {
    sw_buf_printf(context, "%s;", path);
}

static void makes_only_the_folders_that_are_missing(void **state) {
    struct room *room = *state;
    scratch_mkdir(&room->inner, "real");
    assert_int_equal(fchmodat(room->inner.fd, "real", 0700, 0), 0);
    scratch_link(&room->inner, "real", "link");
    sw_cleanup_buf struct sw_buf made = {0};
    struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME, .mode = 0751, .uid = 3, .gid = 4};
    attr.mtime.tv_sec = 1000;
    assert_int_equal(sw_fsroot_mkdirs(room->root, "/link/a/./b/", &attr, note, &made), 0);
    assert_string_equal(made.data, "/link/a;/link/a/./b;");
    assert_int_equal(scratch_mode(&room->inner, "real"), S_IFDIR | 0700);
    assert_int_equal(scratch_mode(&room->inner, "real/a/b"), S_IFDIR | 0751);
    struct stat status;
    assert_int_equal(sw_fsroot_stat(room->root, "link/a/b", &status), 0);
    assert_true(status.st_uid == 3 && status.st_mtime == 1000);
    scratch_file(&room->inner, "file", "");
    assert_int_equal(sw_fsroot_mkdirs(room->root, "file/x", NULL, NULL, NULL), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(sw_fsroot_mkdirs(room->root, "", NULL, NULL, NULL), 0);
}

static void removes_trees_without_following_links(void **state) {
    struct room *room = *state;
    scratch_run(&room->outer,
                "mkdir -p root/t/a/b root/t/c; ln -s ../../outside root/t/out; ln -s /secret root/t/a/s; touch outside/x;"
                "mkfifo root/t/p; touch root/t/a/b/f root/t/c/g");
    assert_int_equal(sw_fsroot_remove(room->root, "t"), 0);
    assert_int_equal(scratch_mode(&room->inner, "t"), 0);
    assert_true(S_ISREG(scratch_mode(&room->outer, "outside/x")));
    scratch_run(&room->outer, "rm outside/x; ln -s ../outside root/l; mkdir -p root/k/d; touch root/k/f");
    assert_int_equal(sw_fsroot_remove(room->root, "l"), 0);
    assert_int_equal(sw_fsroot_empty(room->root, "k"), 0);
    assert_true(S_ISDIR(scratch_mode(&room->inner, "k")));
    assert_int_equal(scratch_mode(&room->inner, "k/d"), 0);
    assert_int_equal(sw_fsroot_remove(room->root, "missing/too"), 0);
}

static void removes_a_tree_that_is_far_deeper_than_a_path_can_be(void **state) {
    struct room *room = *state;
    int fd = fcntl(room->inner.fd, F_DUPFD_CLOEXEC, 0);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(mkdirat(fd, "deep", 0755), 0);
        assert_int_equal(mkdirat(fd, "beside", 0755), 0);
        int next = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = next;
    }
    close(fd);
    assert_int_equal(sw_fsroot_remove(room->root, "deep"), 0);
    assert_int_equal(scratch_mode(&room->inner, "deep"), 0);
}

static void does_not_remove_what_is_mounted_inside(void **state) {
    struct room *room = *state;
    scratch_run(&room->outer, "mkdir -p root/t/m && mount -t tmpfs none root/t/m && touch root/t/m/kept");
    assert_int_equal(sw_fsroot_remove(room->root, "t"), -1);
    assert_int_equal(errno, EXDEV);
    assert_true(S_ISREG(scratch_mode(&room->inner, "t/m/kept")));
    scratch_run(&room->outer, "umount root/t/m");
}

static void a_folder_kept_open_is_not_used_after_it_was_replaced(void **state) {
    struct room *room = *state;
    scratch_mkdir(&room->inner, "one");
    scratch_mkdir(&room->inner, "two");
    scratch_link(&room->inner, "one", "at");
    assert_int_equal(sw_fsroot_write(room->root, "at/f", "1", 1, 0644), 0);
    assert_int_equal(sw_fsroot_unlink(room->root, "at"), 0);
    assert_int_equal(sw_fsroot_symlink(room->root, "two", "at"), 0);
    assert_int_equal(sw_fsroot_write(room->root, "at/f", "2", 1, 0644), 0);
    scratch_expect(&room->inner, "one/f", "1");
    scratch_expect(&room->inner, "two/f", "2");
    assert_int_equal(sw_fsroot_remove(room->root, "two"), 0);
    assert_int_equal(sw_fsroot_mkdir(room->root, "two", 0755), 0);
    assert_int_equal(sw_fsroot_write(room->root, "at/g", "3", 1, 0644), 0);
    scratch_expect(&room->inner, "two/g", "3");
    assert_int_equal(sw_fsroot_rename(room->root, "two", "three"), 0);
    assert_int_equal(sw_fsroot_link(room->root, "three/g", "one/g"), 0);
    scratch_expect(&room->inner, "one/g", "3");
}

static void opens_as_a_file_only_what_is_one(void **state) {
    struct room *room = *state;
    scratch_run(&room->outer,
                "mkfifo root/pipe; ln -s pipe root/link; mkdir root/d; mknod root/zero c 1 5; echo -n x >root/f; ln -s /f root/lf");
    static const char *const names[] = {"pipe", "link", "zero", "d", "nothing"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(sw_fsroot_open_file(room->root, names[i]), -1);
    int fd = sw_fsroot_open_file(room->root, "lf");
    assert_true(fd >= 0);
    close(fd);
}

static void carries_xattrs_of_files_folders_and_the_root(void **state) {
    struct room *room = *state;
    scratch_file(&room->inner, "f", "");
    scratch_mkdir(&room->inner, "d");
    static const char *const paths[] = {"f", "d", ""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(sw_fsroot_set_xattr(room->root, paths[i], "user.k", "value", 5), 0);
        size_t len = 0;
        sw_cleanup_free char *value = sw_fsroot_get_xattr(room->root, paths[i], "user.k", &len);
        assert_non_null(value);
        assert_memory_equal(value, "value", 5);
        sw_cleanup_free char *names = sw_fsroot_list_xattr(room->root, paths[i], &len);
        assert_string_equal(names, "user.k");
    }
    scratch_link(&room->inner, "f", "l");
    assert_int_equal(sw_fsroot_set_xattr(room->root, "l", "trusted.t", "1", 1), 0);
    size_t len = 0;
    sw_cleanup_free char *none = sw_fsroot_get_xattr(room->root, "f", "trusted.t", &len);
    assert_null(none);
    assert_int_equal(errno, ENODATA);
}

struct swapper {
    int fd;
    atomic_bool stop;
};

static void *swap(void *context) {
    struct swapper *swapper = context;
    while (!atomic_load(&swapper->stop))
        syscall(SYS_renameat2, swapper->fd, "dir", swapper->fd, "evil", 2 /* RENAME_EXCHANGE */);
    return NULL;
}

static void links_exchanged_while_we_work_lead_nowhere_else(void **state) {
    struct room *room = *state;
    scratch_mkdir(&room->inner, "dir");
    scratch_link(&room->inner, "../outside", "evil");
    struct swapper swapper = {.fd = room->inner.fd};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, swap, &swapper), 0);
    for (int i = 0; i < 20000; i++) {
        char path[32];
        snprintf(path, sizeof path, "dir/f%d", i);
        sw_fsroot_write(room->root, path, "x", 1, 0644);
        if (i % 64 == 0)
            sw_fsroot_mkdirs(room->root, "dir/sub/deep", NULL, NULL, NULL);
        if (i % 512 == 0)
            sw_fsroot_remove(room->root, "dir/sub");
        sw_fsroot_forget(room->root);
    }
    atomic_store(&swapper.stop, true);
    pthread_join(thread, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(links_that_lead_outside_stop_at_the_root, setup, teardown),
        cmocka_unit_test_setup_teardown(links_that_climb_past_the_root_still_work_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(the_beneath_rule_refuses_what_leads_outside, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_component_is_never_followed_by_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(resolves_as_a_process_inside_would, setup, teardown),
        cmocka_unit_test_setup_teardown(makes_only_the_folders_that_are_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(removes_trees_without_following_links, setup, teardown),
        cmocka_unit_test_setup_teardown(removes_a_tree_that_is_far_deeper_than_a_path_can_be, setup, teardown),
        cmocka_unit_test_setup_teardown(does_not_remove_what_is_mounted_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_kept_open_is_not_used_after_it_was_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(opens_as_a_file_only_what_is_one, setup, teardown),
        cmocka_unit_test_setup_teardown(carries_xattrs_of_files_folders_and_the_root, setup, teardown),
        cmocka_unit_test_setup_teardown(links_exchanged_while_we_work_lead_nowhere_else, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
