#include "core/base/hash.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "tests/unit/check.h"

static char *unhex(const char *hex) {
    size_t len = strlen(hex) / 2;
    char *text = calloc(1, len + 1);
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        text[i] = (char)byte;
    }
    return text;
}

static void agrees_with_werf_on_lists(void **state) {
    (void)state;
    sw_cleanup_json json_t *cases = json_load_file(TEST_FIXTURES "/digests/primitives.json", 0, NULL);
    assert_non_null(cases);
    size_t i;
    json_t *row;
    json_array_foreach(cases, i, row) {
        sw_cleanup_free char *hex = json_dumps(json_object_get(row, "args_hex"), 0);
        if (strstr(hex, "\"00")) /* our items are text */
            continue;
        sw_cleanup_strlist struct sw_strlist args = {0};
        size_t j;
        json_t *arg;
        json_array_foreach(json_object_get(row, "args_hex"), j, arg) sw_strlist_take(&args, unhex(json_string_value(arg)));
        char sha256[SW_SHA256_HEX], sha3[SW_SHA3_224_HEX], murmur[9];
        sw_join256(sw_strlist_view(&args), sha256);
        sw_join224(sw_strlist_view(&args), sha3);
        sw_cleanup_free char *joined = sw_strings_join(sw_strlist_view(&args), ":::");
        snprintf(murmur, sizeof murmur, "%x", sw_murmur3(joined, strlen(joined)));
        assert_string_equal(sha256, json_string_value(json_object_get(row, "sha256")));
        assert_string_equal(sha3, json_string_value(json_object_get(row, "sha3_224")));
        assert_string_equal(murmur, json_string_value(json_object_get(row, "murmur")));
    }
}

static void takes_only_digests_that_are_safe_in_paths(void **state) {
    (void)state;
    assert_true(sw_digest_valid("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_false(sw_digest_valid("sha256:E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_false(sw_digest_valid("sha256:../../../../../../../../../../../../../../../../../../../../../../etc"));
    assert_false(sw_digest_valid("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_false(sw_digest_valid("sha256:e3b0"));
    assert_false(sw_digest_valid(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_werf_on_lists),
        cmocka_unit_test(takes_only_digests_that_are_safe_in_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
