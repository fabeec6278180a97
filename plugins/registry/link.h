/* link.h - the next page of a listing: Link headers, read by RFC 8288. */
#ifndef PLUGINS_REGISTRY_LINK_H
#define PLUGINS_REGISTRY_LINK_H

#include "slipway/types.h"

/* The target of the first link whose relation is "next", as it was sent; NULL when there is none. To be freed. A header that is just
 * a URL without brackets, as some old servers send, counts too. */
char *sw_link_next(struct sw_strings headers);

#endif
