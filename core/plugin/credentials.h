/* credentials.h - what the user's docker and containers configuration holds for a registry. All on the loop's thread.
 *
 * Files are searched in the order of the tools that write them: the folder set here or DOCKER_CONFIG (instead of ~/.docker),
 * REGISTRY_AUTH_FILE, containers/auth.json in XDG_RUNTIME_DIR and XDG_CONFIG_HOME, ~/.docker/config.json, ~/.dockercfg. The first one
 * that says something about the registry decides. Values are never logged, and wiped when they were handed over. */
#ifndef CORE_PLUGIN_CREDENTIALS_H
#define CORE_PLUGIN_CREDENTIALS_H

#include "slipway/host.h"

/* Folder of the config.json to use instead of ~/.docker (--docker-config); NULL: DOCKER_CONFIG, if set. Copied. */
void sw_credentials_set_folder(const char *folder);

/* Looks up `registry`: "HOST[:PORT][/REPOSITORY]", a longer namespace wins. See struct sw_host_credential. */
void sw_credentials_find(const char *registry,
                         void (*done)(void *context, const struct sw_credential *credential, struct sw_error *error),
                         void *context);

/* Forgets what helpers have answered, and the folder. */
void sw_credentials_end(void);

#endif
