/* Getting at docker-registry through tokens, TLS and mirrors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "tests/unit/check.h"
#include "tests/unit/plugins/registry/store_calls.h"
#include "tests/unit/plugins/registry/test_host.h"
#include "tests/unit/plugins/registry/test_image.h"
#include "tests/unit/plugins/registry/test_server.h"

static void must(struct sw_error *error) {
    if (error)
        fail_msg("%s", error->message);
}

/* What the token server was asked; to be freed. */
static char *token_log(const struct test_server *server) {
    sw_cleanup_free char *path = sw_format("%s/log", server->folder);
    sw_cleanup_file FILE *file = fopen(path, "r");
    struct sw_buf text = {0};
    char line[1024];
    while (file && fgets(line, sizeof line, file))
        sw_buf_puts(&text, line);
    return sw_buf_take(&text);
}

static void pushes_and_mounts_by_tokens(void **state) {
    (void)state;
    struct test_server server = test_server_with_tokens();
    sw_cleanup_free char *app = sw_format("127.0.0.1:%d/private/app", server.port);
    sw_cleanup_free char *copy = sw_format("127.0.0.1:%d/private/copy", server.port);
    struct test_image image = test_image_new(1, 100000, "amd64");
    test_host_credential((struct sw_credential){.username = "alice", .password = "secret"});
    store_restart();
    test_image_push(&image, app, "v1");
    must(store_put_blob(copy, image.layer_digest, (struct sw_bytes){image.layer.data, image.layer.len}, app));
    assert_int_equal(store_opened(), 2); /* layer and config; the copy was mounted */
    sw_cleanup_free char *log = token_log(&server);
    assert_int_equal(test_log_count(log, "GET"), 2); /* one for each repository, the second one with the right to mount */
    assert_int_equal(test_log_count(log, "GET repository:private/app:pull,push\n"), 1);
    must(store_list(app, NULL));
    sw_cleanup_free char *again = token_log(&server);
    assert_string_equal(log, again); /* reading is covered by the token to write */
    test_image_free(&image);
    test_server_end(&server);
}

static void says_what_is_missing_for_access(void **state) {
    (void)state;
    static const struct {
        struct sw_credential credential;
        const char *path, *message;
    } rows[] = {
        {{0}, "private/app", "wants a login"},
        {{.username = "alice", .password = "wrong"}, "private/app", "wrong user name or password"},
        {{.username = "alice", .password = "secret"}, "private/app", NULL},
        {{.identity_token = "refresh"}, "private/app", NULL},
        {{.identity_token = "stale"}, "private/app", "wrong user name or password"},
        {{.registry_token = "nonsense"}, "private/app", "wants a login"},
        {{0}, "public/app", NULL},
    };
    struct test_server server = test_server_with_tokens();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *address = sw_format("127.0.0.1:%d/%s", server.port, rows[i].path);
        test_host_credential(rows[i].credential);
        store_restart();
        sw_cleanup_error struct sw_error *error = store_list(address, NULL); /* nothing is there: an empty list is success */
        if (!rows[i].message && error)
            fail_msg("row %zu: %s", i, error->message);
        if (rows[i].message && (!error || error->code != SW_ERROR_AUTH || !strstr(error->message, rows[i].message)))
            fail_msg("row %zu: %s", i, error ? error->message : "let in");
    }
    test_host_credential((struct sw_credential){0});
    test_server_end(&server);
}

static void gets_tokens_for_others(void **state) {
    (void)state;
    static const struct {
        struct sw_credential credential;
        const char *message;
    } rows[] = {
        {{0}, NULL}, /* as anybody */
        {{.username = "alice", .password = "secret"}, NULL},
        {{.identity_token = "refresh"}, NULL},
        {{.registry_token = "as-it-is"}, NULL},
        {{.username = "alice", .password = "wrong"}, "wrong user name or password"},
    };
    struct test_server server = test_server_with_tokens();
    sw_cleanup_free char *host = sw_format("127.0.0.1:%d", server.port);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *token = NULL, *again = NULL;
        uint32_t seconds, left;
        test_host_credential(rows[i].credential);
        store_restart();
        sw_cleanup_error struct sw_error *error = store_token(host, "repository:private/app:pull", &token, &seconds);
        if (!rows[i].message != !error || (error && !strstr(error->message, rows[i].message)))
            fail_msg("row %zu: %s", i, error ? error->message : "no error");
        if (error)
            continue;
        assert_non_null(token);
        assert_true(seconds > 0 && seconds < 300);
        must(store_token(host, "repository:private/app:pull", &again, &left));
        assert_string_equal(token, again);
        if (rows[i].credential.registry_token)
            assert_string_equal(token, "as-it-is");
    }
    test_host_credential((struct sw_credential){0});
    test_server_end(&server);
}

static void has_no_token_of_a_registry_without(void **state) {
    (void)state;
    struct test_server server = test_server_registry(NULL);
    sw_cleanup_free char *host = sw_format("127.0.0.1:%d", server.port);
    sw_cleanup_free char *token = NULL, *gone = NULL;
    uint32_t seconds;
    test_host_credential((struct sw_credential){.username = "alice", .password = "secret"});
    store_restart();
    must(store_token(host, "repository:app:pull", &token, &seconds));
    assert_null(token);
    test_server_end(&server);
    store_restart();
    sw_cleanup_error struct sw_error *error = store_token(host, "repository:app:pull", &gone, &seconds);
    assert_non_null(error);
    assert_int_equal(error->code, SW_ERROR_UNAVAILABLE);
    test_host_credential((struct sw_credential){0});
}

static void trusts_what_certs_d_says(void **state) {
    (void)state;
    struct test_server server = test_server_with_tls();
    struct test_image image = test_image_new(2, 3 << 20, "amd64");
    sw_cleanup_free char *address = sw_format("localhost:%d/app", server.port);
    store_restart();
    sw_cleanup_error struct sw_error *error = store_list(address, NULL);
    assert_int_equal(error->code, SW_ERROR_UNAVAILABLE);
    assert_non_null(strstr(error->message, "not trusted"));
    assert_non_null(strstr(error->hint, "certs.d"));

    sw_cleanup_free char *command = sw_format("D=%s/.config/containers/certs.d/localhost:%d; mkdir -p $D && cp %s/ca.crt $D/",
                                              server.folder, server.port, server.folder);
    assert_int_equal(system(command), 0);
    sw_cleanup_free char *home = sw_strdup(getenv("HOME"));
    setenv("HOME", server.folder, 1);
    store_restart();
    test_image_push(&image, address, "v1");
    sw_cleanup_buf struct sw_buf layer = {0};
    must(store_fetch_blob(address, image.layer_digest, image.layer.len, &layer));
    assert_int_equal(layer.len, image.layer.len);

    sw_cleanup_free char *half = sw_format("touch %s/.config/containers/certs.d/localhost:%d/me.cert", server.folder, server.port);
    assert_int_equal(system(half), 0);
    store_restart();
    sw_cleanup_error struct sw_error *alone = NULL;
    assert_null(store_table()->open(address, &alone));
    assert_non_null(strstr(alone->message, "me.key is missing"));
    setenv("HOME", home ? home : "/", 1);

    test_host_set("skip-tls-verify-registry", "true");
    store_restart();
    must(store_list(address, NULL));
    test_host_set("skip-tls-verify-registry", NULL);
    test_host_set("insecure-registry", "localhost");
    store_restart();
    must(store_list(address, NULL));
    test_host_set("insecure-registry", NULL);
    test_image_free(&image);
    test_server_end(&server);
}

static void asks_mirrors_of_docker_hub_in_turn(void **state) {
    (void)state;
    struct test_server broken = test_server_hostile("missing");
    struct test_server good = test_server_registry(NULL);
    struct test_image image = test_image_new(3, 1000, "amd64");
    sw_cleanup_free char *address = sw_format("127.0.0.1:%d/library/busy", good.port);
    sw_cleanup_free char *mirrors = sw_format("not//a/mirror,http://127.0.0.1:%d/,http://127.0.0.1:%d", broken.port, good.port);
    test_host_set("container-registry-mirror", mirrors);
    store_restart();
    test_image_push(&image, address, "1");
    sw_cleanup_free char *digest = NULL;
    must(store_resolve("busy:1", "linux/amd64", &digest, NULL));
    assert_string_equal(digest, image.manifest_digest);
    sw_cleanup_buf struct sw_buf layer = {0};
    must(store_fetch_blob("docker.io/library/busy", image.layer_digest, image.layer.len, &layer));
    assert_int_equal(layer.len, image.layer.len);
    sw_cleanup_free char *log = test_server_log(&broken);
    assert_int_equal(test_log_count(log, "GET /v2/library/busy/manifests/1 "), 1);
    test_host_set("container-registry-mirror", NULL);
    test_image_free(&image);
    test_server_end(&broken);
    test_server_end(&good);
}

static int stop(void **state) {
    (void)state;
    store_stop();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushes_and_mounts_by_tokens), cmocka_unit_test(says_what_is_missing_for_access),
        cmocka_unit_test(gets_tokens_for_others),      cmocka_unit_test(has_no_token_of_a_registry_without),
        cmocka_unit_test(trusts_what_certs_d_says),    cmocka_unit_test(asks_mirrors_of_docker_hub_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
