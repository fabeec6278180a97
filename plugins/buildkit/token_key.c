#include "plugins/buildkit/token_key.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SEED_SIZE = 32, SIGNATURE_SIZE = 64 };

static const uint8_t *process_seed(void) {
    static uint8_t seed[SEED_SIZE];
    static bool made;
    if (!made && getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        abort(); /* the kernel gives this many bytes whole */
    made = true;
    return seed;
}

static EVP_PKEY *make_key(const char *host, struct sw_bytes salt) {
    uint8_t secret[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct sw_buf text = {0};
    sw_buf_puts(&text, host);
    sw_buf_putc(&text, '\0'); /* no host has one: nothing else has the same text */
    sw_buf_add(&text, salt.data, salt.len);
    EVP_PKEY *key = NULL;
    if (HMAC(EVP_sha256(), process_seed(), SEED_SIZE, (const uint8_t *)text.data, text.len, secret, &len))
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, len);
    explicit_bzero(secret, sizeof secret);
    sw_buf_fini(&text);
    return key;
}

bool sw_token_key_public(const char *host, struct sw_bytes salt, uint8_t out[SW_TOKEN_KEY_SIZE]) {
    EVP_PKEY *key = make_key(host, salt);
    size_t len = SW_TOKEN_KEY_SIZE;
    bool ok = key && EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == SW_TOKEN_KEY_SIZE;
    EVP_PKEY_free(key);
    return ok;
}

bool sw_token_key_sign(const char *host, struct sw_bytes salt, struct sw_bytes payload, struct sw_buf *out) {
    EVP_PKEY *key = make_key(host, salt);
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    uint8_t signature[SIGNATURE_SIZE];
    size_t len = sizeof signature;
    bool ok = key && signing && EVP_DigestSignInit(signing, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(signing, signature, &len, payload.data, payload.len) == 1;
    if (ok) {
        sw_buf_add(out, signature, len);
        sw_buf_add(out, payload.data, payload.len);
    }
    EVP_MD_CTX_free(signing);
    EVP_PKEY_free(key);
    return ok;
}
