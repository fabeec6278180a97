#include "plugins/local/accounts.h"

#include "core/base/error.h"
#include "tests/unit/scratch.h"

static struct sw_fsroot *make_root(struct scratch *scratch) {
    scratch_make(scratch);
    scratch_run(scratch, "mkdir etc; printf 'root:x:0:0::/root:/bin/sh\\napp:x:100:200::/home/app:/bin/sh\\nnohome:x:101:201::\\n"
                         "second:x:100:300::/second:\\nbroken\\n#c:x:5:5::/:\\nbad:x:-1:x::/bad:\\n' >etc/passwd; "
                         "printf 'root:x:0:\\nwww:x:33:app,other\\napps:x:200:\\nextra:x:34:xapp,app\\nlast:x:35:app' >etc/group");
    return sw_fsroot_new(scratch->fd, SW_FSROOT_IN_ROOT, NULL);
}

static void owners_are_found_as_copy_finds_them(void **state) {
    (void)state;
    struct scratch scratch;
    sw_cleanup_fsroot struct sw_fsroot *root = make_root(&scratch);
    static const struct {
        const char *owner;
        uint32_t uid, gid;
    } rows[] = {
        {"0", 0, 0},          {"5", 5, 5},
        {"5:6", 5, 6},        {"app", 100, 200},
        {"app:www", 100, 33}, {"app:7", 100, 7},
        {"5:www", 5, 33},     {"root", 0, 0},
        {"nobody", 0, 0},     {"nobody:nogroup", 0, 0},
        {":33", 0, 33},       {":www", 0, 33},
        {"app:", 100, 0},     {"4294967294", 4294967294u, 4294967294u},
        {"4294967295", 0, 0}, {"99999999999999999999", 0, 0},
        {"bad", 0, 0},        {"app:last", 100, 35},
        {"5:root", 5, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_owner owner;
        assert_true(sw_accounts_owner(root, rows[i].owner, &owner, NULL));
        if (owner.uid != rows[i].uid || owner.gid != rows[i].gid)
            fail_msg("%s: %u:%u", rows[i].owner, owner.uid, owner.gid);
    }
    scratch_end(&scratch);
}

static void processes_get_groups_and_home(void **state) {
    (void)state;
    struct scratch scratch;
    sw_cleanup_fsroot struct sw_fsroot *root = make_root(&scratch);
    static const struct {
        const char *user;
        uint32_t uid, gid;
        const char *home, *groups;
    } rows[] = {
        {"", 0, 0, "/root", "0 "},
        {"root", 0, 0, "/root", "0 "},
        {"app", 100, 200, "/home/app", "200 33 34 35 "},
        {"100", 100, 200, "/home/app", "200 33 34 35 "}, /* by number: the first line that has it */
        {"app:www", 100, 33, "/home/app", "33 "},
        {"app:77", 100, 77, "/home/app", "77 "},
        {"12345", 12345, 0, "/", "0 "},
        {"12345:6", 12345, 6, "/", "6 "},
        {"nohome", 101, 201, "/", "201 "},
        {"app:root", 100, 0, "/home/app", "0 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_account account;
        assert_true(sw_accounts_process(root, rows[i].user, &account, NULL));
        sw_cleanup_buf struct sw_buf groups = {0};
        for (size_t j = 0; j < account.group_count; j++)
            sw_buf_printf(&groups, "%u ", account.groups[j]);
        if (account.uid != rows[i].uid || account.gid != rows[i].gid || strcmp(account.home, rows[i].home) != 0 ||
            strcmp(sw_buf_text(&groups), rows[i].groups) != 0)
            fail_msg("%s: %u:%u %s [%s]", rows[i].user, account.uid, account.gid, account.home, sw_buf_text(&groups));
        sw_account_fini(&account);
    }
    scratch_end(&scratch);
}

static void unknown_names_of_processes_are_errors(void **state) {
    (void)state;
    struct scratch scratch;
    sw_cleanup_fsroot struct sw_fsroot *root = make_root(&scratch);
    static const char *const rows[][2] = {
        {"nobody", "unable to find user nobody: no matching entries in passwd file"},
        {"app:nogroup", "unable to find group nogroup: no matching entries in group file"},
        {"-5", "unable to find user -5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_account account;
        sw_cleanup_error struct sw_error *error = NULL;
        assert_false(sw_accounts_process(root, rows[i][0], &account, &error));
        assert_non_null(strstr(error->message, rows[i][1]));
        assert_int_equal(error->code, SW_ERROR_BUILD);
    }
    scratch_end(&scratch);
}

static void root_needs_no_files(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(scratch.fd, SW_FSROOT_IN_ROOT, NULL);
    static const char *const users[] = {"", "root", "0", "root:root", "0:0"};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        struct sw_account account;
        assert_true(sw_accounts_process(root, users[i], &account, NULL));
        assert_true(account.uid == 0 && account.gid == 0);
        assert_string_equal(account.home, "/");
        sw_account_fini(&account);
    }
    scratch_end(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owners_are_found_as_copy_finds_them),
        cmocka_unit_test(processes_get_groups_and_home),
        cmocka_unit_test(unknown_names_of_processes_are_errors),
        cmocka_unit_test(root_needs_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
