/* credential_helper.h - asks docker-credential-NAME programs. All on the loop's thread. */
#ifndef CORE_PLUGIN_CREDENTIAL_HELPER_H
#define CORE_PLUGIN_CREDENTIAL_HELPER_H

#include "core/plugin/auth_file.h"

/* Asks `auth->helper` for `auth->server`. The answer is kept: equal requests share one run of the program. `done` gets credentials
 * (valid during the call), or NULL when the helper does not know the server, or an error. `registry` is for messages. `done` may be
 * called from inside when the answer is known. */
void sw_credential_helper_get(const struct sw_auth *auth, const char *registry,
                              void (*done)(void *context, const struct sw_auth *auth, struct sw_error *error), void *context);

/* Wipes all answers. */
void sw_credential_helper_forget(void);

#endif
