/* bundle.h - the configuration (config.json) that tells an OCI runtime how to run one process. */
#ifndef PLUGINS_LOCAL_BUNDLE_H
#define PLUGINS_LOCAL_BUNDLE_H

#include <sys/types.h>

#include "core/base/vec.h"
#include "slipway/types.h"

struct sw_bundle_mount {
    const char *destination; /* absolute, without symlinks */
    const char *type;
    const char *source;
    const char *options; /* separated by commas */
};

struct sw_bundle {
    const char *root; /* relative to the configuration's folder */
    struct sw_strings argv;
    struct sw_strings env;
    const char *cwd;
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t group_count;
    const char *hostname;
    const struct sw_bundle_mount *mounts; /* beside those that every step has */
    size_t mount_count;
    bool own_network; /* an empty network of its own */
    bool insecure;    /* all capabilities, no filter, nothing hidden */
    bool terminal;
    const char *seccomp; /* the filter as a program: sw_seccomp_program */
};

/* The configuration's text, to be freed. It may hold secrets (in env). */
char *sw_bundle_text(const struct sw_bundle *bundle);

/* Folders that every step has mounts on: NULL-terminated. */
extern const char *const sw_bundle_folders[];

#endif
