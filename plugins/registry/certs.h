/* certs.h - which certificates a registry is trusted with: the certs.d folders that Docker and podman use.
 *
 * The first folder that exists for HOST[:PORT] counts, alone: its *.crt files are trusted besides the system's, and the first pair
 * NAME.cert and NAME.key is the client's. */
#ifndef PLUGINS_REGISTRY_CERTS_H
#define PLUGINS_REGISTRY_CERTS_H

#include "plugins/registry/http.h"

/* Fills what `tls` has besides `verify`. No folder is no error. */
bool sw_certs_load(const char *host, struct sw_tls *tls, struct sw_error **error);

/* The same for one folder, which has to exist. */
bool sw_certs_load_folder(const char *folder, struct sw_tls *tls, struct sw_error **error);

void sw_tls_fini(struct sw_tls *tls);

#endif
