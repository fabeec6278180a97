#include "plugins/local/chmod.h"

#include <sys/stat.h>

#include "core/base/error.h"
#include "tests/unit/scratch.h"

static const char *const modes[] = {"0755",   "755",   "0",       "7777",        "u=rwx,go=rx", "+x",     "a+x",    "-w",
                                    "go-rwx", "u+s",   "g+s",     "+t",          "ug+s",        "u-s",    "go=rX",  "a+X",
                                    "u=g",    "o=u",   "g=o-w",   "u=rw,g=r,o=", "=",           "a=rwx",  "u=,g+w", "g=u",
                                    "o+t",    "u+x-w", "a=r,a+w", "ugo=rw",      "u=rwxs",      "g-s,u+s"};

static void gives_what_chmod_gives(void **state) {
    (void)state;
    static const mode_t starts[] = {0644, 0600, 0751, 04755, 02755, 01777, 0, 07777, 0111};
    struct scratch scratch;
    scratch_make(&scratch);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        sw_cleanup_chmod struct sw_chmod *mode = sw_chmod_new(modes[i], NULL);
        assert_non_null(mode);
        /* All starting points in one shell: files f0…, folders d0…. */
        sw_cleanup_buf struct sw_buf line = {0};
        sw_buf_puts(&line, "umask 0; ");
        for (size_t j = 0; j < sizeof starts / sizeof *starts; j++)
            sw_buf_printf(&line, "touch f%zu; chmod %o f%zu; mkdir d%zu; chmod %o d%zu; chmod -- %s f%zu; chmod -- %s d%zu; ", j,
                          starts[j], j, j, starts[j], j, modes[i], j, modes[i], j);
        scratch_run(&scratch, line.data);
        for (size_t j = 0; j < sizeof starts / sizeof *starts; j++) {
            for (int folder = 0; folder < 2; folder++) {
                char name[8];
                snprintf(name, sizeof name, "%c%zu", folder ? 'd' : 'f', j);
                mode_t wanted = scratch_mode(&scratch, name) & 07777;
                mode_t found = sw_chmod_apply(mode, (folder ? S_IFDIR : S_IFREG) | starts[j]);
                bool octal_keeps = folder && sw_chmod_octal(mode) >= 0; /* chmod(1) keeps setgid of folders there; COPY does not */
                if (found != wanted && !octal_keeps)
                    fail_msg("%s of %s %o: %o, chmod gives %o", modes[i], name, starts[j], found, wanted);
            }
        }
        scratch_run(&scratch, "chmod -R u+rwx .; rm -r f* d*");
    }
    scratch_end(&scratch);
}

static void malformed_modes_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"999", "17777", "08", "0755x", "u",   "u~r",     "u+q",
                                      ",+x", "u+x,",  "",   "rwx",   "+x ", "u=rwx,go"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sw_cleanup_error struct sw_error *error = NULL;
        if (sw_chmod_new(bad[i], &error))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(error->code, SW_ERROR_CONFIG);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_chmod_gives),
        cmocka_unit_test(malformed_modes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
