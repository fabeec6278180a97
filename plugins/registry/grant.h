/* grant.h - tokens of a registry for somebody who is not to see the password: a build daemon. */
#ifndef PLUGINS_REGISTRY_GRANT_H
#define PLUGINS_REGISTRY_GRANT_H

#include "plugins/registry/endpoint.h"

/* Gets a token for `registry` ("HOST[:PORT]") as sw_host_credential.token describes it. Where passwords are sent is decided by what the
 * registry says to us, never by who asks. [loop] */
void sw_grant_fetch(struct sw_client *client, const char *registry, struct sw_strings scopes, struct sw_cancel *cancel,
                    sw_token_done done, void *context);

#endif
