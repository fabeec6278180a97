#include "core/build/slug.h"

#include <jansson.h>

#include "core/base/cleanup.h"
#include "tests/unit/check.h"

static void slugs_are_werfs(void **state) {
    (void)state;
    sw_cleanup_json json_t *rows = json_load_file(TEST_FIXTURES "/digests/slugs.json", 0, NULL);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        const char *in = json_string_value(json_object_get(row, "in"));
        sw_cleanup_free char *slug = sw_slug(in);
        sw_cleanup_free char *short_slug = sw_limited_slug(in, 48);
        sw_cleanup_free char *long_slug = sw_limited_slug(in, 114);
        sw_cleanup_free char *tag = sw_tag_slug(in);
        assert_string_equal(slug, json_string_value(json_object_get(row, "slug")));
        assert_string_equal(short_slug, json_string_value(json_object_get(row, "limited_48")));
        assert_string_equal(long_slug, json_string_value(json_object_get(row, "limited_114")));
        assert_string_equal(tag, json_string_value(json_object_get(row, "docker_tag")));
        if (*in)
            assert_int_equal(sw_is_tag(in), json_is_true(json_object_get(row, "valid_docker_tag")));
    }
    assert_true(i > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(slugs_are_werfs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
