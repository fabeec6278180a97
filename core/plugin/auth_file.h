/* auth_file.h - reads config.json and auth.json: which credentials or helpers stand there for a registry. Asks no helper. */
#ifndef CORE_PLUGIN_AUTH_FILE_H
#define CORE_PLUGIN_AUTH_FILE_H

#include "core/base/vec.h"
#include "slipway/types.h"

/* One answer of a file: credentials, or a helper to ask. */
struct sw_auth {
    char *file;
    char *helper; /* NAME of docker-credential-NAME; NULL: the answer stands in what follows */
    char *server; /* key to ask the helper for */
    char *username;
    char *password;
    char *identity_token;
    char *registry_token;
};

/* Wipes and frees what is in `auth`. */
void sw_auth_fini(struct sw_auth *auth);

/* Appends to `auths` (of struct sw_auth) the answers of `file` for `registry`, the most specific first. A missing file has none.
 * The error names file and key, never a value. */
bool sw_auth_file_read(const char *file, const char *registry, struct sw_vec *auths, struct sw_error **error);

#endif
