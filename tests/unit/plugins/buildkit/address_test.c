/* Addresses of daemons, and how failures are said. */
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/endpoint.h"
#include "plugins/buildkit/grpc_status.h"
#include "tests/unit/check.h"

static const char *none(const char *plugin, const char *name) {
    (void)plugin;
    (void)name;
    return NULL;
}

static const struct sw_host host = {.size = sizeof host, .setting = none};

static void addresses_say_what_is_spoken_and_over_what(void **state) {
    (void)state;
    static const struct {
        const char *address;
        uint32_t speaks, carrier;
        const char *path, *name, *port, *container;
        bool tls;
    } cases[] = {
        {"unix:///run/b.sock", SW_ENDPOINT_BUILDKIT, SW_ENDPOINT_UNIX, "/run/b.sock", NULL, NULL, NULL, false},
        {"tcp://[::1]:1234", SW_ENDPOINT_BUILDKIT, SW_ENDPOINT_TCP, NULL, "::1", "1234", NULL, false},
        {"tcp://b?ca=/c&cert=/a&key=/k", SW_ENDPOINT_BUILDKIT, SW_ENDPOINT_TCP, NULL, "b", "1234", NULL, true},
        {"docker:///run/d.sock", SW_ENDPOINT_DOCKER, SW_ENDPOINT_UNIX, "/run/d.sock", NULL, NULL, NULL, false},
        {"docker+ssh://me@h:22", SW_ENDPOINT_DOCKER, SW_ENDPOINT_SSH, NULL, "h", "22", NULL, false},
        {"ssh://h/run/b.sock", SW_ENDPOINT_BUILDKIT, SW_ENDPOINT_SSH, "/run/b.sock", "h", NULL, NULL, false},
        {"docker-container://bk0", SW_ENDPOINT_CONTAINER, SW_ENDPOINT_UNIX, "/run/x.sock", NULL, NULL, "bk0", false},
        {"docker://", SW_ENDPOINT_DOCKER, SW_ENDPOINT_UNIX, "/run/x.sock", NULL, NULL, NULL, false},
    };
    setenv("DOCKER_HOST", "unix:///run/x.sock", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_endpoint endpoint;
        sw_cleanup_error struct sw_error *error = NULL;
        if (!sw_endpoint_parse(&host, cases[i].address, &endpoint, &error))
            fail_msg("%s: %s", cases[i].address, error->message);
        assert_int_equal(endpoint.speaks, cases[i].speaks);
        assert_int_equal(endpoint.carrier, cases[i].carrier);
        assert_int_equal(endpoint.tls, cases[i].tls);
        const char *const pairs[][2] = {{endpoint.path, cases[i].path},
                                        {endpoint.host, cases[i].name},
                                        {endpoint.port, cases[i].port},
                                        {endpoint.container, cases[i].container}};
        for (size_t k = 0; k < 4; k++)
            assert_string_equal(pairs[k][0] ? pairs[k][0] : "-", pairs[k][1] ? pairs[k][1] : "-");
        sw_endpoint_fini(&endpoint);
    }
}

static void addresses_that_make_no_sense_are_refused(void **state) {
    (void)state;
    static const char *const cases[] = {"",
                                        "unix://x",
                                        "tcp://",
                                        "tcp://h:x",
                                        "ssh://-oProxyCommand=x",
                                        "docker-container://",
                                        "docker-container://a/b",
                                        "tcp://h?cert=/a",
                                        "tcp://h?colour=red",
                                        "tcp://h?tls=/nowhere",
                                        "http://h",
                                        "tcp://[::1"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_endpoint endpoint;
        struct sw_error *error = NULL;
        assert_false(sw_endpoint_parse(&host, cases[i], &endpoint, &error));
        assert_int_equal(error->code, SW_ERROR_USAGE);
        sw_error_free(error);
    }
}

static const char *asked_for, *answer;

static const char *one_setting(const char *plugin, const char *name) {
    (void)plugin;
    return strcmp(name, asked_for) ? NULL : answer;
}

static const struct sw_host host_with_setting = {.size = sizeof host_with_setting, .setting = one_setting};

static void settings_hold_for_addresses_that_name_no_certificates_of_their_own(void **state) {
    (void)state;
    static const struct {
        const char *setting, *address, *ca;
        bool tls;
    } cases[] = {
        {"buildkit-tls-ca", "tcp://h", "/set", true},           {"buildkit-tls-ca", "tcp://h?ca=/own", "/own", true},
        {"buildkit-tls-ca", "unix:///run/b.sock", NULL, false}, {"buildkit-tls-ca", "docker://h:2375", NULL, false},
        {"buildkit-tls-name", "tcp://h", NULL, false},
    };
    answer = "/set";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_endpoint endpoint;
        asked_for = cases[i].setting;
        assert_true(sw_endpoint_parse(&host_with_setting, cases[i].address, &endpoint, NULL));
        assert_int_equal(endpoint.tls, cases[i].tls);
        assert_string_equal(endpoint.ca ? endpoint.ca : "-", cases[i].ca ? cases[i].ca : "-");
        sw_endpoint_fini(&endpoint);
    }
}

static void statuses_are_read_from_headers(void **state) {
    (void)state;
    static const struct {
        const char *code, *message;
        uint32_t wanted;
        const char *text;
    } cases[] = {{"0", NULL, 0, NULL},
                 {"14", "no%20way", 14, "no way"},
                 {"2", "100%", 2, "100%"},
                 {"x", NULL, SW_GRPC_INTERNAL, NULL},
                 {"-1", NULL, SW_GRPC_INTERNAL, NULL},
                 {"99", "odd", 99, "odd"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_grpc_status status = {0};
        struct sw_pair pairs[] = {{"grpc-status", cases[i].code}, {"grpc-message", cases[i].message}};
        assert_true(sw_grpc_status_read((struct sw_pairs){pairs, cases[i].message ? 2 : 1}, &status));
        assert_int_equal(status.code, cases[i].wanted);
        if (cases[i].text)
            assert_string_equal(status.message, cases[i].text);
        sw_grpc_status_fini(&status);
    }
}

static void every_status_becomes_an_error_that_names_the_daemon_or_the_cause(void **state) {
    (void)state;
    static const struct {
        uint32_t code, wanted;
    } cases[] = {{1, SW_ERROR_UNAVAILABLE}, {4, SW_ERROR_UNAVAILABLE},  {7, SW_ERROR_DENIED},
                 {8, SW_ERROR_UNAVAILABLE}, {12, SW_ERROR_UNSUPPORTED}, {14, SW_ERROR_UNAVAILABLE},
                 {16, SW_ERROR_AUTH},       {2, SW_ERROR_BUILD},        {77, SW_ERROR_UNAVAILABLE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_grpc_status status = {.code = cases[i].code, .message = (char *)"rpc error: code = Unknown desc = the cause"};
        sw_cleanup_error struct sw_error *error = sw_grpc_error(&status, "unix:///b", "to build");
        assert_int_equal(error->code, cases[i].wanted);
        assert_non_null(strstr(error->message, "the cause"));
        assert_null(strstr(error->message, "desc ="));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_say_what_is_spoken_and_over_what),
        cmocka_unit_test(addresses_that_make_no_sense_are_refused),
        cmocka_unit_test(settings_hold_for_addresses_that_name_no_certificates_of_their_own),
        cmocka_unit_test(statuses_are_read_from_headers),
        cmocka_unit_test(every_status_becomes_an_error_that_names_the_daemon_or_the_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
