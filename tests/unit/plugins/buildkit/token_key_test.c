/* The key by which daemons share tokens within one run. */
#include <openssl/evp.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "plugins/buildkit/token_key.h"
#include "tests/unit/check.h"

static const struct sw_bytes salt = {"salt", 4}, other_salt = {"pepper", 6};

static void a_signature_opens_with_the_public_key_and_holds_the_payload(void **state) {
    (void)state;
    enum { SIGNATURE = 64 };
    uint8_t key[SW_TOKEN_KEY_SIZE];
    sw_cleanup_buf struct sw_buf out = {0};
    assert_true(sw_token_key_public("registry.example.org", salt, key));
    assert_true(sw_token_key_sign("registry.example.org", salt, (struct sw_bytes){"payload", 7}, &out));
    assert_int_equal(out.len, SIGNATURE + 7);
    assert_memory_equal(out.data + SIGNATURE, "payload", 7);
    EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, sizeof key);
    EVP_MD_CTX *check = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(check, NULL, NULL, NULL, public), 1);
    assert_int_equal(EVP_DigestVerify(check, (const uint8_t *)out.data, SIGNATURE, (const uint8_t *)"payload", 7), 1);
    EVP_MD_CTX_free(check);
    EVP_PKEY_free(public);
}

static void every_host_and_every_daemon_sees_another_key(void **state) {
    (void)state;
    uint8_t key[SW_TOKEN_KEY_SIZE], same[SW_TOKEN_KEY_SIZE], host[SW_TOKEN_KEY_SIZE], daemon[SW_TOKEN_KEY_SIZE];
    assert_true(sw_token_key_public("a.example.org", salt, key));
    assert_true(sw_token_key_public("a.example.org", salt, same));
    assert_true(sw_token_key_public("b.example.org", salt, host));
    assert_true(sw_token_key_public("a.example.org", other_salt, daemon));
    assert_memory_equal(key, same, sizeof key);
    assert_memory_not_equal(key, host, sizeof key);
    assert_memory_not_equal(key, daemon, sizeof key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_opens_with_the_public_key_and_holds_the_payload),
        cmocka_unit_test(every_host_and_every_daemon_sees_another_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
