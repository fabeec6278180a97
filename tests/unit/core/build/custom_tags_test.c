#include "core/build/custom_tags.h"

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "tests/unit/check.h"

static void fills_shortcuts_in(void **state) {
    (void)state;
    static const char *const rows[][3] = {
        {"v1", "app", "v1"},
        {"%image%-v1", "app", "app-v1"},
        {"%image_slug%-v1", "my/App", "my-app-v1"},
        {"% image_safe_slug %", "app", "app"},
        {"x-%image_content_based_tag%", "app", "x-CONTENT"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_error *error = NULL;
        sw_cleanup_free char *tag = sw_custom_tag(rows[i][0], rows[i][1], "CONTENT", &error);
        assert_null(error);
        assert_string_equal(tag, rows[i][2]);
    }
}

static void refuses_what_cannot_be_a_tag(void **state) {
    (void)state;
    static const char *const bad[] = {"", "%image%", "%nothing%", "50%", "a b", "-x", "%image_slug"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sw_cleanup_error struct sw_error *error = NULL;
        assert_null(sw_custom_tag(bad[i], "my/app", "CONTENT", &error));
        assert_int_equal(error->code, SW_ERROR_USAGE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fills_shortcuts_in), cmocka_unit_test(refuses_what_cannot_be_a_tag)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
