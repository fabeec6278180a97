/* names.h - what a step finds in /etc/hosts and /etc/resolv.conf. */
#ifndef PLUGINS_LOCAL_NAMES_H
#define PLUGINS_LOCAL_NAMES_H

#include "slipway/types.h"

/* Text of /etc/hosts, to be freed. `extra`: names and addresses. */
char *sw_names_hosts(const char *hostname, struct sw_pairs extra);

/* Text of /etc/resolv.conf made from the host's, to be freed. Name servers on the loopback are left out, unless the step shares the
 * host's network: they would not be reached. */
char *sw_names_resolv(const char *host_text, bool shares_network);

#endif
