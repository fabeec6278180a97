#include "core/config/giterminism.h"

#include "core/base/error.h"
#include "tests/unit/check.h"
#include "tests/unit/core/config/project_fixture.h"

static void without_a_file_every_gate_is_closed_and_in_loose_mode_open(void **state) {
    (void)state;
    sw_cleanup_giterminism struct sw_giterminism *policy = strict_policy(NULL);
    for (int gate = 0; gate < SW_GATE_COUNT; gate++) {
        assert_false(sw_giterminism_allows(policy, (enum sw_gate)gate, "x"));
        assert_true(sw_giterminism_allows(NULL, (enum sw_gate)gate, "x"));
    }
}

/* What a refusal tells the user to add does allow what was refused. */
static void each_snippet_opens_its_gate(void **state) {
    (void)state;
    static const char *const subjects[] = {"NAME", ".werf/a.tmpl", "app/dir/f", "~/.aws/credentials", "/tmp/x", "we\"ird\\x"};
    for (int gate = 0; gate < SW_GATE_COUNT; gate++) {
        for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
            if (i == 5 && (gate != SW_GATE_SECRET_ENV && gate != SW_GATE_SECRET_VALUE)) /* a backslash is special in globs */
                continue;
            sw_cleanup_free char *snippet = sw_giterminism_snippet((enum sw_gate)gate, subjects[i]);
            sw_cleanup_free char *text = sw_format("giterminismConfigVersion: 1\n%s\n", snippet);
            sw_cleanup_giterminism struct sw_giterminism *policy = strict_policy(text);
            if (!policy || !sw_giterminism_allows(policy, (enum sw_gate)gate, subjects[i]))
                fail_msg("gate %d, %s:\n%s", gate, subjects[i], text);
            sw_cleanup_error struct sw_error *refusal = sw_giterminism_refusal((enum sw_gate)gate, subjects[i]);
            assert_int_equal(refusal->code, SW_ERROR_DENIED);
            assert_non_null(strstr(refusal->hint, snippet));
            assert_non_null(strstr(refusal->message, "giterminism"));
        }
    }
}

static void entries_match_in_the_way_of_their_gate(void **state) {
    (void)state;
    static const struct {
        enum sw_gate gate;
        const char *entry;
        const char *subject;
        bool allowed;
    } rows[] = {
        {SW_GATE_ENV, "A", "A", true},
        {SW_GATE_ENV, "A", "AB", false},
        {SW_GATE_ENV, "/A.*/", "AB", true},
        {SW_GATE_ENV, "/A/", "AB", false},
        {SW_GATE_ENV, "A.*", "AB", false},
        {SW_GATE_SECRET_ENV, "/A.*/", "AB", false},
        {SW_GATE_SECRET_ENV, "/A.*/", "/A.*/", true},
        {SW_GATE_SECRET_VALUE, "id", "id", true},
        {SW_GATE_SECRET_FILE, "~/.aws", "/home/me/.aws/credentials", true},
        {SW_GATE_SECRET_FILE, "~/.aws/*", "~/.aws/credentials", true},
        {SW_GATE_SECRET_FILE, "keys", "/srv/keys/a", true},
        {SW_GATE_SECRET_FILE, "keys", "keys/a", true},
        {SW_GATE_SECRET_FILE, "/etc", "etc", false},
        {SW_GATE_MOUNT_FROM_PATH, "~/c", "~/c", true},
        {SW_GATE_MOUNT_FROM_PATH, "~/c", "/home/me/c", false},
        {SW_GATE_MOUNT_FROM_PATH, "/var/cache", "/var/cache/apt/", true},
        {SW_GATE_UNCOMMITTED_TEMPLATES, ".werf/**", ".werf/a/b.tmpl", true},
        {SW_GATE_UNCOMMITTED_TEMPLATES, ".werf/*.tmpl", ".werf/a/b.tmpl", false},
        {SW_GATE_UNCOMMITTED_FILES, "*", "a/b/c", true},
        {SW_GATE_UNCOMMITTED_FILES, "**/*.txt", "a/b.txt", true},
        {SW_GATE_UNCOMMITTED_FILES, "{a,b/c}", "b/c/d", true},
        {SW_GATE_CONTEXT_ADD_FILE, "app/dir1/", "app/dir1/x", true},
        {SW_GATE_CONTEXT_ADD_FILE, "app/file1", "app/file10", false},
        {SW_GATE_DOCKERFILE, "Dockerfile", "app/Dockerfile", false},
        {SW_GATE_DOCKERIGNORE, "**/.dockerignore", "app/.dockerignore", true},
        {SW_GATE_HELM_FILES, ".helm", ".helm/x", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *snippet = sw_giterminism_snippet(rows[i].gate, rows[i].entry);
        sw_cleanup_free char *text = sw_format("giterminismConfigVersion: 1\n%s\n", snippet);
        sw_cleanup_giterminism struct sw_giterminism *policy = strict_policy(text);
        assert_non_null(policy);
        if (sw_giterminism_allows(policy, rows[i].gate, rows[i].subject) != rows[i].allowed)
            fail_msg("row %zu: \"%s\" and \"%s\"", i, rows[i].entry, rows[i].subject);
    }
}

/* Text of a file; a part of what is said of it; whether it is accepted. */
static void files_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *said;
        bool good;
    } rows[] = {
        {"giterminismConfigVersion: 1\n", "", true},
        {"giterminismConfigVersion: \"1\"\n", "", true},
        {"giterminismConfigVersion: 2\n", "1:27: giterminismConfigVersion: expected one of 1, not the number 2", false},
        {"", "key \"giterminismConfigVersion\" is missing", false},
        {"config: {}\n", "key \"giterminismConfigVersion\" is missing", false},
        {"- a\n", "expected a map", false},
        {"giterminismConfigVersion: 1\nconfig:\n", "2:8: config: expected a map, not nothing", false},
        {"giterminismConfigVersion: 1\nconfig: {allowUncommitted: 'yes'}\n", "config › allowUncommitted: expected true or false",
         false},
        {"giterminismConfigVersion: 1\nconfig: {allowUncommitted: yes}\n", "", true},
        {"giterminismConfigVersion: 1\nconfig: {secrets: x}\n", "config › secrets: expected a map", false},
        {"giterminismConfigVersion: 1\nincludes: 5\n", "includes: expected a map", false},
        {"giterminismConfigVersion: 1\nconfig: {allowUncommittedTemplates: a}\n", "expected a list of texts", false},
        {"giterminismConfigVersion: 1\nconfig: {allowUncommittedTemplates: ['a[']}\n", "no valid pattern", false},
        {"giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowEnvVariables: ['/(/']}}\n",
         "error parsing regexp: missing closing ): `(`", false},
        {"giterminismConfigVersion: 1\nconfig: {alowUncommitted: true}\n",
         "2:10: warning: config: unknown key \"alowUncommitted\" (did you mean \"allowUncommitted\"?)", true},
        {"giterminismConfigVersion: 1\ncli: {allowCustomTags: true}\ncli: {}\n", "warning: key \"cli\" is already set", true},
        {"giterminismConfigVersion: 1\n\tx: 1\n", "YAML syntax", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_diagnostics struct sw_diagnostics list = {0};
        struct sw_yaml_text yaml = {
            .file = "werf-giterminism.yaml", .data = rows[i].text, .len = strlen(rows[i].text), .first_line = 1};
        sw_cleanup_giterminism struct sw_giterminism *policy = sw_giterminism_parse(&yaml, NULL, NULL, &list);
        sw_cleanup_free char *said = sw_diagnostics_text(&list);
        if ((policy != NULL) != rows[i].good || !strstr(said, rows[i].said))
            fail_msg("row %zu: %s", i, said);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_every_gate_is_closed_and_in_loose_mode_open),
        cmocka_unit_test(each_snippet_opens_its_gate),
        cmocka_unit_test(entries_match_in_the_way_of_their_gate),
        cmocka_unit_test(files_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
