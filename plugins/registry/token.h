/* token.h - the texts of the token protocol: what is sent to a token server and what it answers. Pure. */
#ifndef PLUGINS_REGISTRY_TOKEN_H
#define PLUGINS_REGISTRY_TOKEN_H

#include "slipway/types.h"

/* A zeroed one is empty. */
struct sw_token {
    char *value;
    uint32_t seconds; /* for which it may be used */
};

void sw_token_fini(struct sw_token *token); /* wipes it */

/* Reads a token server's answer. A token that could break out of a header is refused. */
bool sw_token_parse(struct sw_bytes body, struct sw_token *token, struct sw_error **error);

/* The realm's URL with the query of a GET; its own query stays. To be freed. */
char *sw_token_query(const char *realm, const char *service, const char *account, struct sw_strings scopes);

/* The form of a POST with a refresh token. To be wiped and freed. */
char *sw_token_form(const char *refresh_token, const char *service, struct sw_strings scopes);

/* base64 of "user:password". To be wiped and freed. */
char *sw_token_basic(const char *user, const char *password);

#endif
