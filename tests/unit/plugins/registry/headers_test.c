/* What registries say in headers: challenges, links, ranges, times to wait. */
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/challenge.h"
#include "plugins/registry/fetch.h"
#include "plugins/registry/link.h"
#include "plugins/registry/retry.h"
#include "plugins/registry/scope.h"
#include "plugins/registry/token.h"
#include "plugins/registry/upload.h"
#include "tests/unit/check.h"

static void picks_the_challenge_it_can_answer(void **state) {
    (void)state;
    static const struct {
        const char *headers[3];
        enum sw_challenge_kind kind;
        const char *realm, *service, *scope;
    } rows[] = {
        {{"Basic realm=\"test-realm\""}, SW_CHALLENGE_BASIC, "test-realm", NULL, NULL},
        {{"Bearer realm=\"https://a/token\",service=\"s\",scope=\"repository:a/b:pull,push\""},
         SW_CHALLENGE_BEARER,
         "https://a/token",
         "s",
         "repository:a/b:pull,push"},
        {{"Basic realm=\"b\", Bearer realm=\"https://t\""}, SW_CHALLENGE_BEARER, "https://t", NULL, NULL},
        {{"Basic realm=\"b\"", "Bearer realm=\"https://t\""}, SW_CHALLENGE_BEARER, "https://t", NULL, NULL},
        {{"Bearer realm=\"https://t\"", "Basic realm=\"b\""}, SW_CHALLENGE_BEARER, "https://t", NULL, NULL},
        {{"Negotiate abc==, Basic realm=\"b\""}, SW_CHALLENGE_BASIC, "b", NULL, NULL},
        {{"Negotiate, Basic realm=b"}, SW_CHALLENGE_BASIC, "b", NULL, NULL},
        {{"Bearer service=\"s\", Basic realm=\"b\""}, SW_CHALLENGE_BASIC, "b", NULL, NULL},
        {{"Bearer realm=\"a\\\"b\""}, SW_CHALLENGE_BEARER, "a\"b", NULL, NULL},
        {{"Bearer realm=\"1\",realm=\"2\""}, SW_CHALLENGE_BEARER, "1", NULL, NULL},
        {{"Bearer realm=\"unclosed"}, SW_CHALLENGE_BEARER, "unclosed", NULL, NULL},
        {{"Digest qop=\"auth\""}, SW_CHALLENGE_NONE, NULL, NULL, NULL},
        {{""}, SW_CHALLENGE_NONE, NULL, NULL, NULL},
        {{",,, ="}, SW_CHALLENGE_NONE, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t count = 0;
        while (count < 3 && rows[i].headers[count])
            count++;
        sw_cleanup_challenge struct sw_challenge challenge = {0};
        sw_challenge_parse((struct sw_strings){rows[i].headers, count}, &challenge);
        if (challenge.kind != rows[i].kind)
            fail_msg("%s: kind %d", rows[i].headers[0], (int)challenge.kind);
        if (challenge.kind == SW_CHALLENGE_NONE)
            continue;

        assert_string_equal(challenge.realm ? challenge.realm : "-", rows[i].realm);

        assert_string_equal(challenge.service ? challenge.service : "-", rows[i].service ? rows[i].service : "-");
        assert_string_equal(challenge.scope ? challenge.scope : "-", rows[i].scope ? rows[i].scope : "-");
    }
}

static void remembers_the_error_and_basic_beside_bearer(void **state) {
    (void)state;
    static const char *const header[] = {"Bearer realm=\"https://t\",error=\"insufficient_scope\", Basic realm=\"x\""};
    sw_cleanup_challenge struct sw_challenge challenge = {0};
    sw_challenge_parse((struct sw_strings){header, 1}, &challenge);
    assert_string_equal(challenge.error_code, "insufficient_scope");
    assert_true(challenge.basic_offered);
    assert_string_equal(challenge.offered, "Bearer, Basic");
}

static void finds_the_next_page(void **state) {
    (void)state;
    static const struct {
        const char *header, *next;
    } rows[] = {
        {"</v2/a/tags/list?last=x&n=2>; rel=\"next\"", "/v2/a/tags/list?last=x&n=2"},
        {"</a>; rel=next", "/a"},
        {"</a>;REL=\"prev next\"", "/a"},
        {"</a>; rel=prev, </b>; title=\"x, y\"; rel=next", "/b"},
        {"<https://h/a?b=1,2>; rel=\"next\"", "https://h/a?b=1,2"},
        {"/v2/a/tags/list?n=1", "/v2/a/tags/list?n=1"},
        {"</a>; rel=prev; rel=next", NULL},
        {"</a>", NULL},
        {"</a; rel=next", NULL},
        {"nonsense", NULL},
        {"", NULL},
        {"</a>; title=\"unclosed", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *next = sw_link_next((struct sw_strings){&rows[i].header, 1});
        assert_string_equal(next ? next : "-", rows[i].next ? rows[i].next : "-");
    }
    static const char *const lines[] = {"</a>; rel=prev", "</b>; rel=next"};
    sw_cleanup_free char *second = sw_link_next((struct sw_strings){lines, 2});
    assert_string_equal(second, "/b");
}

static void continues_only_where_it_stopped(void **state) {
    (void)state;
    assert_true(sw_content_range_continues("bytes 10-19/20", 10, 20));
    assert_true(sw_content_range_continues("bytes 10-14/20", 10, 20));
    assert_true(sw_content_range_continues("bytes 10-19/*", 10, 20));
    assert_false(sw_content_range_continues("bytes 9-19/20", 10, 20));
    assert_false(sw_content_range_continues("bytes 10-20/20", 10, 20));
    assert_false(sw_content_range_continues("bytes 10-19/21", 10, 20));
    assert_false(sw_content_range_continues("bytes 10-9/20", 10, 20));
    assert_false(sw_content_range_continues("bytes */20", 10, 20));
    assert_false(sw_content_range_continues(NULL, 10, 20));
}

static void counts_what_a_session_holds(void **state) {
    (void)state;
    assert_int_equal(sw_upload_stored("0-39999"), 40000);
    assert_int_equal(sw_upload_stored("bytes=0-9"), 10);
    assert_int_equal(sw_upload_stored("0-9/*"), 10);
    assert_int_equal(sw_upload_stored("0-0"), 0);
    assert_int_equal(sw_upload_stored("0--1"), -1);
    assert_int_equal(sw_upload_stored("5-9"), -1);
    assert_int_equal(sw_upload_stored("x"), -1);
    assert_int_equal(sw_upload_stored(NULL), -1);
    assert_int_equal(sw_upload_stored("0-18446744073709551615"), -1);
}

static void closes_a_session_at_its_own_url(void **state) {
    (void)state;
    sw_cleanup_free char *with = sw_upload_closing_url("http://h/u?_state=a%2Fb==", "sha256:x");
    sw_cleanup_free char *without = sw_upload_closing_url("http://h/u", "sha256:x");
    assert_string_equal(with, "http://h/u?_state=a%2Fb==&digest=sha256%3Ax");
    assert_string_equal(without, "http://h/u?digest=sha256%3Ax");
}

static void waits_as_long_as_it_is_asked_to(void **state) {
    (void)state;
    assert_int_equal(sw_retry_after("0", 0), 0);
    assert_int_equal(sw_retry_after("120", 0), 120000);
    assert_true(sw_retry_after("999999999999999999999", 0) > SW_RETRY_TOTAL_MS);
    assert_int_equal(sw_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 0), 60000);
    assert_int_equal(sw_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 1000), 0);
    assert_int_equal(sw_retry_after("-5", 0), -1);
    assert_int_equal(sw_retry_after("soon", 0), -1);
    assert_int_equal(sw_retry_after("", 0), -1);
    assert_int_equal(sw_retry_after(NULL, 0), -1);
}

static void backs_off_between_zero_and_a_growing_bound(void **state) {
    (void)state;
    for (uint32_t attempt = 1; attempt < 40; attempt++)
        for (uint32_t random = 0; random < 100000; random += 7919) {
            uint64_t most = attempt < 7 ? 500u << (attempt - 1) : 30000;
            assert_in_range(sw_retry_backoff(attempt, random), 0, most);
        }
}

static void retries_what_may_get_better(void **state) {
    (void)state;
    static const uint32_t yes[] = {408, 425, 429, 499, 500, 502, 503, 504, 520, 524};
    static const uint32_t no[] = {200, 301, 400, 401, 403, 404, 405, 409, 413, 416, 501, 505, 507};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(sw_retry_status(yes[i], NULL));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(sw_retry_status(no[i], NULL));
    assert_false(sw_retry_status(500, "DENIED"));
}

static void uses_a_token_for_no_more_than_it_was_asked_for(void **state) {
    (void)state;
    static const struct {
        const char *held, *wanted;
        bool covers;
    } rows[] = {
        {"repository:a/b:pull,push", "repository:a/b:pull", true},
        {"repository:a/b:push,pull", "repository:a/b:pull,push", true},
        {"repository:a/b:*", "repository:a/b:delete", true},
        {"repository:a/b:pull", "repository:a/b:pull,push", false},
        {"repository:a/b:pull", "repository:a:pull", false},
        {"repository:a/b:pulls", "repository:a/b:pull", false},
        {"aws", "aws", true},
        {"aws", "awx", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sw_scopes_cover((struct sw_strings){&rows[i].held, 1}, (struct sw_strings){&rows[i].wanted, 1}) != rows[i].covers)
            fail_msg("%s for %s", rows[i].held, rows[i].wanted);
}

static void puts_new_scopes_first(void **state) {
    (void)state;
    sw_cleanup_strlist struct sw_strlist scopes = {0};
    sw_strlist_add(&scopes, "repository:a:pull");
    assert_false(sw_scopes_add(&scopes, "repository:a:pull"));
    assert_false(sw_scopes_add(&scopes, NULL));
    assert_true(sw_scopes_add(&scopes, "repository:a:pull,push repository:b:pull"));
    assert_int_equal(scopes.len, 3);
    assert_string_equal(scopes.items[0], "repository:a:pull,push");
    assert_string_equal(scopes.items[2], "repository:a:pull");
}

static void reads_tokens_and_refuses_hostile_ones(void **state) {
    (void)state;
    static const struct {
        const char *body, *token;
        uint32_t seconds;
    } rows[] = {
        {"{\"token\":\"t\"}", "t", 50},
        {"{\"token\":\"t\",\"access_token\":\"a\",\"expires_in\":300}", "a", 290},
        {"{\"token\":\"t\",\"expires_in\":-1}", "t", 50},
        {"{\"token\":\"t\",\"expires_in\":1}", "t", 5},
        {"{\"token\":\"t\",\"expires_in\":1e99}", "t", 50},
        {"{\"token\":\"t\",\"expires_in\":999999999}", "t", 3590},
        {"{}", NULL, 0},
        {"{\"token\":\"\"}", NULL, 0},
        {"{\"token\":\"a\\r\\nX: y\"}", NULL, 0},
        {"{\"token\":\"a b\"}", NULL, 0},
        {"[]", NULL, 0},
        {"", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sw_token token = {0};
        bool good = sw_token_parse((struct sw_bytes){rows[i].body, strlen(rows[i].body)}, &token, NULL);
        if (good != (rows[i].token != NULL))
            fail_msg("%s", rows[i].body);
        if (good) {
            assert_string_equal(token.value, rows[i].token);
            assert_int_equal(token.seconds, rows[i].seconds);
        }
        sw_token_fini(&token);
    }
}

static void composes_token_requests(void **state) {
    (void)state;
    static const char *const scopes[] = {"repository:a/b:pull", "repository:c:pull"};
    sw_cleanup_free char *plain = sw_token_query("https://a/t", "s p", NULL, (struct sw_strings){scopes, 2});
    sw_cleanup_free char *query = sw_token_query("https://a/t?x=1", NULL, "me", (struct sw_strings){NULL, 0});
    sw_cleanup_free char *form = sw_token_form("r+t", "s", (struct sw_strings){scopes, 2});
    sw_cleanup_free char *basic = sw_token_basic("Aladdin", "open sesame");
    assert_string_equal(plain,
                        "https://a/t?service=s%20p&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%3Apull&client_id=slipway");
    assert_string_equal(query, "https://a/t?x=1&account=me&client_id=slipway");
    assert_string_equal(
        form, "grant_type=refresh_token&refresh_token=r%2Bt&service=s&client_id=slipway&scope=repository%3Aa%2Fb%3Apull%20"
              "repository%3Ac%3Apull");
    assert_string_equal(basic, "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks_the_challenge_it_can_answer),
        cmocka_unit_test(remembers_the_error_and_basic_beside_bearer),
        cmocka_unit_test(finds_the_next_page),
        cmocka_unit_test(continues_only_where_it_stopped),
        cmocka_unit_test(counts_what_a_session_holds),
        cmocka_unit_test(closes_a_session_at_its_own_url),
        cmocka_unit_test(waits_as_long_as_it_is_asked_to),
        cmocka_unit_test(backs_off_between_zero_and_a_growing_bound),
        cmocka_unit_test(retries_what_may_get_better),
        cmocka_unit_test(uses_a_token_for_no_more_than_it_was_asked_for),
        cmocka_unit_test(puts_new_scopes_first),
        cmocka_unit_test(reads_tokens_and_refuses_hostile_ones),
        cmocka_unit_test(composes_token_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
