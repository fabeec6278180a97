#include "core/base/fswalk.h"

#include "core/base/error.h"
#include "tests/unit/scratch.h"

static char *walk_all(const struct scratch *scratch, const char *from, const char *skip) {
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(scratch->fd, SW_FSROOT_IN_ROOT, NULL);
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(root, from, NULL);
    assert_non_null(walk);
    struct sw_buf text = {0};
    struct sw_fsentry entry;
    int got;
    while ((got = sw_fswalk_next(walk, &entry, NULL)) > 0) {
        sw_buf_printf(&text, "%s;", entry.path);
        if (skip && strcmp(entry.path, skip) == 0)
            sw_fswalk_skip(walk);
    }
    assert_int_equal(got, 0);
    return sw_buf_take(&text);
}

static void gives_names_in_bytewise_order_folders_first(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_run(&scratch, "mkdir -p a/x b a/empty; touch a-b a/x/2 a/x/10 a/z Z b/1 $(printf 'a/\\377'); ln -s a link");
    sw_cleanup_free char *all = walk_all(&scratch, "", NULL);
    assert_string_equal(all, "Z;a;a/empty;a/x;a/x/10;a/x/2;a/z;a/\377;a-b;b;b/1;link;");
    sw_cleanup_free char *part = walk_all(&scratch, "link", "x");
    assert_string_equal(part, "empty;x;z;\377;");
    scratch_end(&scratch);
}

static void walks_deeper_than_descriptors_and_paths_reach(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    int fd = fcntl(scratch.fd, F_DUPFD_CLOEXEC, 0);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(mkdirat(fd, "deep", 0755), 0);
        assert_int_equal(mkdirat(fd, "zlast", 0755), 0);
        int next = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = next;
    }
    close(fd);
    sw_cleanup_free char *all = walk_all(&scratch, "", NULL);
    size_t count = 0;
    for (const char *at = all; (at = strchr(at, ';')); at++)
        count++;
    assert_int_equal(count, 6000);
    scratch_end(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_names_in_bytewise_order_folders_first),
        cmocka_unit_test(walks_deeper_than_descriptors_and_paths_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
