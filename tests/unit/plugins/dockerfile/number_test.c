/* Numbers, sizes and durations in the forms that flags take. */
#include <string.h>

#include "plugins/dockerfile/number.h"
#include "tests/unit/check.h"

static void durations_are_read_and_printed_as_in_go(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t nanoseconds;
        const char *printed; /* NULL: malformed */
    } cases[] = {{"0", 0, "0s"},
                 {"1ns", 1, "1ns"},
                 {"1.5us", 1500, "1.5\xC2\xB5s"},
                 {"250ms", 250000000, "250ms"},
                 {"90s", 90000000000, "1m30s"},
                 {"1h", 3600000000000, "1h0m0s"},
                 {"1h2m3.004s", 3723004000000, "1h2m3.004s"},
                 {"-5s", -5000000000, "-5s"},
                 {".5s", 500000000, "500ms"},
                 {"5", 0, NULL},
                 {"x", 0, NULL},
                 {"", 0, NULL},
                 {"5x", 0, NULL},
                 {".s", 0, NULL},
                 {"9223372036854775808ns", 0, NULL},
                 {"3000000h", 0, NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sw_cleanup_arena struct sw_arena arena = {0};
        struct sw_df_failure failure = {.arena = &arena};
        int64_t value;
        bool ok = sw_df_duration(cases[i].text, &value, &failure);
        if (ok != (cases[i].printed != NULL) || (ok && value != cases[i].nanoseconds))
            fail_msg("%s: %lld", cases[i].text, (long long)value);
        if (ok)
            assert_string_equal(sw_df_duration_text(&arena, value), cases[i].printed);
    }
}

static void sizes_take_units_of_1024(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* -1: malformed */
    } cases[] = {{"5", 5},       {"64m", 64 << 20}, {"1g", 1 << 30}, {"1.5k", 1536}, {"2KiB", 2048},
                 {"2 kb", 2048}, {"7b", 7},         {"abc", -1},     {"", -1},       {"5x", -1},
                 {"5kx", -1},    {"-1", -1},        {"5kibs", -1},   {"5bb", -1},    {"99999999t", -1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t bytes = 0;
        bool ok = sw_df_size(cases[i].text, &bytes);
        if (ok != (cases[i].bytes >= 0) || (ok && bytes != cases[i].bytes))
            fail_msg("\"%s\": %lld", cases[i].text, (long long)bytes);
    }
}

static void numbers_say_what_is_wrong_with_them(void **state) {
    (void)state;
    uint64_t wide;
    int64_t value;
    assert_int_equal(sw_df_unsigned("0755", 8, 07777, &wide), SW_DF_NUMBER_OK);
    assert_int_equal(wide, 0755);
    assert_int_equal(sw_df_unsigned("8", 8, 07777, &wide), SW_DF_NUMBER_SYNTAX);
    assert_int_equal(sw_df_unsigned("", 10, 5, &wide), SW_DF_NUMBER_SYNTAX);
    assert_int_equal(sw_df_unsigned("6", 10, 5, &wide), SW_DF_NUMBER_RANGE);
    assert_int_equal(sw_df_unsigned("99999999999999999999999", 10, UINT64_MAX, &wide), SW_DF_NUMBER_RANGE);
    assert_int_equal(sw_df_signed("-3", INT32_MAX, &value), SW_DF_NUMBER_OK);
    assert_int_equal(value, -3);
    assert_int_equal(sw_df_signed("99999999999", INT32_MAX, &value), SW_DF_NUMBER_RANGE);
    assert_int_equal(sw_df_signed("-", INT32_MAX, &value), SW_DF_NUMBER_SYNTAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_and_printed_as_in_go),
        cmocka_unit_test(sizes_take_units_of_1024),
        cmocka_unit_test(numbers_say_what_is_wrong_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
