/* The store plugin against Debian's docker-registry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/manifest.h"
#include "tests/unit/check.h"
#include "tests/unit/plugins/registry/store_calls.h"
#include "tests/unit/plugins/registry/test_host.h"
#include "tests/unit/plugins/registry/test_image.h"
#include "tests/unit/plugins/registry/test_server.h"

static struct test_server server;
static char app[64]; /* addresses of two repositories on it */
static char other[64];

static int start(void **state) {
    (void)state;
    server = test_server_registry(NULL);
    snprintf(app, sizeof app, "127.0.0.1:%d/a/app", server.port);
    snprintf(other, sizeof other, "127.0.0.1:%d/other", server.port);
    store_restart();
    return 0;
}

static int stop(void **state) {
    (void)state;
    store_stop();
    test_server_end(&server);
    return 0;
}

static void must(struct sw_error *error) {
    if (error)
        fail_msg("%s", error->message);
}

static void lists_nothing_where_there_is_nothing(void **state) {
    (void)state;
    sw_cleanup_strlist struct sw_strlist tags = {0};
    must(store_list(app, &tags));
    assert_int_equal(tags.len, 0);
    sw_cleanup_error struct sw_error *error = store_get_manifest(app, "nothing", NULL);
    assert_int_equal(error->code, SW_ERROR_NOT_FOUND);
}

static void gives_back_what_was_pushed(void **state) {
    (void)state;
    struct test_image image = test_image_new(1, 3 << 20, "amd64");
    test_image_push(&image, app, "v1");
    store_restart(); /* nothing is remembered */
    sw_cleanup_free char *digest = NULL;
    sw_cleanup_free char *reference = sw_format("%s:v1", app);
    bool through_index = true;
    must(store_resolve(reference, "linux/amd64", &digest, &through_index));
    assert_string_equal(digest, image.manifest_digest);
    assert_false(through_index);
    sw_cleanup_buf struct sw_buf manifest = {0};
    must(store_get_manifest(app, image.manifest_digest, &manifest));
    assert_string_equal(manifest.data, image.manifest.data);
    sw_cleanup_buf struct sw_buf layer = {0};
    must(store_fetch_blob(app, image.layer_digest, image.layer.len, &layer));
    assert_int_equal(layer.len, image.layer.len);
    assert_memory_equal(layer.data, image.layer.data, layer.len);
    sw_cleanup_buf struct sw_buf config = {0};
    must(store_get_blob(app, image.config_digest, image.config.len, &config));
    assert_string_equal(config.data, image.config.data);
    sw_cleanup_strlist struct sw_strlist tags = {0};
    must(store_list(app, &tags));
    assert_int_equal(tags.len, 1);
    assert_string_equal(tags.items[0], "v1");
    test_image_free(&image);
}

static void does_not_upload_what_is_there(void **state) {
    (void)state;
    struct test_image image = test_image_new(2, 100000, "amd64");
    test_image_push(&image, app, "v2");
    store_restart();
    test_image_push(&image, app, "v2");
    assert_int_equal(store_opened(), 0);
    test_image_free(&image);
}

static void mounts_from_a_neighbour(void **state) {
    (void)state;
    struct test_image image = test_image_new(3, 100000, "amd64");
    test_image_push(&image, app, "v3");
    store_restart();
    must(store_put_blob(other, image.layer_digest, (struct sw_bytes){image.layer.data, image.layer.len}, app));
    assert_int_equal(store_opened(), 0);
    sw_cleanup_buf struct sw_buf layer = {0};
    must(store_get_blob(other, image.layer_digest, image.layer.len, &layer));
    must(store_put_blob(other, image.config_digest, (struct sw_bytes){image.config.data, image.config.len}, "127.0.0.1:1/app"));
    assert_int_equal(store_opened(), 1); /* another registry's blobs cannot be mounted */
    test_image_free(&image);
}

static void uploads_an_empty_blob(void **state) {
    (void)state;
    char digest[72];
    test_digest("", 0, digest);
    must(store_put_blob(app, digest, (struct sw_bytes){"", 0}, NULL));
    sw_cleanup_buf struct sw_buf out = {0};
    must(store_fetch_blob(app, digest, 0, &out));
    assert_int_equal(out.len, 0);
}

static void resolves_through_an_index(void **state) {
    (void)state;
    struct test_image amd = test_image_new(4, 1000, "amd64");
    struct test_image arm = test_image_new(5, 1000, "arm64");
    test_image_push(&amd, app, NULL);
    test_image_push(&arm, app, NULL);
    sw_cleanup_free char *index =
        sw_format("{\"schemaVersion\":2,\"mediaType\":\"" SW_TYPE_OCI_INDEX "\",\"manifests\":["
                  "{\"mediaType\":\"" SW_TYPE_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,\"platform\":{\"os\":\"linux\","
                  "\"architecture\":\"amd64\"}},"
                  "{\"mediaType\":\"" SW_TYPE_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,\"platform\":{\"os\":\"linux\","
                  "\"architecture\":\"arm64\"}}]}",
                  amd.manifest_digest, amd.manifest.len, arm.manifest_digest, arm.manifest.len);
    must(store_put_manifest(app, "multi", SW_TYPE_OCI_INDEX, (struct sw_bytes){index, strlen(index)}, NULL));
    sw_cleanup_free char *reference = sw_format("%s:multi", app);
    sw_cleanup_free char *digest = NULL;
    bool through_index = false;
    must(store_resolve(reference, "linux/arm64", &digest, &through_index));
    assert_string_equal(digest, arm.manifest_digest);
    assert_true(through_index);
    sw_cleanup_error struct sw_error *error = store_resolve(reference, "linux/s390x", NULL, NULL);
    assert_int_equal(error->code, SW_ERROR_NOT_FOUND);
    assert_non_null(strstr(error->hint, "linux/amd64, linux/arm64"));
    test_image_free(&amd);
    test_image_free(&arm);
}

static void removes_one_tag_and_leaves_its_twin(void **state) {
    (void)state;
    struct test_image image = test_image_new(6, 1000, "amd64");
    test_image_push(&image, other, "keep");
    test_image_push(&image, other, "drop");
    must(store_remove(other, "drop"));
    must(store_remove(other, "drop")); /* again: nothing there is no error */
    must(store_remove(other, "never"));
    sw_cleanup_strlist struct sw_strlist tags = {0};
    must(store_list(other, &tags));
    assert_int_equal(tags.len, 1);
    assert_string_equal(tags.items[0], "keep");
    must(store_get_manifest(other, image.manifest_digest, NULL));
    must(store_remove(other, image.manifest_digest));
    must(store_remove(other, image.manifest_digest));
    sw_cleanup_error struct sw_error *error = store_get_manifest(other, "keep", NULL);
    assert_int_equal(error->code, SW_ERROR_NOT_FOUND);
    test_image_free(&image);
}

static void refuses_to_push_what_lacks_its_parts(void **state) {
    (void)state;
    struct test_image image = test_image_new(7, 1000, "amd64");
    sw_cleanup_error struct sw_error *error =
        store_put_manifest(app, "broken", SW_TYPE_OCI_MANIFEST, (struct sw_bytes){image.manifest.data, image.manifest.len}, NULL);
    assert_int_equal(error->code, SW_ERROR_UNAVAILABLE);
    assert_non_null(strstr(error->message, "MANIFEST_BLOB_UNKNOWN"));
    test_image_free(&image);
}

static void says_that_nobody_listens(void **state) {
    (void)state;
    sw_cleanup_error struct sw_error *error = store_resolve("127.0.0.1:1/x:y", NULL, NULL, NULL);
    assert_int_equal(error->code, SW_ERROR_UNAVAILABLE);
    assert_non_null(strstr(error->message, "no connection to 127.0.0.1:1"));
    assert_non_null(error->hint);
}

static void logs_in_with_a_password(void **state) {
    (void)state;
    struct test_server guarded = test_server_registry("auth: {htpasswd: {realm: test-realm, path: FOLDER/users}}\n");
    sw_cleanup_free char *address = sw_format("127.0.0.1:%d/app", guarded.port);
    struct test_image image = test_image_new(8, 200000, "amd64");
    store_restart();
    test_host_credential((struct sw_credential){0});
    sw_cleanup_error struct sw_error *anonymous = store_list(address, NULL);
    assert_int_equal(anonymous->code, SW_ERROR_AUTH);
    assert_non_null(strstr(anonymous->message, "wants a login"));
    store_restart();
    test_host_credential((struct sw_credential){.username = "alice", .password = "wrong"});
    sw_cleanup_error struct sw_error *wrong = store_list(address, NULL);
    assert_int_equal(wrong->code, SW_ERROR_AUTH);
    assert_non_null(strstr(wrong->message, "\"alice\""));
    assert_null(strstr(wrong->message, "wrong"));
    store_restart();
    test_host_credential((struct sw_credential){.username = "alice", .password = "secret"});
    test_image_push(&image, address, "v1");
    assert_int_equal(test_host_credential_asked(), 1);
    test_host_credential((struct sw_credential){0});
    test_image_free(&image);
    test_server_end(&guarded);
    store_restart();
}

static void uploads_where_locations_are_relative(void **state) {
    (void)state;
    struct test_server relative = test_server_registry(NULL);
    sw_cleanup_free char *address = sw_format("localhost:%d/app", relative.port);
    struct test_image image = test_image_new(9, 2 << 20, "amd64");
    test_image_push(&image, address, "v1");
    test_image_free(&image);
    test_server_end(&relative);
}

static void opens_good_addresses_only(void **state) {
    (void)state;
    static const char *const rows[] = {"", "localhost:5000", "a/B", "h/x:y", "oci:", "h:0/x"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_error struct sw_error *error = NULL;
        if (store_table()->open(rows[i], &error))
            fail_msg("\"%s\" was opened", rows[i]);
        assert_non_null(error);
    }
}

static void a_store_that_is_prepared_may_be_opened_or_not(void **state) {
    (void)state;
    for (int opened = 0; opened < 2; opened++) {
        store_restart();
        const struct sw_store_prepare *table = store_table()->get_extension(SW_EXT_PREPARE);
        table->prepare("localhost:1/x");
        table->prepare("oci:/nowhere");
        table->prepare("localhost:1/x");
        struct sw_repo *repo = opened ? store_table()->open("localhost:1/x", NULL) : NULL;
        assert_int_equal(repo != NULL, opened);
        store_table()->close(repo);
    }
    store_restart();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_nothing_where_there_is_nothing),
        cmocka_unit_test(gives_back_what_was_pushed),
        cmocka_unit_test(does_not_upload_what_is_there),
        cmocka_unit_test(mounts_from_a_neighbour),
        cmocka_unit_test(uploads_an_empty_blob),
        cmocka_unit_test(resolves_through_an_index),
        cmocka_unit_test(removes_one_tag_and_leaves_its_twin),
        cmocka_unit_test(refuses_to_push_what_lacks_its_parts),
        cmocka_unit_test(says_that_nobody_listens),
        cmocka_unit_test(logs_in_with_a_password),
        cmocka_unit_test(uploads_where_locations_are_relative),
        cmocka_unit_test(opens_good_addresses_only),
        cmocka_unit_test(a_store_that_is_prepared_may_be_opened_or_not),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
