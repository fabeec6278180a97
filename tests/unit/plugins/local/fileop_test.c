#include "plugins/local/fileop.h"

#include "core/base/error.h"
#include "tests/unit/plugins/local/listing.h"

enum { EPOCH = 1400000000 };

/* Runs one action on a prepared folder; compares the tree, or the reason of a failure. */
static void check(const char *prepare, struct sw_file_action action, const char *wanted, const char *reason) {
    struct scratch outer;
    scratch_make(&outer);
    sw_cleanup_free char *line =
        sw_format("umask 022; mkdir outside root; cd root; %s; find . -exec touch -h -d @1000000000 {} +", prepare);
    scratch_run(&outer, line);
    int root = openat(outer.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    action.size = sizeof action;
    struct sw_op_file op = {.size = sizeof op, .actions = &action, .action_count = 1};
    struct sw_fileop_job job = {.op = &op, .root = root, .epoch = EPOCH};
    sw_cleanup_error struct sw_error *error = NULL;
    bool ok = sw_fileop_run(&job, &error);
    if (ok != !reason)
        fail_msg("%s: %s", action.path, error ? error->message : "succeeded");
    if (reason && !strstr(error->message, reason))
        fail_msg("\"%s\" says nothing of \"%s\"", error->message, reason);
    if (wanted) {
        sw_cleanup_free char *all = scratch_ask(
            &outer, "cd root; find . -mindepth 1 -printf '%P %y %m %U:%G ' \\( -newermt @1300000000 -printf 'new ' -o "
                    "-true \\) \\( -type l -printf '>%l' -o -type f -exec cat {} \\; -o -true \\) -printf '\\n' | sort");
        if (strcmp(all, wanted) != 0)
            fail_msg("%s: found\n%swanted\n%s", action.path, all, wanted);
    }
    sw_cleanup_free char *outside = scratch_ask(&outer, "ls -A outside");
    assert_string_equal(outside, "");
    close(root);
    scratch_end(&outer);
}

static void makes_folders_with_their_parents(void **state) {
    (void)state;
    check("mkdir -m 700 a", (struct sw_file_action){.kind = SW_FILE_MKDIR, .path = "/a/b/c", .owner = "5:6"},
          "a d 700 0:0 new \na/b d 755 5:6 new \na/b/c d 755 5:6 new \n", NULL);
    check("mkdir -m 700 a", (struct sw_file_action){.kind = SW_FILE_MKDIR, .path = "/a", .mode = 0777}, "a d 700 0:0 \n", NULL);
    check("ln -s ../outside l", (struct sw_file_action){.kind = SW_FILE_MKDIR, .path = "/l/x"},
          "l l 777 0:0 >../outside\noutside d 755 0:0 new \noutside/x d 755 0:0 new \n", NULL);
    check("echo >f", (struct sw_file_action){.kind = SW_FILE_MKDIR, .path = "/f/x"}, NULL, "cannot create folder /f/x");
}

static void writes_files_and_links(void **state) {
    (void)state;
    struct sw_file_action file = {.kind = SW_FILE_WRITE, .path = "/d/f", .content = {"hi", 2}, .mode = 0640, .owner = "7"};
    check(":", file, "d d 755 0:0 new \nd/f f 640 7:7 new hi\n", NULL);
    check("mkdir d; echo old >d/f", file, "d d 755 0:0 new \nd/f f 640 7:7 new hi\n", NULL);
    check("mkdir d; echo -n old >t; ln -s ../t d/f", file, "d d 755 0:0 \nd/f l 777 0:0 >../t\nt f 640 7:7 new hi\n", NULL);
    check("mkdir -p d/f", file, NULL, "cannot replace folder /d/f");
    struct sw_file_action link = {.kind = SW_FILE_LINK, .path = "/d/l", .target = "../x"};
    check(":", link, "d d 755 0:0 new \nd/l l 777 0:0 new >../x\n", NULL);
    check("mkdir d; echo old >d/l", link, "d d 755 0:0 new \nd/l l 777 0:0 new >../x\n", NULL);
}

static void removes_without_following(void **state) {
    (void)state;
    struct sw_file_action gone = {.kind = SW_FILE_REMOVE, .path = "/d"};
    check("mkdir -p d/e; touch d/e/f; ln -s ../../outside d/l", gone, "", NULL);
    check("mkdir t; touch t/f; ln -s t d", gone, "t d 755 0:0 \nt/f f 644 0:0 \n", NULL);
    check(":", gone, "", NULL);
    check(":", (struct sw_file_action){.kind = SW_FILE_REMOVE, .path = "/../.."}, NULL, "cannot be removed");
    struct sw_file_action some = {.kind = SW_FILE_REMOVE, .path = "/d/*.o", .flags = SW_COPY_WILDCARD};
    check("mkdir d; touch d/a.o d/b.c; mkdir d/c.o", some, "d d 755 0:0 new \nd/b.c f 644 0:0 \n", NULL);
    check("mkdir d; touch d/a.c", some, "d d 755 0:0 \nd/a.c f 644 0:0 \n", NULL);
}

static void empties_a_folder_but_keeps_it(void **state) {
    (void)state;
    struct sw_file_action empty = {.kind = SW_FILE_EMPTY, .path = "/d"};
    check("mkdir -m 711 d; mkdir d/e; touch d/e/f d/g", empty, "d d 711 0:0 new \n", NULL);
    check(":", empty, "", NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_folders_with_their_parents),
        cmocka_unit_test(writes_files_and_links),
        cmocka_unit_test(removes_without_following),
        cmocka_unit_test(empties_a_folder_but_keeps_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
