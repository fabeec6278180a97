/* proxy.h - which proxy a request goes through, by the environment's http_proxy, https_proxy, all_proxy and no_proxy.
 *
 * Decided here and not by libcurl, so that no_proxy means what it means to other container tools: ports and address ranges count,
 * ".example.com" is sub-domains only, and this machine is never asked for through a proxy. */
#ifndef PLUGINS_REGISTRY_PROXY_H
#define PLUGINS_REGISTRY_PROXY_H

#include "plugins/registry/url.h"

/* The proxy's URL, or "" for none. Borrowed from the environment. */
const char *sw_proxy_for(const struct sw_url *url);

/* Whether a no_proxy list names the host. */
bool sw_proxy_excluded(const char *list, const char *host, uint32_t port);

#endif
