#include "core/base/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"

/* EVP contexts are their own type; the cast hides libcrypto from everyone else. */
static EVP_MD_CTX *context_of(struct sw_sha256 *hash) {
    return (EVP_MD_CTX *)hash;
}

void sw_hash_prepare(void) {
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
}

struct sw_sha256 *sw_sha256_new(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    assert(ok);
    (void)ok;
    return (struct sw_sha256 *)context;
}

void sw_sha256_free(struct sw_sha256 *hash) {
    EVP_MD_CTX_free(context_of(hash));
}

void sw_sha256_add(struct sw_sha256 *hash, const void *data, size_t len) {
    EVP_DigestUpdate(context_of(hash), data, len);
}

void sw_sha256_final(struct sw_sha256 *hash, uint8_t out[SW_SHA256_SIZE]) {
    EVP_DigestFinal_ex(context_of(hash), out, NULL);
    EVP_DigestInit_ex(context_of(hash), EVP_sha256(), NULL);
}

void sw_sha256_final_hex(struct sw_sha256 *hash, char out[SW_SHA256_HEX]) {
    uint8_t raw[SW_SHA256_SIZE];
    sw_sha256_final(hash, raw);
    sw_hex(raw, sizeof raw, out);
}

static void digest_hex(const EVP_MD *type, const void *data, size_t len, char *out) {
    uint8_t raw[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int ok = EVP_Digest(data, len, raw, &size, type, NULL);
    assert(ok);
    (void)ok;
    sw_hex(raw, size, out);
}

void sw_sha256_hex(const void *data, size_t len, char out[SW_SHA256_HEX]) {
    digest_hex(EVP_sha256(), data, len, out);
}

void sw_join256(struct sw_strings items, char out[SW_SHA256_HEX]) {
    sw_cleanup_free char *joined = sw_strings_join(items, ":::");
    digest_hex(EVP_sha256(), joined, strlen(joined), out);
}

void sw_join224(struct sw_strings items, char out[SW_SHA3_224_HEX]) {
    sw_cleanup_free char *joined = sw_strings_join(items, ":::");
    digest_hex(EVP_sha3_224(), joined, strlen(joined), out);
}

static uint32_t rotate(uint32_t x, int bits) {
    return (x << bits) | (x >> (32 - bits));
}

uint32_t sw_murmur3(const void *data, size_t len) {
    const uint8_t *bytes = data;
    const uint32_t c1 = 0xcc9e2d51, c2 = 0x1b873593;
    uint32_t h = 0;
    size_t blocks = len / 4;
    for (size_t i = 0; i < blocks; i++) {
        const uint8_t *b = bytes + i * 4;
        uint32_t k = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        h = rotate(h ^ rotate(k * c1, 15) * c2, 13) * 5 + 0xe6546b64;
    }
    uint32_t tail = 0;
    for (size_t i = len & 3; i > 0; i--)
        tail = tail << 8 | bytes[blocks * 4 + i - 1];
    if (len & 3)
        h ^= rotate(tail * c1, 15) * c2;
    h ^= (uint32_t)len;
    h = (h ^ h >> 16) * 0x85ebca6b;
    h = (h ^ h >> 13) * 0xc2b2ae35;
    return h ^ h >> 16;
}

void sw_hex(const uint8_t *data, size_t len, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * len] = '\0';
}

bool sw_digest_valid(const char *text) {
    if (!text || strncmp(text, "sha256:", 7) != 0 || strlen(text) != 7 + 64)
        return false;
    return strspn(text + 7, "0123456789abcdef") == 64;
}
