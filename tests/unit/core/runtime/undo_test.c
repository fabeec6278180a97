#include "core/runtime/undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/check.h"

static char order[16];

static void note(void *context) {
    strcat(order, context);
}

static void what_is_left_is_undone_newest_first_and_once(void **state) {
    (void)state;
    sw_undo_add(note, "a");
    struct sw_undo *forgotten = sw_undo_add(note, "b");
    sw_undo_add(note, "c");
    struct sw_undo *newest = sw_undo_add(note, "d");
    sw_undo_forget(forgotten);
    sw_undo_forget(newest);
    sw_undo_forget(NULL);
    sw_undo_all();
    assert_string_equal(order, "ca");
    sw_undo_all();
    assert_string_equal(order, "ca");
}

static void files_and_empty_folders_are_removed(void **state) {
    (void)state;
    char folder[] = "/var/tmp/slipway-undo-XXXXXX", file[64];
    struct stat status;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/file", folder);
    sw_undo_remove_path(folder);
    sw_undo_remove_path(file);
    sw_undo_remove_path("/var/tmp/slipway-undo/was-never-there");
    fclose(fopen(file, "w"));
    sw_undo_all();
    assert_int_equal(stat(folder, &status), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_is_undone_newest_first_and_once),
        cmocka_unit_test(files_and_empty_folders_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
