#include "plugins/registry/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/tags.h"
#include "tests/unit/check.h"

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define D3 "sha256:3333333333333333333333333333333333333333333333333333333333333333"
#define CONFIG "\"config\":{\"mediaType\":\"" SW_TYPE_OCI_CONFIG "\",\"digest\":\"" D1 "\",\"size\":7}"
#define LAYER "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" D2 "\",\"size\":9}"
#define HEAD "{\"schemaVersion\":2,"
#define IMAGE HEAD "\"mediaType\":\"" SW_TYPE_OCI_MANIFEST "\"," CONFIG ",\"layers\":[" LAYER "]}"

static struct sw_bytes bytes(const char *text) {
    return (struct sw_bytes){text, strlen(text)};
}

static void reads_an_image(void **state) {
    (void)state;
    sw_cleanup_manifest_view struct sw_manifest_view view = {0};
    assert_true(sw_manifest_parse(SW_TYPE_OCI_MANIFEST "; charset=utf-8", bytes(IMAGE), &view, NULL));
    assert_false(view.is_index);
    assert_string_equal(view.media_type, SW_TYPE_OCI_MANIFEST);
    assert_string_equal(view.config.digest, D1);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.entries[0].bytes, 9);
}

static void refuses_what_can_be_read_in_two_ways(void **state) {
    (void)state;
    static const struct {
        const char *type, *body;
    } rows[] = {
        {NULL, ""},
        {NULL, "[]"},
        {NULL, "{}"},
        {NULL, "{\"schemaVersion\":1}"},
        {"application/vnd.docker.distribution.manifest.v1+prettyjws", IMAGE},
        {SW_TYPE_DOCKER_MANIFEST, IMAGE},
        {"text/html", IMAGE},
        {NULL, HEAD CONFIG ",\"layers\":[],\"manifests\":[]}"},
        {NULL, HEAD CONFIG ",\"layers\":[],\"layers\":[]}"},
        {NULL, HEAD "\"mediaType\":\"" SW_TYPE_OCI_INDEX "\"," CONFIG ",\"layers\":[]}"},
        {NULL, HEAD "\"mediaType\":\"" SW_TYPE_OCI_MANIFEST "\",\"manifests\":[]}"},
        {NULL, HEAD CONFIG "}"},
        {NULL, HEAD "\"layers\":[]}"},
        {NULL, HEAD CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" D2 "\",\"size\":-1}]}"},
        {NULL, HEAD CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" D2 "\",\"size\":1.5}]}"},
        {NULL, HEAD CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" D2 "\",\"size\":1e3}]}"},
        {NULL, HEAD CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" D2 "\",\"size\":\"9\"}]}"},
        {NULL, HEAD CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" D2 "\",\"size\":9007199254740992}]}"},
        {NULL, HEAD CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"sha256:../../etc/passwd\",\"size\":1}]}"},
        {NULL, HEAD CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"size\":1}]}"},
        {NULL, HEAD CONFIG ",\"layers\":[{\"digest\":\"" D2 "\",\"size\":1}]}"},
        {NULL, HEAD CONFIG ",\"layers\":[7]}"},
        {NULL, HEAD CONFIG ",\"layers\":7}"},
        {NULL, IMAGE "x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_manifest_view struct sw_manifest_view view = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        if (sw_manifest_parse(rows[i].type, bytes(rows[i].body), &view, &error))
            fail_msg("row %zu was accepted: %s", i, rows[i].body);
        assert_non_null(error);
        assert_null(view.entries);
    }
}

static void refuses_deep_nesting_without_descending(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        sw_buf_putc(&text, '[');
    sw_cleanup_manifest_view struct sw_manifest_view view = {0};
    sw_cleanup_error struct sw_error *error = NULL;
    assert_false(sw_manifest_parse(NULL, (struct sw_bytes){text.data, text.len}, &view, &error));
    assert_non_null(strstr(error->message, "64 levels"));
}

static void refuses_more_layers_than_anybody_has(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, HEAD CONFIG ",\"layers\":[");
    for (int i = 0; i < 5000; i++)
        sw_buf_printf(&text, "%s" LAYER, i ? "," : "");
    sw_buf_puts(&text, "]}");
    sw_cleanup_manifest_view struct sw_manifest_view view = {0};
    assert_false(sw_manifest_parse(NULL, (struct sw_bytes){text.data, text.len}, &view, NULL));
}

#define ENTRY(digest, platform) "{\"mediaType\":\"" SW_TYPE_OCI_MANIFEST "\",\"digest\":\"" digest "\",\"size\":1" platform "}"
#define ON(os, arch, more) ",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"" more "}"
#define ATTESTATION \
    ENTRY(D3, ON("unknown", "unknown", "") ",\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}")

static void chooses_the_entry_that_runs_best(void **state) {
    (void)state;
    static const struct {
        const char *entries, *platform, *digest;
    } rows[] = {
        {ENTRY(D1, ON("linux", "arm64", "")) "," ENTRY(D2, ON("linux", "amd64", "")), "linux/amd64", D2},
        {ENTRY(D1, ON("linux", "arm64", ",\"variant\":\"v8\"")) "," ENTRY(D2, ON("linux", "amd64", "")), "linux/aarch64", D1},
        {ENTRY(D1, ON("linux", "arm", ",\"variant\":\"v6\"")) "," ENTRY(D2, ON("linux", "arm", ",\"variant\":\"v7\"")), "linux/arm",
         D2},
        {ENTRY(D1, ON("linux", "arm", ",\"variant\":\"v5\"")) "," ENTRY(D2, ON("linux", "arm", ",\"variant\":\"v6\"")),
         "linux/arm/v7", D2},
        {ENTRY(D1, ON("linux", "arm", ",\"variant\":\"v7\"")), "linux/arm/v6", NULL},
        {ENTRY(D1, ON("linux", "arm", "")), "linux/arm64", NULL},
        {ENTRY(D1, ON("linux", "amd64", "")) "," ENTRY(D2, ON("linux", "amd64", ",\"variant\":\"v3\"")), "linux/amd64/v3", D2},
        {ENTRY(D1, ON("linux", "amd64", "")) "," ENTRY(D2, ON("linux", "amd64", ",\"variant\":\"v3\"")), "linux/amd64/v2", D1},
        {ENTRY(D1, ON("linux", "amd64", "")) "," ENTRY(D2, ON("linux", "amd64", "")), "linux/amd64", D1},
        {ENTRY(D1, ON("windows", "amd64", "")) "," ENTRY(D2, ON("linux", "386", "")), "linux/amd64", NULL},
        {ATTESTATION "," ENTRY(D1, ON("linux", "amd64", "")), "linux/amd64", D1},
        {ENTRY(D1, "") "," ATTESTATION, "linux/amd64", D1},
        {ENTRY(D1, "") "," ENTRY(D2, ""), "linux/amd64", NULL},
        {ENTRY(D1, ON("linux", "arm64", ",\"variant\":\"v8\"")) "," ENTRY(D2, ON("linux", "arm64", ",\"variant\":\"v9\"")),
         "linux/arm64/v9.2", D2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_manifest_view struct sw_manifest_view view = {0};
        sw_cleanup_buf struct sw_buf text = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        struct sw_platform platform;
        sw_buf_printf(&text, HEAD "\"mediaType\":\"" SW_TYPE_OCI_INDEX "\",\"manifests\":[%s]}", rows[i].entries);
        assert_true(sw_manifest_parse(NULL, (struct sw_bytes){text.data, text.len}, &view, NULL));
        assert_true(sw_platform_parse(rows[i].platform, &platform, NULL));
        const struct sw_entry *entry = sw_manifest_choose(&view, &platform, &error);
        if (strcmp(entry ? entry->digest : "-", rows[i].digest ? rows[i].digest : "-"))
            fail_msg("row %zu: %s", i, entry ? entry->digest : "none");
        assert_true(entry || (error->code == SW_ERROR_NOT_FOUND && error->hint));
    }
}

static void refuses_platforms_that_are_none(void **state) {
    (void)state;
    static const char *const rows[] = {"", "linux", "linux/", "/amd64", "a/b/c/d", "linux//v7", "linux/amd64/"};
    struct sw_platform platform;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sw_platform_parse(rows[i], &platform, NULL))
            fail_msg("\"%s\" was accepted", rows[i]);
}

static void compares_the_config_with_its_manifest(void **state) {
    (void)state;
    static const struct {
        const char *config;
        bool good;
    } rows[] = {
        {"{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D3 "\"]}}", true},
        {"{\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[]}}", false},
        {"{\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[\"x\"]}}", false},
        {"{\"os\":\"linux\"}", false},
        {"7", false},
    };
    sw_cleanup_manifest_view struct sw_manifest_view view = {0};
    struct sw_platform platform;
    assert_true(sw_manifest_parse(NULL, bytes(IMAGE), &view, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sw_manifest_check_config(&view, bytes(rows[i].config), &platform, NULL) != rows[i].good)
            fail_msg("row %zu", i);
}

static void leaves_out_tags_that_are_none(void **state) {
    (void)state;
    struct sw_map tags = {0};
    size_t added, total;
    static const char page[] =
        "{\"name\":\"a\",\"tags\":[\"v1\",\"../x\",\"v1\",\"\\u001b[31m\",\"\",7,\"a\\u0000b\",\"V_2.0-x\"]}";
    assert_false(sw_tags_read_page(bytes(page), &tags, &added, &total, NULL)); /* NUL */
    static const char better[] = "{\"name\":\"a\",\"tags\":[\"v1\",\"../x\",\"v1\",\"\\u001b[31m\",\"\",7,\"V_2.0-x\"]}";
    assert_true(sw_tags_read_page(bytes(better), &tags, &added, &total, NULL));
    assert_int_equal(added, 2);
    assert_int_equal(total, 7);
    assert_true(sw_map_has(&tags, "v1") && sw_map_has(&tags, "V_2.0-x"));
    assert_true(sw_tags_read_page(bytes("{\"tags\":null}"), &tags, &added, &total, NULL));
    assert_int_equal(total, 0);
    assert_false(sw_tags_read_page(bytes("{\"tags\":{}}"), &tags, &added, &total, NULL));
    sw_map_fini(&tags, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_image),
        cmocka_unit_test(refuses_what_can_be_read_in_two_ways),
        cmocka_unit_test(refuses_deep_nesting_without_descending),
        cmocka_unit_test(refuses_more_layers_than_anybody_has),
        cmocka_unit_test(chooses_the_entry_that_runs_best),
        cmocka_unit_test(refuses_platforms_that_are_none),
        cmocka_unit_test(compares_the_config_with_its_manifest),
        cmocka_unit_test(leaves_out_tags_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
