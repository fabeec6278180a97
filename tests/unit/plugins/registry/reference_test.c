#include "plugins/registry/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "tests/unit/check.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void reads_names_as_docker_does(void **state) {
    (void)state;
    static const struct {
        const char *text, *domain, *path, *tag, *digest;
    } rows[] = {
        {"alpine", "docker.io", "library/alpine", NULL, NULL},
        {"alpine:3.18", "docker.io", "library/alpine", "3.18", NULL},
        {"docker.io/alpine", "docker.io", "library/alpine", NULL, NULL},
        {"index.docker.io/alpine:1", "docker.io", "library/alpine", "1", NULL},
        {"docker.io/a/b/c", "docker.io", "a/b/c", NULL, NULL},
        {"a/b", "docker.io", "a/b", NULL, NULL},
        {"a-b/c", "docker.io", "a-b/c", NULL, NULL},
        {"foo:5000", "docker.io", "library/foo", "5000", NULL},
        {"foo:5000/bar", "foo:5000", "bar", NULL, NULL},
        {"localhost:5000", "docker.io", "library/localhost", "5000", NULL},
        {"localhost/foo", "localhost", "foo", NULL, NULL},
        {"localhost:5000/x", "localhost:5000", "x", NULL, NULL},
        {"localhost:5000/x:y", "localhost:5000", "x", "y", NULL},
        {"FOO/bar", "FOO", "bar", NULL, NULL},
        {"ghcr.io/a/b:t@sha256:" HEX, "ghcr.io", "a/b", "t", "sha256:" HEX},
        {"a@sha256:" HEX, "docker.io", "library/a", NULL, "sha256:" HEX},
        {"a@sha512:" HEX HEX, "docker.io", "library/a", NULL, "sha512:" HEX HEX},
        {"registry-1.docker.io/a", "registry-1.docker.io", "a", NULL, NULL},
        {"[::1]:5000/x", "[::1]:5000", "x", NULL, NULL},
        {"[::1]/x:y", "[::1]", "x", "y", NULL},
        {"127.0.0.1:1/a__b/c--d/e.f", "127.0.0.1:1", "a__b/c--d/e.f", NULL, NULL},
        {"a---b", "docker.io", "library/a---b", NULL, NULL},
        {"a:x.y_z-", "docker.io", "library/a", "x.y_z-", NULL},
        {"a:_x", "docker.io", "library/a", "_x", NULL},
        {"x/" HEX, "docker.io", "x/" HEX, NULL, NULL},
        {"host.example:65535/p", "host.example:65535", "p", NULL, NULL},
        {"1/2", "docker.io", "1/2", NULL, NULL},
        {"1.2/3", "1.2", "3", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_reference struct sw_reference r = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        if (!sw_reference_parse(rows[i].text, &r, &error))
            fail_msg("%s: %s", rows[i].text, error->message);
        assert_string_equal(r.domain, rows[i].domain);
        assert_string_equal(r.path, rows[i].path);
        assert_string_equal(r.tag ? r.tag : "-", rows[i].tag ? rows[i].tag : "-");
        assert_string_equal(r.digest ? r.digest : "-", rows[i].digest ? rows[i].digest : "-");

        sw_cleanup_free char *text = sw_reference_format(&r);
        sw_cleanup_reference struct sw_reference again = {0};
        assert_true(sw_reference_parse(text, &again, NULL));
        sw_cleanup_free char *twice = sw_reference_format(&again);
        assert_string_equal(text, twice);
    }
}

/* Column of the caret, from 0. */
static int caret(const struct sw_error *error) {
    const char *line = error->excerpt ? strchr(error->excerpt, '\n') : NULL;
    return line ? (int)strspn(line + 1, " ") - 2 : -1;
}

static void points_at_what_does_not_fit(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int column;
    } rows[] = {
        {"", 0},
        {"/a", 0},
        {"a/", 2},
        {"a//b", 2},
        {"a:", 2},
        {"a:-x", 2},
        {"a:.x", 2},
        {"a/b:t:u", 5},
        {"a b", 1},
        {"\xc3\xbcmlaut", 0},
        {"https://a.b/c", 5},
        {"host:/x", 5},
        {"host:0/x", 5},
        {"host:99999/x", 5},
        {"host:123456/x", 5},
        {"host:5a/x", 6},
        {"a___b/c", 1},
        {"a..b", 1},
        {"a_-b", 1},
        {"a.-b", 1},
        {"-a", 0},
        {"a-", 1},
        {".a/b", 0},
        {"a.b./c", 4},
        {"a.b/.c", 4},
        {"foo/Bar", 4},
        {"Foo", 0},
        {"a.b/c/D", 6},
        {"[fe80::1%25eth0]/x", 1},
        {"[::1/x", 0},
        {"[::1]x/y", 5},
        {"[::1]:0/y", 6},
        {"a@b", 2},
        {"a@sha256:aa", 11},
        {"a@sha256:" HEX "0", 73},
        {"a@sha512:" HEX, 73},
        {"a@md5:d41d8cd98f00b204e9800998ecf8427e", 2},
        {"a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", 19},
        {"a@sha256:" HEX "@sha256:" HEX, 73},
        {"@sha256:" HEX, 0},
        {"a:t@", 4},
        {HEX, 0},
        {"a\tb", 1},
        {"a/b\n", 3},
        {"x/../y", 2},
        {"a/%2e", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_reference struct sw_reference r = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        if (sw_reference_parse(rows[i].text, &r, &error))
            fail_msg("\"%s\" was accepted", rows[i].text);
        if (caret(error) != rows[i].column)
            fail_msg("\"%s\": caret at %d, not %d (%s)", rows[i].text, caret(error), rows[i].column, error->message);
        assert_null(r.path);
    }
}

static void bounds_the_length_of_tags_and_paths(void **state) {
    (void)state;
    char text[600];
    sw_cleanup_reference struct sw_reference r = {0};
    snprintf(text, sizeof text, "a:%0128d", 1);
    assert_true(sw_reference_parse(text, &r, NULL));
    sw_reference_fini(&r);
    snprintf(text, sizeof text, "a:%0129d", 1);
    assert_false(sw_reference_parse(text, &r, NULL));
    snprintf(text, sizeof text, "a.b/%0255d", 1);
    assert_true(sw_reference_parse(text, &r, NULL));
    sw_reference_fini(&r);
    snprintf(text, sizeof text, "a.b/%0256d", 1);
    assert_false(sw_reference_parse(text, &r, NULL));
}

static void suggests_lower_case(void **state) {
    (void)state;
    sw_cleanup_reference struct sw_reference r = {0};
    sw_cleanup_error struct sw_error *error = NULL;
    assert_false(sw_reference_parse("quay.io/Org/App", &r, &error));
    assert_non_null(strstr(error->hint, "quay.io/org/app"));
}

static void takes_a_repository_without_tag_only(void **state) {
    (void)state;
    sw_cleanup_reference struct sw_reference r = {0};
    assert_true(sw_reference_parse_repository("https://localhost:5000/x", &r, NULL));
    assert_string_equal(r.domain, "localhost:5000");
    sw_reference_fini(&r);
    assert_false(sw_reference_parse_repository("localhost:5000", &r, NULL));
    assert_false(sw_reference_parse_repository("localhost:5000/x:y", &r, NULL));
    assert_false(sw_reference_parse_repository("localhost:5000/x@sha256:" HEX, &r, NULL));
}

static void asks_for_digest_then_tag_then_latest(void **state) {
    (void)state;
    static const char *const rows[][2] = {{"a", "latest"}, {"a:b", "b"}, {"a:b@sha256:" HEX, "sha256:" HEX}};
    for (size_t i = 0; i < 3; i++) {
        sw_cleanup_reference struct sw_reference r = {0};
        assert_true(sw_reference_parse(rows[i][0], &r, NULL));
        assert_string_equal(sw_reference_wanted(&r), rows[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names_as_docker_does),          cmocka_unit_test(points_at_what_does_not_fit),
        cmocka_unit_test(bounds_the_length_of_tags_and_paths), cmocka_unit_test(suggests_lower_case),
        cmocka_unit_test(takes_a_repository_without_tag_only), cmocka_unit_test(asks_for_digest_then_tag_then_latest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
