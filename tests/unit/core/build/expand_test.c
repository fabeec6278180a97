#include "core/build/expand.h"

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "tests/unit/check.h"

static void follows_the_rules_of_dockerfiles(void **state) {
    (void)state;
    sw_cleanup_json json_t *env = json_pack("[sss]", "PATH=/bin", "EMPTY=", "A=b c");
    static const char *const rows[][2] = {
        {"${PATH}:/x", "/bin:/x"},
        {"$PATH", "/bin"},
        {"$NONE-x", "-x"},
        {"'$PATH'", "$PATH"},
        {"\"$A\"", "b c"},
        {"\\$PATH", "$PATH"},
        {"${NONE:-d$A}", "db c"},
        {"${PATH:+yes}", "yes"},
        {"${EMPTY:+yes}", ""},
        {"${EMPTY:-no}", "no"},
        {"a$", "a$"},
        {"100%", "100%"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *value = sw_expand_word(rows[i][0], env, NULL);
        assert_string_equal(value, rows[i][1]);
    }
}

static void refuses_malformed_words(void **state) {
    (void)state;
    static const char *const bad[] = {"${", "${}", "${A", "${A:", "${A:?x}", "'open", "\"open"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sw_cleanup_error struct sw_error *error = NULL;
        assert_null(sw_expand_word(bad[i], NULL, &error));
        assert_int_equal(error->code, SW_ERROR_CONFIG);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(follows_the_rules_of_dockerfiles),
                                       cmocka_unit_test(refuses_malformed_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
