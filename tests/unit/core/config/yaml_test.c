/* The YAML dialect. `scalars.tsv` holds what Go's yaml.v2 makes of "v: TEXT": kind (s, b, i, f, n null, c list or map), the value as
 * "%v" prints it, and the text of a string field; "ERR" when it refuses. */
#include "core/config/yaml.h"

#include "core/base/error.h"
#include "tests/unit/check.h"
#include "tests/unit/core/config/project_fixture.h"

static struct sw_arena arena;
static struct sw_diagnostics list;

static int begin(void **state) {
    (void)state;
    arena = (struct sw_arena){0};
    list = (struct sw_diagnostics){0};
    return 0;
}

static int end(void **state) {
    (void)state;
    sw_arena_fini(&arena);
    sw_diagnostics_fini(&list);
    return 0;
}

static struct sw_value *parse(const char *data) {
    struct sw_yaml_text text = {.file = "f.yaml", .data = data, .len = strlen(data), .first_line = 1};
    return sw_yaml_parse(&arena, &text, &list);
}

static void describe(const struct sw_value *root, char *out, size_t size) {
    static const char kinds[] = "nbifscc";
    const struct sw_value *value = sw_value_get(root, "v");
    const struct sw_host_document *d = &sw_document_table;
    if (!root || list.error_count || !sw_value_key(root, "v"))
        snprintf(out, size, "ERR");
    else
        snprintf(out, size, "%c|%s|%s", kinds[d->kind(value)], d->printed(value), d->source(value) ? d->source(value) : "?");
}

static void scalars_mean_what_they_mean_to_go(void **state) {
    (void)state;
    sw_cleanup_free char *rows = read_file(TEST_FIXTURES "/config/scalars.tsv");
    size_t count = 0;
    for (char *save = NULL, *row = strtok_r(rows, "\n", &save); row; row = strtok_r(NULL, "\n", &save), count++) {
        char *expected = strchr(row, '\t'), found[4096];
        *expected++ = 0;
        sw_cleanup_free char *text = sw_format("v: %s\n", row);
        begin(NULL);
        describe(parse(text), found, sizeof found);
        end(NULL);
        if (strcmp(found, expected) != 0)
            fail_msg("%s: expected %s, found %s", row, expected, found);
    }
    assert_true(count > 400);
}

static void every_value_knows_its_line_and_column(void **state) {
    (void)state;
    struct sw_value *root = parse("a:\n  - b\n  - {c: d,  e: f}\né: ü\n");
    const struct sw_host_document *d = &sw_document_table;
    const struct sw_value *items = sw_value_get(root, "a"), *map = d->at(items, 1);
    assert_int_equal(d->place(d->at(items, 0)).line, 2);
    assert_int_equal(d->place(d->at(items, 0)).column, 5);
    assert_int_equal(d->place(d->key_at(map, 1)).line, 3);
    assert_int_equal(d->place(d->key_at(map, 1)).column, 13);
    assert_int_equal(d->place(sw_value_get(map, "e")).column, 16);
    assert_int_equal(d->place(sw_value_get(root, "é")).column, 5); /* counted in bytes */
    assert_string_equal(d->place(root).file, "f.yaml");
}

static void lines_count_from_the_first_line_of_the_piece(void **state) {
    (void)state;
    struct sw_yaml_text text = {.file = "f.yaml", .data = "a: 1\r\nb: 2\r\n", .len = 12, .first_line = 40};
    struct sw_value *root = sw_yaml_parse(&arena, &text, &list);
    assert_int_equal(sw_value_get(root, "b")->place.line, 41);
}

static struct sw_yaml_origin origin(void *context, uint32_t line) {
    (void)context;
    return (struct sw_yaml_origin){.file = line == 2 ? ".werf/x.tmpl" : "werf.yaml", .line = line * 10, .verbatim = line != 2};
}

static void places_are_those_of_the_template(void **state) {
    (void)state;
    struct sw_yaml_text text = {.file = "werf.yaml", .data = "a: 1\nb: 2\n", .len = 10, .first_line = 1, .origin = origin};
    struct sw_value *root = sw_yaml_parse(&arena, &text, &list);
    assert_string_equal(sw_value_get(root, "b")->place.file, ".werf/x.tmpl");
    assert_int_equal(sw_value_get(root, "b")->place.line, 20);
    assert_string_equal(sw_value_get(root, "a")->place.file, "werf.yaml");
    sw_cleanup_free char *excerpt = sw_yaml_excerpt(&text, 2, 4);
    assert_string_equal(excerpt,
                        "     2 | b: 2\n       |    ^\n       = line 2 of the rendered text, made by line 20 of .werf/x.tmpl");
}

static void an_alias_has_a_place_of_its_own(void **state) {
    (void)state;
    struct sw_value *root = parse("a: &x {b: c}\nd: *x\n");
    const struct sw_value *alias = sw_value_get(root, "d");
    assert_int_equal(alias->place.line, 2);
    assert_string_equal(sw_value_source(sw_value_get(alias, "b")), "c");
    assert_int_equal(sw_value_get(alias, "b")->place.line, 1);
}

static void a_merge_adds_keys(void **state) {
    (void)state;
    struct sw_value *root = parse("a: &x {b: c}\nd: {<<: *x, e: f}\ng: {<<: [*x, {h: i}]}\n\"<<\": j\n");
    assert_int_equal(list.error_count, 0);
    assert_string_equal(sw_value_source(sw_value_get(sw_value_get(root, "d"), "b")), "c");
    assert_int_equal(sw_value_get(root, "g")->count, 2);
    assert_string_equal(sw_value_source(sw_value_get(root, "<<")), "j");
}

static void the_lenient_reader_takes_the_last_of_equal_keys(void **state) {
    (void)state;
    struct sw_yaml_text text = {.file = "f", .data = "a: 1\na: 2\n", .len = 10, .first_line = 1};
    struct sw_value *root = sw_yaml_parse_lenient(&arena, &text, &list);
    assert_string_equal(sw_value_source(sw_value_get(root, "a")), "2");
    assert_int_equal(root->count, 1);
    assert_int_equal(list.error_count, 0);
    assert_int_equal(list.len, 1);
}

static void empty_text_is_null(void **state) {
    (void)state;
    assert_int_equal(parse("")->kind, SW_VALUE_NULL);
    assert_int_equal(parse("# only a comment\n")->kind, SW_VALUE_NULL);
    assert_int_equal(list.error_count, 0);
}

/* Text that is no YAML, and a part of what is said of it. */
static void bad_text_is_refused(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"a: \"\\0\"\n", "NUL"},
        {"a: \xff\n", "1:1: YAML syntax"},
        {"ok: 1\nb: \x01\n", "2:1: YAML syntax: control characters are not allowed"},
        {"a: *b\n", "alias *b: no anchor &b"},
        {"a: &b [*b]\n", "contains itself"},
        {"a: !!int x\n", "as !!int"},
        {"{a: b\n", "flow mapping"},
        {"a: b\n...\nc: d\n", "YAML syntax"},
        {"a: b\n--- \nc: d\n", "second YAML document"},
        {"a: {? [b] : c}\n", "a key must be text"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(NULL);
        parse(rows[i][0]);
        sw_cleanup_free char *text = sw_diagnostics_text(&list);
        assert_true(list.error_count > 0);
        if (!strstr(text, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], text);
        end(NULL);
    }
    begin(NULL);
}

static char *repeat(const char *part, size_t count) {
    struct sw_buf out = {0};
    for (size_t i = 0; i < count; i++)
        sw_buf_puts(&out, part);
    return sw_buf_take(&out);
}

static void depth_and_aliases_have_limits(void **state) {
    (void)state;
    sw_cleanup_free char *deep = repeat("[", 100000);
    assert_null(parse(deep));
    assert_true(list.error_count > 0);
    end(NULL);
    sw_cleanup_free char *flat = repeat("- a\n", 100000);
    assert_int_equal(parse(flat)->count, 100000);
    assert_int_equal(list.error_count, 0);
    end(NULL);
    struct sw_buf chain = {0}; /* each alias one level deeper than the one before */
    sw_buf_puts(&chain, "a0: &a0 [x]\n");
    for (int i = 1; i < 300; i++)
        sw_buf_printf(&chain, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    assert_null(parse(sw_buf_text(&chain)));
    sw_buf_fini(&chain);
}

static void printing_follows_go(void **state) {
    (void)state;
    struct sw_value *root = parse("a: [1, x, ~, [2.50, yes]]\nb: {z: 1, a: [~], 10: c, 9: d}\nc: {}\n");
    const struct sw_host_document *d = &sw_document_table;
    assert_string_equal(d->printed(sw_value_get(root, "a")), "[1 x <nil> [2.5 true]]");
    assert_string_equal(d->printed(sw_value_get(root, "b")), "map[9:d 10:c a:[<nil>] z:1]");
    assert_string_equal(d->printed(sw_value_get(root, "c")), "map[]");
    assert_string_equal(d->printed(NULL), "<nil>");
}

static void absent_values_are_harmless(void **state) {
    (void)state;
    const struct sw_host_document *d = &sw_document_table;
    assert_int_equal(d->kind(NULL), SW_VALUE_NULL);
    assert_int_equal(d->count(NULL), 0);
    assert_null(d->at(NULL, 0));
    assert_null(d->key_at(NULL, 0));
    assert_null(d->get(NULL, "a"));
    assert_string_equal(d->text(NULL), "");
    assert_string_equal(d->source(NULL), "");
    assert_true(d->boolean(NULL, true));
    assert_int_equal(d->integer(NULL, 7), 7);
    assert_null(d->place(NULL).file);
    struct sw_value *root = parse("a: [1]\n");
    assert_null(d->at(sw_value_get(root, "a"), 1));
    assert_null(d->text(root));
    assert_null(d->source(root));
    assert_int_equal(d->size, sizeof *d);
}

static void integers_may_be_written_as_floats_without_a_fraction(void **state) {
    (void)state;
    const struct sw_host_document *d = &sw_document_table;
    struct sw_value *root = parse("a: 5.0\nb: 5.5\nc: 0x10\nd: x\n");
    assert_int_equal(d->integer(sw_value_get(root, "a"), -1), 5);
    assert_int_equal(d->integer(sw_value_get(root, "b"), -1), -1);
    assert_int_equal(d->integer(sw_value_get(root, "c"), -1), 16);
    assert_int_equal(d->integer(sw_value_get(root, "d"), -1), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_mean_what_they_mean_to_go),
        cmocka_unit_test_setup_teardown(every_value_knows_its_line_and_column, begin, end),
        cmocka_unit_test_setup_teardown(lines_count_from_the_first_line_of_the_piece, begin, end),
        cmocka_unit_test_setup_teardown(places_are_those_of_the_template, begin, end),
        cmocka_unit_test_setup_teardown(an_alias_has_a_place_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(a_merge_adds_keys, begin, end),
        cmocka_unit_test_setup_teardown(the_lenient_reader_takes_the_last_of_equal_keys, begin, end),
        cmocka_unit_test_setup_teardown(empty_text_is_null, begin, end),
        cmocka_unit_test_setup_teardown(bad_text_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(depth_and_aliases_have_limits, begin, end),
        cmocka_unit_test_setup_teardown(printing_follows_go, begin, end),
        cmocka_unit_test_setup_teardown(absent_values_are_harmless, begin, end),
        cmocka_unit_test_setup_teardown(integers_may_be_written_as_floats_without_a_fraction, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
