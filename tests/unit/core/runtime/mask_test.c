#include "core/runtime/mask.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "tests/unit/check.h"

static void add(const char *value) {
    sw_mask_add(value, strlen(value));
}

static void masks_every_form_of_a_value(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"nothing here", "nothing here"},
        {"password=hunter2 secret!", "password=***!"},
        {"hunter2 secrethunter2 secret", "******"},
        {"aHVudGVyMiBzZWNyZXQ=", "***="},
        {"?p=hunter2%20secret&q", "?p=***&q"},
        {"-----BEGIN-----\nQUJDREVG\n-----END-----", "***"},
        {"   QUJDREVG\r", "   ***\r"},
        {"hunter2 secre", "hunter2 secre"},
        {"hunter2 secrets are longer", "*** are longer"},
        {"a hunter2 secret and a hunter2 secret", "a *** and a ***"},
    };
    add("hunter2 secret\n");
    add("hunter2 secrets");
    add("-----BEGIN-----\nQUJDREVG\n-----END-----\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_free char *shown = sw_mask_text(cases[i].text);
        assert_string_equal(shown, cases[i].shown);
    }
    sw_mask_clear();
}

static void a_value_is_masked_wherever_pieces_are_cut(void **state) {
    (void)state;
    const char *text = "aaab token=aaaab-aab and aab-aaaab.";
    add("aaaab");
    add("aab-aab");
    sw_cleanup_free char *whole = sw_mask_text(text);
    for (size_t first = 0; first <= strlen(text); first++)
        for (size_t second = first; second <= strlen(text); second++) {
            struct sw_mask_stream stream = {0};
            sw_cleanup_buf struct sw_buf out = {0};
            sw_mask_feed(&stream, text, first, &out);
            sw_mask_feed(&stream, text + first, second - first, &out);
            sw_mask_feed(&stream, text + second, strlen(text) - second, &out);
            sw_mask_flush(&stream, &out);
            sw_mask_stream_fini(&stream);
            assert_string_equal(sw_buf_text(&out), whole);
        }
    sw_mask_clear();
}

static void nothing_is_masked_after_values_are_forgotten(void **state) {
    (void)state;
    add("value-one");
    sw_mask_clear();
    sw_cleanup_free char *shown = sw_mask_text("value-one");
    assert_string_equal(shown, "value-one");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_every_form_of_a_value),
        cmocka_unit_test(a_value_is_masked_wherever_pieces_are_cut),
        cmocka_unit_test(nothing_is_masked_after_values_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
