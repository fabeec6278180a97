/* Rendering: limits that stop a template which runs away, the map from lines of output to lines of templates, places of errors. */
#include "tests/unit/check.h"

#include <string.h>

#include "core/base/error.h"
#include "core/template/template.h"

static struct sw_template_text text_of(const char *name, const char *text) {
    return (struct sw_template_text){name, {text, strlen(text)}};
}

/* The error of a template that must fail. */
static struct sw_error *failure_of(const struct sw_template_input *input) {
    struct sw_template_output output;
    struct sw_error *error = NULL;
    assert_false(sw_template_render(input, &output, &error));
    assert_non_null(error);
    assert_null(output.text);
    return error;
}

static void assert_stops(const char *template, struct sw_template_limits limits, const char *words) {
    struct sw_template_input input = {.main = text_of("main", template), .limits = limits};
    sw_cleanup_error struct sw_error *error = failure_of(&input);
    assert_non_null(strstr(error->message, words));
    assert_string_equal(error->file, "main");
}

static void a_template_that_calls_itself_for_ever_is_stopped(void **state) {
    (void)state;
    struct sw_template_limits none = {0};
    assert_stops("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}", none,
                 "exceeded maximum template depth");
    assert_stops("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}", none, "exceeded maximum template depth");
    assert_stops("{{ define \"a\" }}{{ tpl \"{{ include `a` . }}\" . }}{{ end }}{{ include \"a\" . }}", none,
                 "exceeded maximum template depth");
}

static void a_loop_without_end_is_stopped(void **state) {
    (void)state;
    assert_stops("{{ range 9223372036854775807 }}{{ end }}", (struct sw_template_limits){.steps = 1000},
                 "stopped after 1000 steps");
}

static void functions_that_keep_the_processor_busy_count_as_many_steps(void **state) {
    (void)state;
    static const char *const templates[] = {
        "{{ range 100 }}{{ derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}{{ end }}",
        "{{ range 100 }}{{ bcrypt \"p\" }}{{ end }}",
        "{{ range 100 }}{{ htpasswd \"u\" \"p\" }}{{ end }}",
        "{{ range 100 }}{{ genPrivateKey \"ecdsa\" }}{{ end }}",
        "{{ range 100 }}{{ genCA \"x\" 1 }}{{ end }}",
    };
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++)
        assert_stops(templates[i], (struct sw_template_limits){.steps = 6000}, "stopped after 6000 steps");
}

static void output_past_the_limit_is_an_error(void **state) {
    (void)state;
    assert_stops("{{ range 1000 }}0123456789{{ end }}", (struct sw_template_limits){.output = 500},
                 "the output grows past 500 bytes");
}

static void values_past_the_limit_of_memory_are_an_error(void **state) {
    (void)state;
    static const char *const templates[] = {
        "{{ repeat 1000000000000 \"a\" }}",
        "{{ until 1000000000 | len }}",
        "{{ seq 1000000000 | len }}",
        "{{ $x := \"0123456789\" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}",
        "{{ indent 100000000 \"a\" }}",
        "{{ randAlphaNum 1000000000 | len }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
    };
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++)
        assert_stops(templates[i], (struct sw_template_limits){.memory = 1 << 20}, "memory");
}

static void a_value_that_contains_itself_is_an_error_not_a_crash(void **state) {
    (void)state;
    static const char *const uses[] = {"{{ $d }}", "{{ printf \"%v\" $d }}", "{{ quote $d }}", "{{ mustToJson $d }}",
                                       "{{ deepCopy $d }}"};
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        char template[200] = "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}";
        strcat(template, uses[i]);
        struct sw_template_input input = {.main = text_of("main", template)};
        sw_error_free(failure_of(&input));
    }
}

static void a_value_that_shares_its_parts_over_and_over_cannot_be_printed(void **state) {
    (void)state;
    static const char *const uses[] = {"print", "toJson", "toYaml", "quote", "toString"};
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        char template[200] = "{{ $l := list 1 }}{{ range 64 }}{{ $l = list $l $l }}{{ end }}{{ $l | ";
        strcat(strcat(template, uses[i]), " | len }}");
        struct sw_template_input input = {.main = text_of("main", template), .limits = {.memory = 1 << 16}};
        struct sw_template_output output;
        struct sw_error *error = NULL;
        if (sw_template_render(&input, &output, &error))
            assert_string_equal(output.text, "0"); /* the plain forms of encodings say nothing */
        else
            assert_non_null(error);
        sw_error_free(error);
        sw_template_output_fini(&output);
    }
}

static void each_line_of_output_knows_the_template_line_it_came_from(void **state) {
    (void)state;
    struct sw_template_text named[] = {text_of("lib", "\n{{ define \"part\" }}c: 1\nd: 2\n{{ end }}")};
    struct sw_template_input input = {
        .main = text_of("main", "a: 1\n{{- /* gone */}}\n{{ range list 1 2 -}}\nx: {{ . }}\n{{ end }}{{ template \"part\" }}last"),
        .named = named,
        .named_count = 1,
    };
    static const struct sw_template_origin want[] = {{"main", 1}, {"main", 4}, {"main", 4}, {"lib", 2}, {"lib", 3}, {"main", 5}};
    struct sw_template_output output;
    assert_true(sw_template_render(&input, &output, NULL));
    assert_string_equal(output.text, "a: 1\nx: 1\nx: 2\nc: 1\nd: 2\nlast");
    assert_int_equal(output.line_count, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < output.line_count; i++) {
        assert_string_equal(output.lines[i].name, want[i].name);
        assert_int_equal(output.lines[i].line, want[i].line);
    }
    sw_template_output_fini(&output);
}

static void an_error_names_the_innermost_place_in_a_file(void **state) {
    (void)state;
    struct sw_template_text named[] = {text_of("lib", "{{ define \"part\" }}\n  {{ tpl \"{{ fail `x` }}\" . }}{{ end }}")};
    struct sw_template_input input = {.main = text_of("main", "{{ include \"part\" . }}"), .named = named, .named_count = 1};
    sw_cleanup_error struct sw_error *error = failure_of(&input);
    assert_string_equal(error->file, "lib");
    assert_int_equal(error->line, 2);
    assert_int_equal(error->column, 6);
}

static void the_dot_has_what_the_caller_gives(void **state) {
    (void)state;
    static const char values[] = "{\"n\": 1.5}";
    struct sw_template_input input = {
        .main = text_of("main", "{{ .Env }} {{ .Commit.Hash }} {{ .Commit.Date.Unix }} {{ .n }} {{ typeOf .Commit.Date }}"),
        .values = values,
        .values_len = sizeof values - 1,
        .env_name = "dev",
        .commit = {"abc", "then", "12"},
    };
    struct sw_template_output output;
    assert_true(sw_template_render(&input, &output, NULL));
    assert_string_equal(output.text, "dev abc 12 1.5 map[string]string");
    sw_template_output_fini(&output);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_that_calls_itself_for_ever_is_stopped),
        cmocka_unit_test(a_loop_without_end_is_stopped),
        cmocka_unit_test(functions_that_keep_the_processor_busy_count_as_many_steps),
        cmocka_unit_test(output_past_the_limit_is_an_error),
        cmocka_unit_test(values_past_the_limit_of_memory_are_an_error),
        cmocka_unit_test(a_value_that_contains_itself_is_an_error_not_a_crash),
        cmocka_unit_test(a_value_that_shares_its_parts_over_and_over_cannot_be_printed),
        cmocka_unit_test(each_line_of_output_knows_the_template_line_it_came_from),
        cmocka_unit_test(an_error_names_the_innermost_place_in_a_file),
        cmocka_unit_test(the_dot_has_what_the_caller_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
