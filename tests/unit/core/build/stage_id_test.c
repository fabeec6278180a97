#include "core/build/stage_id.h"

#include <string.h>

#include "tests/unit/check.h"

#define D1 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define D2 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void tells_stages_from_other_tags(void **state) {
    (void)state;
    static const struct {
        const char *tag;
        bool is_stage;
    } rows[] = {
        {D1 "-1700000000000", true},
        {D1, false},
        {D1 "-170000000000", false},
        {D1 "-17000000000000", false},
        {D1 "-17000000000x0", false},
        {D1 "-1700000000000-rejected", false},
        {"latest", false},
        {"", false},
        {"managed-image-app", false},
        {D1 "_1700000000000", false},
        {"import-metadata-" D1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char digest[SW_STAGE_DIGEST_LEN + 1];
        int64_t stamp;
        if (sw_stage_id_parse(rows[i].tag, digest, &stamp) != rows[i].is_stage)
            fail_msg("%s", rows[i].tag);
    }
}

static void gives_the_oldest_first_and_leaves_out_the_rejected(void **state) {
    (void)state;
    const char *tags[] = {D1 "-1700000000003",          D2 "-1700000000001", D1 "-1700000000001",
                          D1 "-1700000000002-rejected", D1 "-1700000000002", D1 "-1700000000001"};
    struct sw_stage_index index = {0};
    size_t count;
    sw_stage_index_fill(&index, (struct sw_strings){tags, 6});
    const int64_t *stamps = sw_stage_index_find(&index, D1, &count);
    assert_int_equal(count, 2);
    assert_int_equal(stamps[0], 1700000000001);
    assert_int_equal(stamps[1], 1700000000003);
    assert_true(sw_stage_index_has_tag(&index, D1 "-1700000000002-rejected"));
    assert_null(sw_stage_index_find(&index, "cccc", &count));
    sw_stage_index_fini(&index);
}

static void a_name_survives_formatting(void **state) {
    (void)state;
    char id[SW_STAGE_ID_SIZE], digest[SW_STAGE_DIGEST_LEN + 1];
    int64_t stamp;
    sw_stage_id_format(D2, 1700000000123, id);
    assert_string_equal(id, D2 "-1700000000123");
    assert_true(sw_stage_id_parse(id, digest, &stamp));
    assert_string_equal(digest, D2);
    assert_int_equal(stamp, 1700000000123);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_stages_from_other_tags),
        cmocka_unit_test(gives_the_oldest_first_and_leaves_out_the_rejected),
        cmocka_unit_test(a_name_survives_formatting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
