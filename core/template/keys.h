/* keys.h - private keys as PEM texts. */
#ifndef CORE_TEMPLATE_KEYS_H
#define CORE_TEMPLATE_KEYS_H

#include <openssl/evp.h>

#include "core/template/value.h"

/* A new key: "rsa" (or ""), "dsa", "ecdsa", "ed25519"; NULL for other names or when it cannot be made. */
EVP_PKEY *sw_key_generate(struct sw_str kind, int rsa_bits);

/* Whether there is such a kind of key. */
bool sw_key_is_kind(struct sw_str kind);

/* Reads the first PEM block; NULL with a message in `error`. To be released with EVP_PKEY_free. */
EVP_PKEY *sw_key_parse(struct sw_str pem, struct sw_buf *error);

/* Appends the key: "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", or PKCS#8 for other kinds. */
bool sw_key_write(struct sw_buf *out, EVP_PKEY *key);

/* Moves what was written to a memory BIO behind `out`. */
void sw_bio_take(struct sw_buf *out, BIO *bio);

#endif
