/* hash.h - the hashes that digests are made of. SHA-2 and SHA-3 come from libcrypto. Hex is lower case. */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "slipway/types.h"

enum { SW_SHA256_SIZE = 32, SW_SHA256_HEX = 65, SW_SHA3_224_HEX = 57 };

/* Starts libcrypto, unless it was started. What it keeps for the thread that starts it is freed when that ends, which a pool's does too
 * late: to be called before the first thread that hashes begins. [any] */
void sw_hash_prepare(void);

struct sw_sha256; /* a running SHA-256 */

struct sw_sha256 *sw_sha256_new(void);
void sw_sha256_free(struct sw_sha256 *hash);
void sw_sha256_add(struct sw_sha256 *hash, const void *data, size_t len);
/* Writes the digest and starts anew. */
void sw_sha256_final(struct sw_sha256 *hash, uint8_t out[SW_SHA256_SIZE]);
void sw_sha256_final_hex(struct sw_sha256 *hash, char out[SW_SHA256_HEX]);

void sw_sha256_hex(const void *data, size_t len, char out[SW_SHA256_HEX]);

/* The items joined by ":::", hashed (werf's util.Sha256Hash and util.Sha3_224Hash). */
void sw_join256(struct sw_strings items, char out[SW_SHA256_HEX]);
void sw_join224(struct sw_strings items, char out[SW_SHA3_224_HEX]);

/* MurmurHash3, x86, 32 bits, seed 0. */
uint32_t sw_murmur3(const void *data, size_t len);

/* Writes 2 * len digits and a NUL. */
void sw_hex(const uint8_t *data, size_t len, char *out);

/* Whether `text` is "sha256:" and 64 lower-case hex digits: the only form that may become part of a path. */
bool sw_digest_valid(const char *text);

#endif
