#include "core/build/digest.h"

#include <jansson.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "tests/unit/check.h"

static json_t *all; /* golden values */

static int load(void **state) {
    (void)state;
    all = json_load_file(TEST_FIXTURES "/digests/stage_digests.json", 0, NULL);
    return all ? 0 : -1;
}

static int unload(void **state) {
    (void)state;
    json_decref(all);
    return 0;
}

static const char *text(const json_t *row, const char *member) {
    return json_string_value(json_object_get(row, member));
}

/* Names that werf keeps hashing under their old form. */
static const char *digest_name(const char *name) {
    static const char *const old[][2] = {{"dependenciesBeforeInstall", "importsBeforeInstall"},
                                         {"dependenciesAfterInstall", "importsAfterInstall"},
                                         {"dependenciesBeforeSetup", "importsBeforeSetup"},
                                         {"dependenciesAfterSetup", "importsAfterSetup"}};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(name, old[i][0]) == 0)
            return old[i][1];
    return name;
}

static void stage_digests_are_werfs(void **state) {
    (void)state;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(all, "stage_digests"), i, row) {
        struct sw_digest_inputs inputs = {
            .platform = text(row, "platform"),
            .name = digest_name(text(row, "stage")),
            .dependencies = text(row, "deps"),
            .previous_digest = text(row, "prev_digest"),
            .previous_next = text(row, "prev_next_deps"),
            .base = text(row, "base_image"),
        };
        char digest[SW_SHA3_224_HEX];
        sw_stage_digest(&inputs, digest);
        assert_string_equal(digest, text(row, "digest"));
    }
    assert_true(i > 10);
}

static void content_digests_are_werfs(void **state) {
    (void)state;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(all, "content_digests"), i, row) {
        char digest[SW_SHA3_224_HEX];
        sw_content_digest(text(row, "platform"), text(row, "stage"), text(row, "stage_digest"), text(row, "next_deps"), digest);
        assert_string_equal(digest, text(row, "content_digest"));
    }
    assert_true(i > 0);
}

static void a_chain_of_stages_has_werfs_digests(void **state) {
    (void)state;
    size_t i;
    json_t *row;
    char previous[SW_SHA3_224_HEX] = "";
    const char *previous_next = NULL;
    json_array_foreach(json_object_get(json_object_get(all, "chain"), "stages"), i, row) {
        struct sw_digest_inputs inputs = {.platform = "linux/amd64",
                                          .name = text(row, "stage"),
                                          .dependencies = text(row, "deps"),
                                          .previous_digest = i ? previous : NULL,
                                          .previous_next = previous_next};
        char digest[SW_SHA3_224_HEX], content[SW_SHA3_224_HEX];
        sw_stage_digest(&inputs, digest);
        sw_content_digest("linux/amd64", text(row, "stage"), digest, text(row, "next_deps"), content);
        assert_string_equal(digest, text(row, "digest"));
        assert_string_equal(content, text(row, "content_digest"));
        memcpy(previous, digest, sizeof previous);
        previous_next = text(row, "next_deps");
    }
}

static void an_index_is_named_by_its_images(void **state) {
    (void)state;
    json_t *row = json_object_get(all, "multiplatform");
    sw_cleanup_strlist struct sw_strlist ids = {0};
    size_t i;
    json_t *id;
    json_array_foreach(json_object_get(row, "stage_ids_in_platform_order"), i, id) sw_strlist_add(&ids, json_string_value(id));
    char digest[SW_SHA3_224_HEX];
    sw_index_digest(sw_strlist_view(&ids), digest);
    assert_string_equal(digest, text(row, "index_digest"));
}

static void details_explain_without_being_hashed(void **state) {
    (void)state;
    struct sw_input inputs[] = {
        {.name = "command", .value = {"make", 4}},
        {.flags = SW_INPUT_DETAIL, .name = "file", .value = {"0123", 4}},
    };
    sw_cleanup_free char *with = sw_stage_dependencies(inputs, 2, 0);
    sw_cleanup_free char *without = sw_stage_dependencies(inputs, 1, 0);
    sw_cleanup_free char *verbatim = sw_stage_dependencies(inputs, 2, SW_STAGE_INPUTS_VERBATIM);
    assert_string_equal(with, without);
    assert_string_equal(verbatim, "make");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stage_digests_are_werfs),
        cmocka_unit_test(content_digests_are_werfs),
        cmocka_unit_test(a_chain_of_stages_has_werfs_digests),
        cmocka_unit_test(an_index_is_named_by_its_images),
        cmocka_unit_test(details_explain_without_being_hashed),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
