#include "core/plugin/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/runtime/loop.h"
#include "core/runtime/mask.h"
#include "tests/unit/check.h"

static char folder[] = "/var/tmp/slipway-credentials-XXXXXX";

static void write_file(const char *name, const char *text, mode_t mode) {
    sw_cleanup_free char *path = sw_path_join(folder, name);
    sw_cleanup_free char *parent = sw_path_dir(path);
    sw_cleanup_free char *command = sw_format("mkdir -p %s", parent);
    assert_int_equal(system(command), 0);
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static void set_folder(const char *variable, const char *name) {
    sw_cleanup_free char *path = sw_path_join(folder, name);
    setenv(variable, path, 1);
}

struct found {
    char text[256];
    int calls;
};

static void on_found(void *context, const struct sw_credential *credential, struct sw_error *error) {
    struct found *found = context;
    found->calls++;
    if (error)
        snprintf(found->text, sizeof found->text, "error: %s", error->message);
    else if (credential->identity_token)
        snprintf(found->text, sizeof found->text, "token %s", credential->identity_token);
    else
        snprintf(found->text, sizeof found->text, "%s:%s", credential->username ? credential->username : "",
                 credential->password ? credential->password : "");
    sw_error_free(error);
}

static const char *find(const char *registry) {
    static struct found found;
    found = (struct found){0};
    sw_credentials_find(registry, on_found, &found);
    assert_int_equal(found.calls, 0);
    sw_loop_run();
    assert_int_equal(found.calls, 1);
    return found.text;
}

static void files_are_searched_in_their_order(void **state) {
    (void)state;
    write_file("home/.docker/config.json",
               "{\"auths\":{\"a\":{\"username\":\"docker\",\"password\":\"1\"},"
               "\"b\":{\"username\":\"docker\",\"password\":\"2\"}}}",
               0600);
    write_file("home/.dockercfg", "{\"c\":{\"auth\":\"b2xkOjM=\"}}", 0600);
    write_file("home/.config/containers/auth.json", "{\"auths\":{\"b\":{\"username\":\"podman\",\"password\":\"4\"}}}", 0600);
    write_file("run/containers/auth.json", "{\"auths\":{\"d\":{\"username\":\"run\",\"password\":\"5\"}}}", 0600);
    write_file("other/config.json", "{\"auths\":{\"b\":{\"username\":\"other\",\"password\":\"6\"}}}", 0600);
    assert_string_equal(find("a"), "docker:1");
    assert_string_equal(find("b"), "podman:4");
    assert_string_equal(find("c"), "old:3");
    assert_string_equal(find("d"), "run:5");
    assert_string_equal(find("nobody.example"), ":");
    set_folder("DOCKER_CONFIG", "other");
    assert_string_equal(find("b"), "other:6");
    assert_string_equal(find("a"), ":");
    unsetenv("DOCKER_CONFIG");
    sw_cleanup_free char *other = sw_path_join(folder, "other");
    sw_credentials_set_folder(other);
    assert_string_equal(find("b"), "other:6");
}

static void set_helper(const char *name, const char *script) {
    sw_cleanup_free char *path = sw_format("bin/docker-credential-%s", name);
    sw_cleanup_free char *text = sw_format("#!/bin/sh\ncd %s\n%s\n", folder, script);
    sw_cleanup_free char *json = sw_format("{\"credHelpers\":{\"r.example\":\"%s\"}}", name);
    write_file(path, text, 0755);
    write_file("home/.docker/config.json", json, 0600);
}

static void helpers_are_asked_and_their_failures_said(void **state) {
    (void)state;
    static const struct {
        const char *name, *script, *found;
    } cases[] = {
        {"good", "[ $1 = get ] && [ $(cat) = r.example ] && echo '{\"ServerURL\":\"r\",\"Username\":\"u\",\"Secret\":\"p\"}'",
         "u:p"},
        {"token", "echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'", "token t"},
        {"empty", "echo '{\"Username\":\"\",\"Secret\":\"\"}'", ":"},
        {"unknown", "echo credentials not found in native keychain; exit 1", ":"},
        {"fails", "echo the vault is sealed; echo second line; exit 1",
         "error: docker-credential-fails failed for r.example: the vault is sealed"},
        {"mute", "exit 1", "error: docker-credential-mute failed for r.example: it gave no reason"},
        {"broken", "echo '{\"Username\":\"u\"}'",
         "error: docker-credential-broken gave no credentials for r.example that can be understood"},
        {"flood", "yes", "error: docker-credential-flood gave an answer longer than 64 KiB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_helper(cases[i].name, cases[i].script);
        assert_string_equal(find("r.example"), cases[i].found);
    }
}

static void a_helper_that_is_not_installed_is_named(void **state) {
    (void)state;
    write_file("home/.docker/config.json", "{\"credsStore\":\"nowhere\"}", 0600);
    const char *text = find("r.example");
    assert_non_null(strstr(text, "docker-credential-nowhere is named in "));
    assert_non_null(strstr(text, "config.json for r.example, but is not in PATH"));
}

static void a_helpers_name_cannot_leave_path(void **state) {
    (void)state;
    write_file("home/.docker/config.json", "{\"credsStore\":\"../../tmp/evil\"}", 0600);
    assert_non_null(strstr(find("r.example"), "is no name of a credential helper"));
}

static void one_run_of_a_helper_serves_all_that_wait(void **state) {
    (void)state;
    struct found found[5] = {0};
    set_helper("counted", "echo run >>runs; sleep 0.1; echo '{\"Username\":\"u\",\"Secret\":\"p\"}'");
    for (int i = 0; i < 5; i++)
        sw_credentials_find("r.example/app", on_found, &found[i]);
    sw_loop_run();
    for (int i = 0; i < 5; i++)
        assert_string_equal(found[i].text, "u:p");
    assert_string_equal(find("r.example"), "u:p");
    sw_cleanup_free char *runs = sw_path_join(folder, "runs");
    struct stat status;
    assert_int_equal(stat(runs, &status), 0);
    assert_int_equal(status.st_size, strlen("run\n"));
}

static void passwords_are_masked_from_then_on(void **state) {
    (void)state;
    write_file("home/.docker/config.json", "{\"auths\":{\"a\":{\"username\":\"u\",\"password\":\"correct horse\"}}}", 0600);
    find("a");
    sw_cleanup_free char *shown = sw_mask_text("sent correct horse");
    assert_string_equal(shown, "sent ***");
}

static int set_up(void **state) {
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    sw_cleanup_free char *path = sw_format("%s/bin:/usr/bin:/bin", folder);
    setenv("PATH", path, 1);
    set_folder("HOME", "home");
    set_folder("XDG_RUNTIME_DIR", "run");
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("DOCKER_CONFIG");
    unsetenv("REGISTRY_AUTH_FILE");
    return sw_loop_start(NULL) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    sw_cleanup_free char *command = sw_format("rm -rf %s", folder);
    sw_credentials_end();
    sw_mask_clear();
    sw_loop_end();
    return system(command);
}

#define IN_A_HOME(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_HOME(files_are_searched_in_their_order),        IN_A_HOME(helpers_are_asked_and_their_failures_said),
        IN_A_HOME(a_helper_that_is_not_installed_is_named),  IN_A_HOME(a_helpers_name_cannot_leave_path),
        IN_A_HOME(one_run_of_a_helper_serves_all_that_wait), IN_A_HOME(passwords_are_masked_from_then_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
