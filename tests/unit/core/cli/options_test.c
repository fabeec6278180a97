#include "core/cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/cli/command.h"
#include "core/cli/manual.h"
#include "tests/unit/check.h"

static void reads_options_operands_and_the_rest(void **state) {
    (void)state;
    const char *argv[] = {"app", "--repo=r", "--platform", "linux/arm64", "-k", "--platform=linux/amd64",
                          "web", "--",       "sh",         "-c",          NULL};
    struct sw_arguments arguments = {0};
    assert_true(sw_arguments_parse(&arguments, UINT32_MAX, argv, NULL));
    assert_string_equal(sw_argument(&arguments, "repo"), "r");
    assert_int_equal(sw_argument_list(&arguments, "platform").count, 2);
    assert_true(sw_argument_flag(&arguments, "keep-going"));
    assert_int_equal(arguments.positionals.len, 2);
    assert_string_equal(arguments.positionals.items[1], "web");
    assert_true(arguments.has_rest);
    assert_int_equal(arguments.rest.len, 2);
    sw_arguments_fini(&arguments);
}

static void the_command_line_wins_over_the_environment(void **state) {
    (void)state;
    const char *argv[] = {"--repo", "line", "--add-custom-tag", "c", NULL};
    struct sw_arguments arguments = {0};
    setenv("WERF_REPO", "env", 1);
    setenv("WERF_ENV", "prod", 1);
    setenv("WERF_ADD_CUSTOM_TAG_2", "b", 1);
    setenv("WERF_ADD_CUSTOM_TAG_1", "a", 1);
    assert_true(sw_arguments_parse(&arguments, UINT32_MAX, argv, NULL));
    assert_string_equal(sw_argument(&arguments, "repo"), "line");
    assert_string_equal(sw_argument(&arguments, "env"), "prod");
    struct sw_strings tags = sw_argument_list(&arguments, "add-custom-tag");
    assert_int_equal(tags.count, 3);
    assert_string_equal(tags.items[0], "a");
    assert_string_equal(tags.items[1], "b");
    assert_string_equal(tags.items[2], "c");
    sw_arguments_fini(&arguments);
    unsetenv("WERF_REPO");
    unsetenv("WERF_ENV");
    unsetenv("WERF_ADD_CUSTOM_TAG_1");
    unsetenv("WERF_ADD_CUSTOM_TAG_2");
}

static void a_slip_is_refused_with_a_suggestion(void **state) {
    (void)state;
    static const struct {
        const char *words[3];
        const char *message;
    } rows[] = {
        {{"--rpeo=x"}, "unknown option --rpeo (did you mean --repo?)"},
        {{"--repo"}, "--repo needs a value: ADDRESS"},
        {{"--dev=maybe"}, "--dev=maybe: \"maybe\" is neither true nor false"},
        {{"-x"}, "unknown option -x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_arguments arguments = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        assert_false(sw_arguments_parse(&arguments, UINT32_MAX, rows[i].words, &error));
        assert_string_equal(error->message, rows[i].message);
        assert_int_equal(error->code, SW_ERROR_USAGE);
        sw_arguments_fini(&arguments);
    }
}

static void every_command_is_in_the_manual(void **state) {
    (void)state;
    for (int form = SW_MANUAL_TEXT; form <= SW_MANUAL_MAN; form++) {
        sw_cleanup_buf struct sw_buf out = {0};
        sw_manual_whole(&out, (enum sw_manual_form)form);
        for (size_t i = 0; i < sw_command_count; i++)
            assert_non_null(strstr(sw_buf_text(&out), sw_commands[i]->name));
    }
}

static void finds_commands_of_two_words(void **state) {
    (void)state;
    size_t words;
    assert_ptr_equal(sw_command_find((const char *[]){"config", "list", "x", NULL}, &words), &sw_command_config_list);
    assert_int_equal(words, 2);
    assert_null(sw_command_find((const char *[]){"config", NULL}, &words));
    assert_ptr_equal(sw_command_find((const char *[]){"build", "list", NULL}, &words), &sw_command_build);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_options_operands_and_the_rest), cmocka_unit_test(the_command_line_wins_over_the_environment),
        cmocka_unit_test(a_slip_is_refused_with_a_suggestion), cmocka_unit_test(every_command_is_in_the_manual),
        cmocka_unit_test(finds_commands_of_two_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
