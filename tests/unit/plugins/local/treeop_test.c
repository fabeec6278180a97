#include "plugins/local/treeop.h"

#include "core/base/error.h"
#include "tests/unit/plugins/local/faketree.h"
#include "tests/unit/plugins/local/listing.h"

enum { EPOCH = 1400000000 };

/* Writes outer/source into outer/root, as a tree or (with a record) as a patch, and compares. */
static void check(const char *prepare, const struct sw_op_patch *patch, const char *wanted) {
    struct scratch outer;
    scratch_make(&outer);
    sw_cleanup_free char *line =
        sw_format("umask 022; mkdir source root outside; %s; find . -exec touch -h -d @1000000000 {} +", prepare);
    scratch_run(&outer, line);
    struct faketree tree = {.folder = openat(outer.fd, "source", O_RDONLY | O_DIRECTORY | O_CLOEXEC), .record = patch};
    int root = openat(outer.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct sw_treeop_job job = {.reader = &faketree_table, .graph = faketree_graph(&tree), .root = root, .epoch = EPOCH};
    sw_cleanup_error struct sw_error *error = NULL;
    bool ok = patch ? sw_treeop_patch(&job, &error) : sw_treeop_write(&job, &error);
    if (!ok)
        fail_msg("%s", error->message);
    sw_cleanup_free char *found = listing_of(root);
    if (strcmp(found, wanted) != 0)
        fail_msg("found\n%swanted\n%s", found, wanted);
    sw_cleanup_free char *outside = scratch_ask(&outer, "ls -A outside");
    assert_string_equal(outside, "");
    close(tree.folder);
    close(root);
    scratch_end(&outer);
}

static void writes_a_tree_with_its_metadata(void **state) {
    (void)state;
    check("cd source; mkdir -p d/e; echo -n one >d/e/f; chmod 755 d/e/f; ln -s ../x d/l; echo -n two >d-2; cd ..", NULL,
          "d d 0755 0:0 1000000000\nd/e d 0755 0:0 1000000000\nd/e/f f 0755 0:0 1000000000 one\nd/l l 0777 0:0 1000000000 >../x\n"
          "d-2 f 0644 0:0 1000000000 two\n");
}

static struct sw_op_patch patch_to(struct sw_patch_part *part, const char *to, const char *owner, const char *group) {
    *part = (struct sw_patch_part){.size = sizeof *part, .mapping = {.to = to, .owner = owner, .group = group}};
    return (struct sw_op_patch){.size = sizeof(struct sw_op_patch), .parts = part, .part_count = 1};
}

static void a_patch_adds_replaces_and_removes(void **state) {
    (void)state;
    struct sw_patch_part part;
    struct sw_op_patch patch = patch_to(&part, "/app", NULL, NULL);
    check(
        "mkdir -p root/app/old/deep root/app/keep source/old/deep source/new; echo -n o >root/app/old/deep/f; echo -n o "
        ">root/app/c; "
        "echo -n k >root/app/keep/k; ln -s /outside root/app/l; echo -n n >source/c; echo -n l >source/l; echo -n n >source/new/f; "
        "touch source/old/deep/f.deleted source/gone.deleted; rmdir source/old/deep 2>/dev/null; true",
        &patch,
        "app d 0755 0:0 -\napp/c f 0644 0:0 1000000000 n\napp/keep d 0755 0:0 1000000000\napp/keep/k f 0644 0:0 1000000000 k\n"
        "app/l f 0644 0:0 1000000000 l\napp/new d 0755 0:0 1000000000\napp/new/f f 0644 0:0 1000000000 n\n");
}

static void removing_never_goes_above_where_the_mapping_is(void **state) {
    (void)state;
    struct sw_patch_part part;
    struct sw_op_patch patch = patch_to(&part, "/a/b", NULL, NULL);
    check("mkdir -p root/a/b/c source; echo -n o >root/a/b/c/f; touch source/c; rm source/c; mkdir source/c; touch "
          "source/c/f.deleted; "
          "mv source/c source/x; mkdir source/y; rmdir source/y; mv source/x source/c",
          &patch, "a d 0755 0:0 1000000000\na/b d 0755 0:0 -\n");
}

static void owners_are_names_of_the_image(void **state) {
    (void)state;
    struct sw_patch_part part;
    struct sw_op_patch patch = patch_to(&part, "/srv/../app", "web", "www");
    check("mkdir -p root/etc source; echo web:x:33:44::: >root/etc/passwd; echo www:x:55: >root/etc/group; echo -n x >source/f",
          &patch,
          "app d 0755 33:55 -\napp/f f 0644 33:55 1000000000 x\netc d 0755 0:0 1000000000\netc/group f 0644 0:0 1000000000 "
          "www:x:55:.\n"
          "etc/passwd f 0644 0:0 1000000000 web:x:33:44:::.\n");
}

static void a_mapping_through_links_stays_inside(void **state) {
    (void)state;
    struct sw_patch_part part;
    struct sw_op_patch patch = patch_to(&part, "/l/app", NULL, NULL);
    check("ln -s ../outside root/l; echo -n x >source/f", &patch,
          "l l 0777 0:0 1000000000 >../outside\noutside d 0755 0:0 -\noutside/app d 0755 0:0 -\noutside/app/f f 0644 0:0 "
          "1000000000 x\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_tree_with_its_metadata),
        cmocka_unit_test(a_patch_adds_replaces_and_removes),
        cmocka_unit_test(removing_never_goes_above_where_the_mapping_is),
        cmocka_unit_test(owners_are_names_of_the_image),
        cmocka_unit_test(a_mapping_through_links_stays_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
