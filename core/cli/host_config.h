/* host_config.h - the user's own settings for all projects: $XDG_CONFIG_HOME/slipway/config.yaml, else /etc/slipway/config.yaml. */
#ifndef CORE_CLI_HOST_CONFIG_H
#define CORE_CLI_HOST_CONFIG_H

#include "core/base/map.h"
#include "core/base/vec.h"

struct sw_host_config {
    struct sw_strlist plugins; /* files and folders of plugins */
    char *backend;             /* for all platforms; NULL: not set */
    struct sw_map backends;    /* platform -> name (char *) */
    char *store;               /* NULL: not set */
};

/* Reads the file; none is no error. */
bool sw_host_config_load(struct sw_host_config *config, struct sw_error **error);
void sw_host_config_fini(struct sw_host_config *config);

#endif
