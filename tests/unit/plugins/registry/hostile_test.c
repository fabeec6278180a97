/* The store plugin against a registry that misbehaves in every way that registries do. */
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

enum { BLOB = 2 << 20 };

/* Starts the registry in a case, and forgets everything about others. */
static struct test_server begin(const char *name, char address[64]) {
    struct test_server server = test_server_hostile(name);
    snprintf(address, 64, "127.0.0.1:%d/a", server.port);
    store_restart();
    return server;
}

/* The blob that it serves. */
static struct sw_buf blob(char digest[72]) {
    struct sw_buf bytes = {0};
    for (size_t i = 0; i < BLOB; i++)
        sw_buf_putc(&bytes, (char)(i % 256));
    test_digest(bytes.data, bytes.len, digest);
    return bytes;
}

static void answers_to_a_resolve(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t code; /* 0: it succeeds */
        const char *message;
        unsigned asked; /* times; 0: not counted */
    } rows[] = {
        {"fine", 0, NULL, 1},
        {"500-then-fine", 0, NULL, 3},
        {"429-then-fine", 0, NULL, 2},
        {"wrong-digest-once", SW_ERROR_CORRUPT, NULL, 0},
        {"429-for-ages", SW_ERROR_UNAVAILABLE, "TOOMANYREQUESTS", 1},
        {"wrong-digest", SW_ERROR_CORRUPT, "the registry says that it sends", 2},
        {"html", SW_ERROR_CORRUPT, "not valid JSON", 1},
        {"endless-manifest", SW_ERROR_CORRUPT, "greater than it may be", 1},
        {"redirect-loop", SW_ERROR_UNAVAILABLE, "redirects more than 5 times", 6},
        {"redirect-file", SW_ERROR_UNAVAILABLE, "neither http nor https", 1},
        {"redirect-inside", SW_ERROR_UNAVAILABLE, "own network", 1},
        {"long-header", SW_ERROR_CORRUPT, "header is too long", 1},
        {"two-lengths", SW_ERROR_CORRUPT, NULL, 1},
        {"index-loop", SW_ERROR_CORRUPT, NULL, 0},
        {"missing", SW_ERROR_NOT_FOUND, "MANIFEST_UNKNOWN", 1},
        {"bearer", 0, NULL, 0},
        {"bearer-bad-realm", SW_ERROR_UNAVAILABLE, "token server that is not used", 1},
        {"bearer-hostile-token", SW_ERROR_AUTH, "bytes that no token has", 0},
        {"401-forever", SW_ERROR_AUTH, "wants a login", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char address[64];
        struct test_server server = begin(rows[i].name, address);
        sw_cleanup_free char *reference = sw_format("%s:tag", address);
        sw_cleanup_error struct sw_error *error = store_resolve(reference, "linux/amd64", NULL, NULL);
        sw_cleanup_free char *log = test_server_log(&server);
        if (!strcmp(rows[i].name, "wrong-digest-once")) { /* a tag's bytes have no digest to be compared with */
            test_server_end(&server);
            continue;
        }
        if ((error ? error->code : 0) != rows[i].code)
            fail_msg("%s: %s", rows[i].name, error ? error->message : "accepted");
        if (rows[i].message && !strstr(error->message, rows[i].message))
            fail_msg("%s: %s", rows[i].name, error->message);
        if (rows[i].asked && test_log_count(log, "/manifests/") != rows[i].asked)
            fail_msg("%s: asked %u times", rows[i].name, test_log_count(log, "/manifests/"));
        test_server_end(&server);
    }
}

static void never_shows_escape_sequences(void **state) {
    (void)state;
    char address[64];
    struct test_server server = begin("500", address);
    sw_cleanup_error struct sw_error *error = store_get_manifest(address, "tag", NULL);
    assert_int_equal(error->code, SW_ERROR_UNAVAILABLE);
    assert_non_null(strstr(error->message, "disk on fire"));
    assert_null(strchr(error->message, '\x1b'));
    test_server_end(&server);
}

static void shows_the_registry_s_warnings(void **state) {
    (void)state;
    char address[64];
    struct test_server server = begin("warning", address);
    assert_null(store_get_manifest(address, "tag", NULL));
    assert_non_null(strstr(test_host_last_log(), "says: pay your bill soon"));
    test_server_end(&server);
}

static void answers_to_a_fetch(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t code;
        const char *message;
        unsigned asked;
    } rows[] = {
        {"fine", 0, NULL, 1},
        {"flipped-once", 0, NULL, 2},
        {"flipped", SW_ERROR_CORRUPT, "digest mismatch", 2},
        {"longer", SW_ERROR_CORRUPT, NULL, 1},
        {"longer-chunked", SW_ERROR_CORRUPT, NULL, 1},
        {"short-length", SW_ERROR_CORRUPT, "bytes of it", 1},
        {"broken", 0, NULL, 4},
        {"broken-no-range", 0, NULL, 4},
        {"broken-wrong-range", SW_ERROR_UNAVAILABLE, "another part", 2},
        {"redirect-away", 0, NULL, 2},
    };
    char digest[72];
    sw_cleanup_buf struct sw_buf expected = blob(digest);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char address[64];
        struct test_server server = begin(rows[i].name, address);
        sw_cleanup_buf struct sw_buf got = {0};
        sw_cleanup_error struct sw_error *error = store_fetch_blob(address, digest, BLOB, &got);
        sw_cleanup_free char *log = test_server_log(&server);
        if ((error ? error->code : 0) != rows[i].code)
            fail_msg("%s: %s", rows[i].name, error ? error->message : "accepted");
        if (rows[i].message && !strstr(error->message, rows[i].message))
            fail_msg("%s: %s", rows[i].name, error->message);
        if (!error && (got.len != BLOB || memcmp(got.data, expected.data, BLOB)))
            fail_msg("%s: wrong bytes", rows[i].name);
        if (test_log_count(log, "/blobs/") != rows[i].asked)
            fail_msg("%s: asked %u times:\n%s", rows[i].name, test_log_count(log, "/blobs/"), log);
        test_server_end(&server);
    }
}

static void carries_no_password_to_another_host(void **state) {
    (void)state;
    char address[64];
    char digest[72];
    sw_cleanup_buf struct sw_buf expected = blob(digest);
    struct test_server server = begin("basic", address);
    test_host_credential((struct sw_credential){.username = "alice", .password = "secret"});
    sw_cleanup_error struct sw_error *error = store_fetch_blob(address, digest, BLOB, NULL);
    assert_null(error);
    test_server_end(&server);
    server = begin("redirect-away", address);
    sw_cleanup_buf struct sw_buf received = {0};
    error = store_fetch_blob(address, digest, BLOB, &received);
    assert_null(error);
    assert_int_equal(received.len, expected.len);
    sw_cleanup_free char *log = test_server_log(&server);
    assert_int_equal(test_log_count(log, "GET /storage/"), 1);
    assert_int_equal(test_log_count(log, "Basic"), 0);
    test_host_credential((struct sw_credential){0});
    test_server_end(&server);
}

static void asks_for_one_token_for_equal_work(void **state) {
    (void)state;
    char address[64];
    struct test_server server = begin("bearer", address);
    for (int i = 0; i < 3; i++)
        assert_null(store_get_manifest(address, "tag", NULL));
    sw_cleanup_free char *log = test_server_log(&server);
    assert_int_equal(test_log_count(log, "GET /token"), 2); /* the first one fails by the test's will */
    assert_int_equal(test_log_count(log, "Bearer good"), 3);
    test_server_end(&server);
}

static void answers_to_a_listing(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t tags;
        const char *warning;
    } rows[] = {
        {"tags", 6, NULL},
        {"tags-loop", 1, "leads to itself"},
        {"tags-nothing-new", 1, "nothing new"},
        {"tags-elsewhere", 1, "another host"},
        {"tags-other-path", 2, NULL},
        {"tags-page-number", 1, NULL},
        {"tags-missing", 0, NULL},
        {"tags-null", 0, NULL},
        {"tags-full-page", 1001, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char address[64];
        struct test_server server = begin(rows[i].name, address);
        sw_cleanup_strlist struct sw_strlist tags = {0};
        sw_cleanup_error struct sw_error *error = store_list(address, &tags);
        if (error || tags.len != rows[i].tags)
            fail_msg("%s: %zu tags, %s", rows[i].name, tags.len, error ? error->message : "no error");
        if (rows[i].warning && !strstr(test_host_last_log(), rows[i].warning))
            fail_msg("%s: %s", rows[i].name, test_host_last_log());
        test_server_end(&server);
    }
}

static void answers_to_an_upload(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t code;
        const char *message;
    } rows[] = {
        {"fine", 0, NULL},
        {"put-lost-answer", 0, NULL},
        {"put-broken", 0, NULL},
        {"put-broken-resumable", 0, NULL},
        {"put-503", 0, NULL},
        {"put-unknown-session", 0, NULL},
        {"too-large", 0, NULL},
        {"mount-refused", 0, NULL},
        {"no-location", SW_ERROR_UNAVAILABLE, "does not say where"},
        {"location-file", SW_ERROR_UNAVAILABLE, "neither http nor https"},
        {"put-damaged", SW_ERROR_CORRUPT, "received other bytes"},
        {"put-never-there", SW_ERROR_UNAVAILABLE, "does not have the blob"},
        {"put-other-digest", SW_ERROR_CORRUPT, "stored sha256:"},
    };
    char digest[72];
    sw_cleanup_buf struct sw_buf bytes = blob(digest);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char address[64];
        struct test_server server = begin(rows[i].name, address);
        sw_cleanup_free char *from = sw_format("127.0.0.1:%d/b", server.port);
        bool mount = !strncmp(rows[i].name, "mount", 5);
        sw_cleanup_error struct sw_error *error =
            store_put_blob(address, digest, (struct sw_bytes){bytes.data, bytes.len}, mount ? from : NULL);
        if ((error ? error->code : 0) != rows[i].code)
            fail_msg("%s: %s", rows[i].name, error ? error->message : "accepted");
        if (rows[i].message && !strstr(error->message, rows[i].message))
            fail_msg("%s: %s", rows[i].name, error->message);
        if (!error) {
            sw_cleanup_buf struct sw_buf back = {0};
            sw_cleanup_error struct sw_error *lost = store_fetch_blob(address, digest, BLOB, &back);
            if (lost || back.len != BLOB)
                fail_msg("%s: not there", rows[i].name);
        }
        sw_cleanup_free char *log = test_server_log(&server);
        if (!strcmp(rows[i].name, "put-broken-resumable") && test_log_count(log, "PATCH") != 1)
            fail_msg("not resumed:\n%s", log);
        test_server_end(&server);
    }
}

static void answers_to_a_manifest_put(void **state) {
    (void)state;
    struct test_image image = test_image_new(1, 10, "amd64");
    struct test_image another = test_image_new(2, 10, "amd64");
    struct sw_bytes body = {image.manifest.data, image.manifest.len};
    char address[64];
    struct test_server server = begin("other-manifest", address);
    sw_cleanup_error struct sw_error *error = store_put_manifest(address, "t", SW_TYPE_OCI_MANIFEST, body, NULL);
    assert_int_equal(error->code, SW_ERROR_CORRUPT);
    test_server_end(&server);
    server = begin("immutable", address);
    assert_null(store_put_manifest(address, "t", SW_TYPE_OCI_MANIFEST, body, NULL));
    assert_null(store_put_manifest(address, "t", SW_TYPE_OCI_MANIFEST, body, NULL)); /* it stands right already */
    sw_cleanup_error struct sw_error *moved = store_put_manifest(
        address, "t", SW_TYPE_OCI_MANIFEST, (struct sw_bytes){another.manifest.data, another.manifest.len}, NULL);
    assert_non_null(strstr(moved->message, "immutable"));
    test_server_end(&server);
    test_image_free(&image);
    test_image_free(&another);
}

static void gives_up_on_a_slow_registry(void **state) {
    (void)state;
    char address[64];
    test_host_set("patience", "1");
    struct test_server server = begin("slow", address);
    store_cancel_after(8000);
    sw_cleanup_error struct sw_error *error = store_get_manifest(address, "t", NULL);
    store_cancel_after(0);
    assert_true(error->code == SW_ERROR_UNAVAILABLE || error->code == SW_ERROR_CANCELLED);
    sw_cleanup_free char *log = test_server_log(&server);
    assert_true(test_log_count(log, "GET") >= 2); /* it was given up, and tried again */
    test_host_set("patience", NULL);
    test_server_end(&server);
}

static void ends_at_once_when_cancelled(void **state) {
    (void)state;
    static const char *const rows[] = {"slow", "500", "429-then-fine"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char address[64];
        struct test_server server = begin(rows[i], address);
        store_cancel_after(300);
        sw_cleanup_error struct sw_error *error = store_get_manifest(address, "t", NULL);
        store_cancel_after(0);
        assert_int_equal(error->code, SW_ERROR_CANCELLED);
        test_server_end(&server);
    }
}

static int stop(void **state) {
    (void)state;
    store_stop();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_to_a_resolve),
        cmocka_unit_test(never_shows_escape_sequences),
        cmocka_unit_test(shows_the_registry_s_warnings),
        cmocka_unit_test(answers_to_a_fetch),
        cmocka_unit_test(carries_no_password_to_another_host),
        cmocka_unit_test(asks_for_one_token_for_equal_work),
        cmocka_unit_test(answers_to_a_listing),
        cmocka_unit_test(answers_to_an_upload),
        cmocka_unit_test(answers_to_a_manifest_put),
        cmocka_unit_test(gives_up_on_a_slow_registry),
        cmocka_unit_test(ends_at_once_when_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
