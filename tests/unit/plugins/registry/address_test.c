/* Where requests may go: URLs, proxies, and the texts of errors that come back. */
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/endpoint.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/proxy.h"
#include "tests/unit/check.h"

static void resolves_what_servers_answer(void **state) {
    (void)state;
    static const struct {
        const char *base, *location, *url;
    } rows[] = {
        {"http://h:5/v2/a/uploads/", "/v2/a/x?_state=a%2Fb%3D", "http://h:5/v2/a/x?_state=a%2Fb%3D"},
        {"http://h:5/v2/a/uploads/", "http://h:5/y", "http://h:5/y"},
        {"http://h:5/v2/a/uploads/", "x", "http://h:5/v2/a/uploads/x"},
        {"https://h/v2/", "//other/p", "https://other/p"},
        {"https://h/v2/", "https://s3/p#part", "https://s3/p"},
        {"http://h/", "file:///etc/passwd", NULL},
        {"http://h/", "ftp://h/x", NULL},
        {"http://h/", "gopher://h/x", NULL},
        {"http://h/", "data:text/plain,x", NULL},
        {"http://h/", "http://user:pw@h/x", NULL},
        {"http://h/", "http://h/a b", NULL},
        {"http://h/", "http://h/\r\nX: y", NULL},
        {"http://h/", "", NULL},
        {NULL, "/relative", NULL},
        {NULL, "https://auth/token?x=1", "https://auth/token?x=1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_url struct sw_url url = {0};
        bool good = sw_url_resolve(rows[i].base, rows[i].location, &url, NULL);
        if (good != (rows[i].url != NULL))
            fail_msg("row %zu: %s", i, rows[i].location);
        if (good)
            assert_string_equal(url.text, rows[i].url);
    }
}

static void follows_only_where_a_stranger_may_lead(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
        bool may;
    } rows[] = {
        {"https://registry.example/", "https://storage.example/x", true},
        {"https://registry.example/", "http://storage.example/x", false},
        {"https://registry.example/", "https://127.0.0.1/x", false},
        {"https://registry.example/", "https://2130706433/x", false},
        {"https://registry.example/", "https://0x7f.1/x", false},
        {"https://registry.example/", "https://localhost/x", false},
        {"https://registry.example/", "https://a.localhost/x", false},
        {"https://registry.example/", "https://169.254.169.254/latest", false},
        {"https://registry.example/", "https://10.1.2.3/x", false},
        {"https://registry.example/", "https://172.31.0.1/x", false},
        {"https://registry.example/", "https://192.168.1.1/x", false},
        {"https://registry.example/", "https://100.64.0.1/x", false},
        {"https://registry.example/", "https://0.0.0.0/x", false},
        {"https://registry.example/", "https://[::1]/x", false},
        {"https://registry.example/", "https://[::ffff:127.0.0.1]/x", false},
        {"https://registry.example/", "https://[fe80::1]/x", false},
        {"https://registry.example/", "https://[fd00::1]/x", false},
        {"https://registry.example/", "https://8.8.8.8/x", true},
        {"http://127.0.0.1:1/", "http://localhost:2/x", true},
        {"http://127.0.0.1:1/", "http://169.254.169.254/x", false},
        {"http://10.0.0.1/", "http://10.0.0.2/x", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_url struct sw_url from = {0};
        sw_cleanup_url struct sw_url to = {0};
        assert_true(sw_url_resolve(NULL, rows[i].from, &from, NULL) && sw_url_resolve(NULL, rows[i].to, &to, NULL));
        if (sw_url_may_follow(&from, &to, false, NULL) != rows[i].may)
            fail_msg("%s -> %s", rows[i].from, rows[i].to);
    }
}

static void keeps_credentials_to_one_origin(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"https://h/a", "https://H:443/b", true},  {"http://h/a", "http://h:80/", true},       {"https://h/a", "http://h/a", false},
        {"https://h/a", "https://h:444/a", false}, {"https://h/a", "https://h.evil/a", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_url struct sw_url a = {0};
        sw_cleanup_url struct sw_url b = {0};
        assert_true(sw_url_resolve(NULL, rows[i].a, &a, NULL) && sw_url_resolve(NULL, rows[i].b, &b, NULL));
        assert_int_equal(sw_url_same_origin(&a, &b), rows[i].same);
    }
}

static void reads_no_proxy_as_container_tools_do(void **state) {
    (void)state;
    static const struct {
        const char *list, *host;
        uint32_t port;
        bool excluded;
    } rows[] = {
        {"*", "any", 443, true},
        {"example.com", "example.com", 443, true},
        {"example.com", "a.example.com", 443, true},
        {"example.com", "badexample.com", 443, false},
        {".example.com", "example.com", 443, false},
        {".example.com", "a.example.com", 443, true},
        {"*.example.com", "a.example.com", 443, true},
        {"*.example.com", "example.com", 443, false},
        {"EXAMPLE.com", "example.COM", 443, true},
        {"h:5000", "h", 5000, true},
        {"h:5000", "h", 443, false},
        {"10.0.0.0/8", "10.9.8.7", 443, true},
        {"10.0.0.0/8", "11.9.8.7", 443, false},
        {"10.9.8.0/23", "10.9.9.7", 443, true},
        {"fd00::/8", "fd12::1", 443, true},
        {"10.0.0.0/99", "10.0.0.1", 443, false},
        {"a, b\tc", "c", 443, true},
        {"[::1]:5000", "::1", 5000, true},
        {"", "h", 443, false},
        {",", "h", 443, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sw_proxy_excluded(rows[i].list, rows[i].host, rows[i].port) != rows[i].excluded)
            fail_msg("%s for %s:%u", rows[i].list, rows[i].host, rows[i].port);
}

static const char *proxy_of(const char *text) {
    sw_cleanup_url struct sw_url url = {0};
    assert_true(sw_url_resolve(NULL, text, &url, NULL));
    return sw_proxy_for(&url);
}

static void never_asks_a_proxy_for_this_machine(void **state) {
    (void)state;
    setenv("https_proxy", "http://p:1", 1);
    setenv("HTTP_PROXY", "http://q:2", 1);
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    assert_string_equal(proxy_of("https://registry.example/"), "http://p:1");
    assert_string_equal(proxy_of("http://registry.example/"), "http://q:2");
    assert_string_equal(proxy_of("http://127.0.0.1:5000/"), "");
    setenv("REQUEST_METHOD", "GET", 1);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    assert_string_equal(proxy_of("http://registry.example/"), "");
    unsetenv("REQUEST_METHOD");
    setenv("no_proxy", "registry.example", 1);
    assert_string_equal(proxy_of("https://registry.example/"), "");
    unsetenv("https_proxy");
    unsetenv("HTTP_PROXY");
    unsetenv("no_proxy");
}

static void settings_name_hosts_or_all(void **state) {
    (void)state;
    assert_true(sw_setting_names_host("true", "h:1"));
    assert_true(sw_setting_names_host("a,h:1", "h:1"));
    assert_true(sw_setting_names_host("10.0.0.0/8", "10.1.1.1:5000"));
    assert_false(sw_setting_names_host("h:2", "h:1"));
    assert_false(sw_setting_names_host("false", "false"));
    assert_false(sw_setting_names_host(NULL, "h"));
}

static void reads_what_registries_complain_about(void **state) {
    (void)state;
    static const struct {
        const char *body, *code, *message;
    } rows[] = {
        {"{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\",\"detail\":{\"a\":1}}]}", "DENIED", "no: {\"a\":1}"},
        {"{\"errors\":[]}", NULL, NULL},
        {"{\"message\":\"toomany\"}", NULL, "toomany"},
        {"{\"error\":\"x\",\"error_description\":\"y\"}", NULL, "y"},
        {"404 page not found\n", NULL, "404 page not found"},
        {"<html>oops</html>", NULL, NULL},
        {"", NULL, NULL},
        {"a\x1b[31mb\r\n\x07"
         "c",
         NULL, "a [31mb c"},
        {"{\"errors\":[{\"code\":\"<script>\",\"message\":\"m\"}]}", NULL, "m"},
        {"{\"errors\":\"x\"}", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_complaint struct sw_complaint complaint = {0};
        sw_complaint_read((struct sw_bytes){rows[i].body, strlen(rows[i].body)}, &complaint);
        assert_string_equal(complaint.code ? complaint.code : "-", rows[i].code ? rows[i].code : "-");
        assert_string_equal(complaint.message ? complaint.message : "-", rows[i].message ? rows[i].message : "-");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolves_what_servers_answer),         cmocka_unit_test(follows_only_where_a_stranger_may_lead),
        cmocka_unit_test(keeps_credentials_to_one_origin),      cmocka_unit_test(reads_no_proxy_as_container_tools_do),
        cmocka_unit_test(never_asks_a_proxy_for_this_machine),  cmocka_unit_test(settings_name_hosts_or_all),
        cmocka_unit_test(reads_what_registries_complain_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
