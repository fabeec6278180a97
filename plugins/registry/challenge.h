/* challenge.h - what a registry asks for: the WWW-Authenticate headers of an answer, read by RFC 7235.
 *
 * Only the two schemes that registries use are told apart; others are remembered by name for the message. Hostile headers are cut
 * at fixed limits, never an error. */
#ifndef PLUGINS_REGISTRY_CHALLENGE_H
#define PLUGINS_REGISTRY_CHALLENGE_H

#include "slipway/types.h"

enum sw_challenge_kind {
    SW_CHALLENGE_NONE = 0, /* nothing that we can answer */
    SW_CHALLENGE_BASIC,
    SW_CHALLENGE_BEARER,
};

/* A zeroed one is empty. Strings are NULL when not given. */
struct sw_challenge {
    enum sw_challenge_kind kind;
    bool basic_offered; /* besides Bearer */
    char *realm;
    char *service;
    char *scope;
    char *error_code; /* "invalid_token", "insufficient_scope" */
    char *offered;    /* names of all schemes, "Bearer, Negotiate" */
};

void sw_challenge_fini(struct sw_challenge *challenge);
#define sw_cleanup_challenge __attribute__((cleanup(sw_challenge_fini)))

/* Reads all values of the header: Bearer with a realm is preferred, then Basic. `challenge` has to be empty. */
void sw_challenge_parse(struct sw_strings headers, struct sw_challenge *challenge);

#endif
