/* auth.h - getting permission of a registry: Basic passwords and Bearer tokens.
 *
 * Learns from the challenges in 401 answers, asks the host for the user's credentials and token servers for tokens, and keeps both
 * for the life of the process, never on disk. Equal token requests share one flight. Nothing of this is ever logged. All functions
 * are [loop]. */
#ifndef PLUGINS_REGISTRY_AUTH_H
#define PLUGINS_REGISTRY_AUTH_H

#include "plugins/registry/endpoint.h"

struct sw_auth;
struct sw_auth_wait;

struct sw_auth *sw_auth_new(struct sw_endpoint *endpoint);
void sw_auth_free(struct sw_auth *auth);

/* Gives the Authorization header to send for `scopes` ("Authorization: …"), NULL when the registry asked for none so far. `done` may
 * come from inside the call; the wait is gone afterwards. `header` is valid during `done`. */
typedef void (*sw_auth_done)(void *context, const char *header, struct sw_error *error);
struct sw_auth_wait *sw_auth_ask(struct sw_auth *auth, struct sw_strings scopes, sw_auth_done done, void *context);

/* Ends a wait whose `done` has not come. Takes NULL. */
void sw_auth_forget(struct sw_auth_wait *wait);

/* Takes in a 401 answer to a request that carried `header` (or NULL). Scopes that the registry wants go into `scopes`. Returns
 * whether another try can help. */
bool sw_auth_learn(struct sw_auth *auth, const struct sw_answer *answer, const char *header, struct sw_strlist *scopes);

/* Whether the registry was seen to want something, and whether that is tokens. */
bool sw_auth_is_challenged(const struct sw_auth *auth);
bool sw_auth_wants_tokens(const struct sw_auth *auth);

/* Seconds for which a header that sw_auth_ask gave is good. */
uint32_t sw_auth_remaining(const struct sw_auth *auth, const char *header);

/* The user that credentials are for; NULL when there are none. */
const char *sw_auth_user(const struct sw_auth *auth);

#endif
