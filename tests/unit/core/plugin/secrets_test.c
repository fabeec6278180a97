#include "core/plugin/secrets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/runtime/mask.h"
#include "tests/unit/check.h"

static char path[] = "/var/tmp/slipway-secret-XXXXXX";

static void values_come_from_their_sources_when_they_are_asked_for(void **state) {
    (void)state;
    static const struct {
        const char *id;
        enum sw_secret_origin source;
        const char *text, *value;
    } cases[] = {
        {"env", SW_SECRET_FROM_ENV, "SLIPWAY_TEST_SECRET", "from env"},
        {"file", SW_SECRET_FROM_FILE, path, "from file\n"},
        {"value", SW_SECRET_FROM_TEXT, "from text", "from text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        sw_secrets_add("plan1", cases[i].id, cases[i].source, cases[i].text);
    setenv("SLIPWAY_TEST_SECRET", "from env", 1); /* only now */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_bytes value;
        assert_true(sw_secrets_value("plan1", cases[i].id, &value, NULL));
        assert_int_equal(value.len, strlen(cases[i].value));
        assert_memory_equal(value.data, cases[i].value, value.len);
        sw_secrets_free_value(&value);
        assert_null(value.data);
    }
    sw_cleanup_free char *shown = sw_mask_text("got from env, from file and from text.");
    assert_string_equal(shown, "got ***, *** and ***.");
}

static void secrets_belong_to_one_plan(void **state) {
    (void)state;
    sw_cleanup_error struct sw_error *error = NULL;
    struct sw_bytes value;
    sw_secrets_add("plan1", "id", SW_SECRET_FROM_TEXT, "one");
    sw_secrets_add("plan2", "id", SW_SECRET_FROM_TEXT, "two");
    assert_true(sw_secrets_value("plan2", "id", &value, NULL));
    assert_memory_equal(value.data, "two", 3);
    sw_secrets_free_value(&value);
    assert_false(sw_secrets_value("plan3", "id", &value, &error));
    assert_int_equal(error->code, SW_ERROR_NOT_FOUND);
    assert_null(value.data);
}

static void a_source_that_is_not_there_is_named(void **state) {
    (void)state;
    static const struct {
        enum sw_secret_origin source;
        const char *text, *message;
        uint32_t code;
    } cases[] = {
        {SW_SECRET_FROM_ENV, "SLIPWAY_NOT_SET", "secret id: environment variable SLIPWAY_NOT_SET is not set", SW_ERROR_CONFIG},
        {SW_SECRET_FROM_FILE, "/no/such/file", "secret id: /no/such/file: No such file or directory", SW_ERROR_CONFIG},
        {SW_SECRET_FROM_FILE, "/dev/zero", "secret id: /dev/zero is no regular file", SW_ERROR_CONFIG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_error struct sw_error *error = NULL;
        struct sw_bytes value;
        sw_secrets_add("plan", "id", cases[i].source, cases[i].text);
        assert_false(sw_secrets_value("plan", "id", &value, &error));
        assert_string_equal(error->message, cases[i].message);
        assert_int_equal(error->code, cases[i].code);
    }
}

static void note(void *context, const char *id, struct sw_bytes value) {
    sw_buf_printf(context, "%s=%.*s;", id, (int)value.len, (const char *)value.data);
}

static void all_secrets_that_can_be_read_are_searched_for(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf seen = {0};
    sw_secrets_end();
    sw_secrets_add("plan", "one", SW_SECRET_FROM_TEXT, "a");
    sw_secrets_add("plan", "gone", SW_SECRET_FROM_FILE, "/no/such/file");
    sw_secrets_add("other", "one", SW_SECRET_FROM_TEXT, "c");
    sw_secrets_each(note, &seen);
    assert_string_equal(seen.data, "one=a;one=c;");
}

static void sockets_are_found_by_plan_and_id(void **state) {
    (void)state;
    sw_secrets_add_ssh("plan", "default", "/run/agent");
    assert_string_equal(sw_secrets_ssh_socket("plan", "default"), "/run/agent");
    assert_null(sw_secrets_ssh_socket("plan", "other"));
    assert_null(sw_secrets_ssh_socket("other", "default"));
}

static int set_up(void **state) {
    (void)state;
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    ssize_t written = write(fd, "from file\n", 10);
    close(fd);
    return written == 10 ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    sw_secrets_end();
    sw_mask_clear();
    return unlink(path);
}

#define WITH_A_FILE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_A_FILE(values_come_from_their_sources_when_they_are_asked_for),
        WITH_A_FILE(secrets_belong_to_one_plan),
        WITH_A_FILE(a_source_that_is_not_there_is_named),
        WITH_A_FILE(all_secrets_that_can_be_read_are_searched_for),
        WITH_A_FILE(sockets_are_found_by_plan_and_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
