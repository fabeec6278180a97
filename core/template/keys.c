#include "core/template/keys.h"

#include <openssl/dsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

void sw_bio_take(struct sw_buf *out, BIO *bio) {
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    if (len > 0)
        sw_buf_add(out, data, (size_t)len);
    BIO_free(bio);
}

bool sw_key_is_kind(struct sw_str kind) {
    return kind.len == 0 || sw_str_is(kind, "rsa") || sw_str_is(kind, "dsa") || sw_str_is(kind, "ecdsa") ||
           sw_str_is(kind, "ed25519");
}

static EVP_PKEY *generate_dsa(void) {
    enum { BITS = 2048, Q_BITS = 256 };
    EVP_PKEY *parameters = NULL, *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, NULL);
    if (context && EVP_PKEY_paramgen_init(context) > 0 && EVP_PKEY_CTX_set_dsa_paramgen_bits(context, BITS) > 0 &&
        EVP_PKEY_CTX_set_dsa_paramgen_q_bits(context, Q_BITS) > 0)
        EVP_PKEY_paramgen(context, &parameters);
    EVP_PKEY_CTX_free(context);
    context = parameters ? EVP_PKEY_CTX_new(parameters, NULL) : NULL;
    if (context && EVP_PKEY_keygen_init(context) > 0)
        EVP_PKEY_keygen(context, &key);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(parameters);
    return key;
}

EVP_PKEY *sw_key_generate(struct sw_str kind, int rsa_bits) {
    if (kind.len == 0 || sw_str_is(kind, "rsa"))
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits);
    if (sw_str_is(kind, "ecdsa"))
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (sw_str_is(kind, "ed25519"))
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return sw_str_is(kind, "dsa") ? generate_dsa() : NULL;
}

/* The key in a block of that name. */
static EVP_PKEY *parse_block(const char *name, const unsigned char *data, long len, struct sw_buf *error) {
    static const char suffix[] = " PRIVATE KEY";
    size_t size = strlen(name), tail = strlen(suffix);
    static const struct {
        const char *name;
        int kind;
    } kinds[] = {{"RSA", EVP_PKEY_RSA}, {"EC", EVP_PKEY_EC}, {"DSA", EVP_PKEY_DSA}};
    EVP_PKEY *key = NULL;
    if (strcmp(name, suffix + 1) == 0) {
        key = d2i_AutoPrivateKey(NULL, &data, len);
        if (!key)
            sw_buf_puts(error, "decoding PEM as PKCS#8: malformed key");
        return key;
    }
    if (size < tail || strcmp(name + size - tail, suffix) != 0) {
        sw_buf_printf(error, "no private key data in PEM block of type %s", name);
        return NULL;
    }
    struct sw_str kind = {name, size - tail};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!sw_str_is(kind, kinds[i].name))
            continue;
        key = d2i_PrivateKey(kinds[i].kind, NULL, &data, len);
        if (!key)
            sw_buf_printf(error, "parsing %s private key from PEM: malformed key", kinds[i].name);
        return key;
    }
    sw_buf_printf(error, "invalid private key type %s", name);
    return NULL;
}

EVP_PKEY *sw_key_parse(struct sw_str pem, struct sw_buf *error) {
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    EVP_PKEY *key = NULL;
    BIO *bio = BIO_new_mem_buf(pem.len ? pem.data : "", (int)pem.len);
    if (PEM_read_bio(bio, &name, &header, &data, &len))
        key = parse_block(name, data, len, error);
    else
        sw_buf_puts(error, "no PEM data in input");
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    BIO_free(bio);
    return key;
}

bool sw_key_write(struct sw_buf *out, EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    int kind = EVP_PKEY_base_id(key);
    bool own_form = kind == EVP_PKEY_RSA || kind == EVP_PKEY_EC || kind == EVP_PKEY_DSA;
    bool good = own_form ? PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL) == 1
                         : PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    sw_bio_take(out, bio);
    return good;
}
