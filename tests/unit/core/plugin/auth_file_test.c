#include "core/plugin/auth_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "tests/unit/check.h"

static char path[] = "/var/tmp/slipway-auth-XXXXXX";

static void write_file(const char *text) {
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

/* The answers of the file as text: "user:password", "token T", "bearer T", "helper NAME SERVER". */
static char *answers(const char *registry, struct sw_error **error) {
    struct sw_vec auths = {.width = sizeof(struct sw_auth)};
    struct sw_buf text = {0};
    sw_buf_puts(&text, sw_auth_file_read(path, registry, &auths, error) ? "" : "error");
    for (size_t i = 0; i < auths.len; i++) {
        struct sw_auth *auth = sw_vec_at(&auths, i);
        if (auth->helper)
            sw_buf_printf(&text, "[helper %s %s]", auth->helper, auth->server);
        else if (auth->registry_token)
            sw_buf_printf(&text, "[bearer %s]", auth->registry_token);
        else if (auth->identity_token)
            sw_buf_printf(&text, "[token %s]", auth->identity_token);
        else
            sw_buf_printf(&text, "[%s:%s]", auth->username, auth->password);
        sw_auth_fini(auth);
    }
    sw_vec_fini(&auths);
    return sw_buf_take(&text);
}

static const char config[] =
    "{\"auths\": {"
    "  \"registry.example\": {\"auth\": \"dXNlcjpwYXNzOndvcmQ=\"},"
    "  \"registry.example/team\": {\"username\": \"team\", \"password\": \"t\"},"
    "  \"registry.example/team/app\": {\"auth\": \"YXBwOmE\"},"
    "  \"https://old.example/v2/\": {\"auth\": \"b2xkOm8=\"},"
    "  \"https://index.docker.io/v1/\": {\"auth\": \"aHViOmg=\"},"
    "  \"token.example\": {\"auth\": \"PHRva2VuPjo=\", \"identitytoken\": \"idt\"},"
    "  \"bearer.example:5000\": {\"registrytoken\": \"rgt\", \"identitytoken\": \"idt\"},"
    "  \"stored.example\": {},"
    "  \"null.example\": {\"auth\": \"dXNlcjpwdwAAAA==\"}"
    "}, \"credHelpers\": {\"gcr.example\": \"gcloud\", \"registry.example/ecr\": \"ecr-login\"}, \"credsStore\": \"pass\","
    "\"HttpHeaders\": {\"X\": \"y\"}}";

static void the_most_specific_entry_wins(void **state) {
    (void)state;
    static const struct {
        const char *registry;
        const char *answers;
    } cases[] = {
        {"registry.example", "[user:pass:word]"},
        {"registry.example/other/app", "[user:pass:word]"},
        {"registry.example/team/other", "[team:t]"},
        {"registry.example/team/app", "[app:a]"},
        {"registry.example/team/app/sub", "[app:a]"},
        {"registry.example/ecr/app", "[helper ecr-login registry.example/ecr][user:pass:word]"},
        {"old.example", "[old:o]"},
        {"docker.io", "[hub:h]"},
        {"index.docker.io", "[hub:h]"},
        {"docker.io/library/alpine", "[hub:h]"},
        {"token.example", "[token idt]"},
        {"bearer.example:5000", "[bearer rgt]"},
        {"bearer.example", "[helper pass bearer.example]"},
        {"stored.example", "[helper pass stored.example]"},
        {"gcr.example", "[helper gcloud gcr.example]"},
        {"unknown.example", "[helper pass unknown.example]"},
        {"null.example", "[user:pw]"},
    };
    write_file(config);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_free char *text = answers(cases[i].registry, NULL);
        assert_string_equal(text, cases[i].answers);
    }
}

static void the_hub_has_its_old_name_with_helpers(void **state) {
    (void)state;
    write_file("{\"credsStore\": \"pass\"}");
    sw_cleanup_free char *text = answers("docker.io", NULL);
    assert_string_equal(text, "[helper pass https://index.docker.io/v1/]");
}

static void a_broken_file_is_an_error_that_shows_no_value(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"{\"auths\": ", "is no JSON: line"},
        {"[]", "is no JSON object"},
        {"{\"auths\": {\"r.example\": {\"auth\": \"s3cr3t!!\"}}}", "\"auth\" of r.example is not the base64 of USER:PASSWORD"},
        {"{\"auths\": {\"r.example\": {\"auth\": \"czNjcjN0\"}}}", "\"auth\" of r.example is not the base64 of USER:PASSWORD"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_error struct sw_error *error = NULL;
        write_file(cases[i].text);
        sw_cleanup_free char *text = answers("r.example", &error);
        assert_string_equal(text, "error");
        assert_non_null(strstr(error->message, cases[i].says));
        assert_non_null(strstr(error->message, path));
        assert_null(strstr(error->message, "s3cr3t"));
        assert_int_equal(error->code, SW_ERROR_CONFIG);
    }
}

static void strange_shapes_hold_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{}",
        "{\"auths\": []}",
        "{\"auths\": {\"r.example\": 7}}",
        "{\"auths\": {\"r.example\": {\"auth\": 7, \"username\": []}}}",
        "{\"credHelpers\": {\"r.example\": 7}, \"credsStore\": null}",
        "{\"auths\": {\"r.example\": {\"username\": \"\", \"password\": \"x\"}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_file(texts[i]);
        sw_cleanup_free char *text = answers("r.example", NULL);
        assert_string_equal(text, "");
    }
}

static void a_missing_file_holds_nothing(void **state) {
    (void)state;
    struct sw_vec auths = {.width = sizeof(struct sw_auth)};
    assert_true(sw_auth_file_read("/no/such/folder/config.json", "r.example", &auths, NULL));
    assert_int_equal(auths.len, 0);
}

static int make_file(void **state) {
    (void)state;
    return mkstemp(path) >= 0 ? 0 : -1;
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_entry_wins),
        cmocka_unit_test(the_hub_has_its_old_name_with_helpers),
        cmocka_unit_test(a_broken_file_is_an_error_that_shows_no_value),
        cmocka_unit_test(strange_shapes_hold_nothing),
        cmocka_unit_test(a_missing_file_holds_nothing),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
