/* token_key.h - the key by which a daemon knows this process again as the one whose tokens it holds.
 *
 * A daemon shares tokens between sessions that prove to have the same key. Ours comes from random bytes of this process, so that tokens
 * are shared within one run and with nobody else, and nothing about passwords can be learned from it. Pure but for these bytes. */
#ifndef PLUGINS_BUILDKIT_TOKEN_KEY_H
#define PLUGINS_BUILDKIT_TOKEN_KEY_H

#include "core/base/buf.h"
#include "slipway/types.h"

enum { SW_TOKEN_KEY_SIZE = 32 };

/* The public key for a registry's host; `salt` is the daemon's. False when the library cannot make one. */
bool sw_token_key_public(const char *host, struct sw_bytes salt, uint8_t out[SW_TOKEN_KEY_SIZE]);

/* Appends the signature of `payload`, and `payload` itself. False as above. */
bool sw_token_key_sign(const char *host, struct sw_bytes salt, struct sw_bytes payload, struct sw_buf *out);

#endif
