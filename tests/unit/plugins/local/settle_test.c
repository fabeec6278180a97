#include "plugins/local/settle.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

static const char BELOW[] = "mkdir -p below/d/e upper && cd below && echo 1 >d/a && echo 2 >d/e/b && ln -s a d/l && mkfifo d/p && "
                            "echo 3 >c && find . -exec touch -h -d @1000000000 {} +";

/* Whiteouts are shown as .wh.NAME, folders with a slash, opaque ones with an exclamation mark. */
static const char LIST[] = "cd upper && find . -mindepth 1 | LC_ALL=C sort | while read -r p; do n=${p#./}; "
                           "if [ -c $p ]; then n=$(dirname $n)/.wh.$(basename $n); elif [ -d $p ]; then n=$n/; fi; "
                           "getfattr -m overlay.opaque $p 2>/dev/null | grep -q opaque && n=$n!; printf '%s ' ${n#./}; done";

static void check(const char *make, const char *wanted) {
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_run(&scratch, BELOW);
    sw_cleanup_free char *command = sw_format("cp -a below/. upper/ && cd upper && %s", make);
    scratch_run(&scratch, command);
    struct sw_settle settle = {.upper = openat(scratch.fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                               .below = openat(scratch.fd, "below", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    sw_cleanup_error struct sw_error *error = NULL;
    if (!sw_settle_run(&settle, &error))
        fail_msg("%s: %s", make, error->message);
    sw_cleanup_free char *list = scratch_ask(&scratch, LIST);
    if (strcmp(list, wanted) != 0)
        fail_msg("%s: wanted \"%s\", got \"%s\"", make, wanted, list);
    close(settle.upper);
    close(settle.below);
    scratch_end(&scratch);
}

#define OPAQUE "setfattr -n trusted.overlay.opaque -v y "

static void what_is_as_below_goes_and_what_is_not_stays(void **state) {
    (void)state;
    check("true", "");
    check("touch d", "");
    check("chmod 700 d", "d/ ");
    check("chmod 600 d/a", "d/ d/a ");
    check("chown 1 d/l -h", "d/ d/l ");
    check("echo 9 >d/a; touch -d @1000000000 d/a", "d/ d/a ");
    check("touch -d @1000000001 d/e/b", "d/ d/e/ d/e/b ");
    check("touch -d @1000000000.5 d/e/b", "d/ d/e/ d/e/b ");
    check("ln -sfn b d/l; touch -h -d @1000000000 d/l", "d/ d/l ");
    check("setfattr -n user.x -v 1 c", "c ");
    check("ln c link", "link ");
    check("mkdir -p new/in; touch new/in/x", "new/ new/in/ new/in/x ");
    check("rm d/p; mknod d/p c 1 3", "d/ d/.wh.p ");
}

static void whiteouts_stay_where_something_is_below(void **state) {
    (void)state;
    check("rm -r *; mknod c c 0 0; mknod none c 0 0", ".wh.c ");
    check("rm -r *; mkdir d; touch -d @1000000000 d; mknod d/a c 0 0", "d/ d/.wh.a ");
}

static void opaque_folders_say_what_is_gone(void **state) {
    (void)state;
    check("rm -r *; mkdir d; touch d/new; " OPAQUE "d", "d/ d/.wh.a d/.wh.e d/.wh.l d/new d/.wh.p ");
    check("rm d/l d/e/b; " OPAQUE "d", "d/ d/e/ d/e/.wh.b d/.wh.l ");
    check("rm -r d; mkdir d; mkdir d/e; touch d/e/x; " OPAQUE "d", "d/ d/.wh.a d/e/ d/e/.wh.b d/e/x d/.wh.l d/.wh.p ");
    check("rm c; mkdir c; touch c/x; " OPAQUE "c", "c/ c/x ");
    check("mkdir -p n/o; " OPAQUE "n; " OPAQUE "n/o", "n/ n/o/ ");
    check("rm -r d; echo x >d", "d ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_as_below_goes_and_what_is_not_stays),
        cmocka_unit_test(whiteouts_stay_where_something_is_below),
        cmocka_unit_test(opaque_folders_say_what_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
