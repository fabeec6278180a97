#include "core/base/import_filter.h"

#include <string.h>

#include "tests/unit/check.h"

struct row {
    const char *include; /* patterns, separated by blanks */
    const char *exclude;
    const char *path; /* a folder when it ends in '/' */
    enum sw_import_verdict verdict;
};

static struct sw_strings split(char *text, const char *items[8]) {
    size_t count = 0;
    for (char *item = strtok(text, " "); item && count < 8; item = strtok(NULL, " "))
        items[count++] = item;
    return (struct sw_strings){.items = items, .count = count};
}

static void takes_what_rsync_takes(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"", "", "a/b", SW_IMPORT_YES},
        {"a", "", "a/", SW_IMPORT_YES},
        {"a", "", "a/b/c", SW_IMPORT_YES},
        {"a", "", "ab", SW_IMPORT_NO},
        {"/a/", "", "a/b", SW_IMPORT_YES},
        {"a/b/c", "", "a/", SW_IMPORT_THROUGH},
        {"a/b/c", "", "a/b/", SW_IMPORT_THROUGH},
        {"a/b/c", "", "a/x/", SW_IMPORT_NO},
        {"a/b/c", "", "a/b", SW_IMPORT_NO}, /* a file where a folder must be */
        {"*.c", "", "f.c", SW_IMPORT_YES},
        {"*.c", "", "d/f.c", SW_IMPORT_NO},
        {"*/f", "", "d/", SW_IMPORT_THROUGH},
        {"*/f", "", "d/f", SW_IMPORT_YES},
        {"*/f", "", "d/e/f", SW_IMPORT_NO},
        {"**/f", "", "f", SW_IMPORT_YES},
        {"**/f", "", "d/e/f", SW_IMPORT_YES},
        {"**/f", "", "d/e/", SW_IMPORT_THROUGH},
        {"**/f", "", "d/g", SW_IMPORT_NO},
        {"a/**/f", "", "a/f", SW_IMPORT_YES},
        {"a/**/f", "", "a/b/c/f", SW_IMPORT_YES},
        {"a/**/f", "", "b/f", SW_IMPORT_NO},
        {"a/**/**/**/f", "", "a/f", SW_IMPORT_YES},
        {"a/**", "", "a/b/c", SW_IMPORT_YES},
        {"a/**", "", "a/", SW_IMPORT_THROUGH},
        {"d?r", "", "dir", SW_IMPORT_YES},
        {"d?r", "", "d/r", SW_IMPORT_NO},
        {"[a-c]x", "", "bx", SW_IMPORT_YES},
        {"[!a-c]x", "", "bx", SW_IMPORT_NO},
        {"[^a-c]x", "", "dx", SW_IMPORT_YES},
        {"[", "", "[", SW_IMPORT_NO},
        {"\\*", "", "*", SW_IMPORT_YES},
        {"\\*", "", "a", SW_IMPORT_NO},
        {"a b", "", "b", SW_IMPORT_YES},
        {".", "", "any/thing", SW_IMPORT_YES},
        {"", "*.o", "f.o", SW_IMPORT_NO},
        {"", "*.o", "d/f.o", SW_IMPORT_YES},
        {"", "**/*.o", "d/f.o", SW_IMPORT_NO},
        {"", "**/*.o", "f.o", SW_IMPORT_NO},
        {"", "d", "d/", SW_IMPORT_NO},
        {"", "d/**", "d/", SW_IMPORT_YES},
        {"", "d/**", "d/f", SW_IMPORT_NO},
        {"a", "a/b", "a/b", SW_IMPORT_NO},
        {"a", "a/b", "a/c", SW_IMPORT_YES},
        {"*a*a*a*a*a*a*a*b", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", SW_IMPORT_NO},
        {"**a**a**a**a**a**a**b", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", SW_IMPORT_NO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        char include[64], exclude[64], path[128];
        const char *includes[8], *excludes[8];
        strcpy(include, row->include);
        strcpy(exclude, row->exclude);
        strcpy(path, row->path);
        size_t len = strlen(path);
        bool is_folder = path[len - 1] == '/';
        if (is_folder)
            path[len - 1] = '\0';
        sw_cleanup_import_filter struct sw_import_filter *filter =
            sw_import_filter_new(split(include, includes), split(exclude, excludes));
        if (sw_import_filter_match(filter, path, is_folder) != row->verdict)
            fail_msg("include \"%s\", exclude \"%s\": %s", row->include, row->exclude, row->path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_what_rsync_takes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
