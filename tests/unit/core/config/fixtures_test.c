/* Files of tests/fixtures/config: `bad/NAME.yaml` gives exactly the findings of `bad/NAME.expected`, `good/NAME.yaml` is accepted and
 * makes the images of `good/NAME.expected`. `NAME.giterminism.yaml` beside a file is its policy; without one nothing is allowed.
 *
 * `rows.tsv` has each key of each kind of map: where it stands, its name, what goes before it (T nothing, M the project's document,
 * D and S also an image "a" of either kind, I an empty image document), `+` accepted, `-` refused or `=` nothing to accept, the text
 * with \n for line ends, and the place and message of the first error. */
#include <dirent.h>

#include "core/base/path.h"
#include "core/base/vec.h"
#include "tests/unit/check.h"
#include "tests/unit/core/config/project_fixture.h"

static void add_image(struct sw_buf *out, const struct sw_project *project, const struct sw_project_image *image) {
    sw_cleanup_free char *platforms = sw_strings_join(image->platforms, ",");
    sw_buf_printf(out, "image \"%s\": %s, set %zu, %s%s", image->name, image->builder ? image->builder->name : "", image->set,
                  platforms, image->final ? "" : ", not final");
    for (size_t i = 0; i < image->need_count; i++)
        sw_buf_printf(out, "%s%s", i ? " " : ", needs ", project->images[image->needs[i].image].name);
    for (size_t i = 0; i < image->secret_count; i++)
        sw_buf_printf(out, ", secret %s", image->secrets[i].id);
    sw_buf_printf(out, "%s%s\n", image->staged ? ", staged" : "", image->spec ? ", spec" : "");
}

/* What is expected of a file, as it came out. */
static char *result_of(const char *folder, const char *name, bool *valid) {
    sw_cleanup_free char *path = sw_format("%s/%s", folder, name);
    sw_cleanup_free char *text = read_file(path);
    sw_cleanup_free char *policy_path = sw_format("%.*s.giterminism.yaml", (int)(strlen(path) - 5), path);
    sw_cleanup_free char *policy_text = read_file(policy_path);
    sw_cleanup_giterminism struct sw_giterminism *policy = strict_policy(policy_text);
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    assert_non_null(text);
    assert_non_null(policy);
    sw_cleanup_project struct sw_project *project = parse_project("werf.yaml", text, policy, &list);
    sw_cleanup_free char *findings = sw_diagnostics_text(&list);
    struct sw_buf out = {0};
    sw_buf_puts(&out, findings);
    for (size_t i = 0; project && i < project->image_count; i++)
        add_image(&out, project, &project->images[i]);
    *valid = project != NULL;
    assert_int_equal(list.error_count == 0, project != NULL);
    return sw_buf_take(&out);
}

static void compare_file(const char *folder, const char *name, bool good, size_t *wrong) {
    bool valid;
    sw_cleanup_free char *result = result_of(folder, name, &valid);
    sw_cleanup_free char *expected_path = sw_format("%s/%.*s.expected", folder, (int)(strlen(name) - 5), name);
    if (getenv("UPDATE_EXPECTED")) {
        sw_cleanup_file FILE *file = fopen(expected_path, "w");
        fputs(result, file);
    }
    sw_cleanup_free char *expected = read_file(expected_path);
    if (expected && strcmp(expected, result) == 0 && valid == good)
        return;
    (*wrong)++;
    print_error("%s/%s:\n--- expected\n%s--- found\n%s", folder, name, expected ? expected : "", result);
}

static size_t compare_folder(const char *name, bool good) {
    sw_cleanup_free char *folder = sw_format("%s/config/%s", TEST_FIXTURES, name);
    sw_cleanup_dir DIR *dir = opendir(folder);
    size_t count = 0, wrong = 0;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name);
        if (len < 6 || strcmp(entry->d_name + len - 5, ".yaml") != 0 || strstr(entry->d_name, ".giterminism."))
            continue;
        count++;
        compare_file(folder, entry->d_name, good, &wrong);
    }
    assert_int_equal(wrong, 0);
    return count;
}

static void every_bad_file_gets_its_findings(void **state) {
    (void)state;
    assert_true(compare_folder("bad", false) >= 200);
}

static void every_good_file_is_accepted(void **state) {
    (void)state;
    assert_true(compare_folder("good", true) >= 40);
}

/* A row of rows.tsv. */
struct row {
    char *field[6]; /* group, key, base, sign, text, expected */
};

static void read_row(char *line, struct row *row) {
    for (size_t i = 0; i < 6; i++) {
        row->field[i] = line;
        line += strcspn(line, "\t");
        if (*line)
            *line++ = 0;
    }
}

static char *text_of(const struct row *row) {
    static const char meta[] = "project: p\nconfigVersion: 1\n";
    const char *image = *row->field[2] == 'D'   ? "---\nimage: a\ndockerfile: D\n"
                        : *row->field[2] == 'S' ? "---\nimage: a\nfrom: x\n"
                        : *row->field[2] == 'I' ? "---\n"
                                                : "";
    struct sw_buf out = {0};
    sw_buf_printf(&out, "%s%s", *row->field[2] == 'T' ? "" : meta, image);
    for (const char *c = row->field[4]; *c; c++) {
        bool line_end = c[0] == '\\' && c[1] == 'n';
        sw_buf_putc(&out, line_end ? '\n' : *c);
        c += line_end;
    }
    sw_buf_putc(&out, '\n');
    return sw_buf_take(&out);
}

static void check_row(const struct row *row) {
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    sw_cleanup_free char *text = text_of(row);
    sw_cleanup_project struct sw_project *project = parse_project("werf.yaml", text, NULL, &list);
    if ((project != NULL) != (*row->field[3] == '+'))
        fail_msg("%s: %s is %s", row->field[1], text, project ? "accepted" : "refused");
    if (project)
        return;
    sw_cleanup_free char *wanted = sw_format("werf.yaml:%s", row->field[5]);
    sw_cleanup_free char *found = sw_diagnostics_text(&list);
    const char *at = strstr(found, wanted);
    if (!at || (at[strlen(wanted)] != '\n' && at[strlen(wanted)] != 0))
        fail_msg("%s: %s: expected %s, found %s", row->field[1], text, wanted, found);
}

static void each_key_has_what_is_accepted_and_what_is_refused(void **state) {
    (void)state;
    sw_cleanup_free char *text = read_file(TEST_FIXTURES "/config/rows.tsv");
    sw_cleanup_free char *last = NULL;
    bool accepted = true, refused = true;
    size_t keys = 0;
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct row row;
        read_row(line, &row);
        sw_cleanup_free char *key = sw_format("%s %s", row.field[0], row.field[1]);
        if (!last || strcmp(last, key) != 0) {
            if (!accepted || !refused)
                fail_msg("%s: one side is missing", last);
            accepted = refused = false;
            keys++;
            free(last);
            last = sw_strdup(key);
        }
        accepted = accepted || *row.field[3] != '-';
        refused = refused || *row.field[3] == '-';
        if (*row.field[3] != '=')
            check_row(&row);
    }
    assert_true(accepted && refused);
    assert_true(keys >= 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_file_gets_its_findings),
        cmocka_unit_test(every_good_file_is_accepted),
        cmocka_unit_test(each_key_has_what_is_accepted_and_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
