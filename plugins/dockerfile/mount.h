/* mount.h - the values of `RUN --mount=` and `RUN --device=`. */
#ifndef PLUGINS_DOCKERFILE_MOUNT_H
#define PLUGINS_DOCKERFILE_MOUNT_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"
#include "slipway/graph.h"

struct sw_df_mount {
    uint32_t kind; /* enum sw_mount_kind: BIND, CACHE, TMPFS, SECRET or SSH */
    const char *from;
    const char *source;
    const char *target;
    const char *id;
    const char *env;     /* NULL: not given */
    const char *sharing; /* "", "shared", "private", "locked" */
    bool read_only;
    bool required;
    bool has_mode, has_uid, has_gid;
    uint32_t mode, uid, gid;
    int64_t bytes;
};

/* How values are expanded; a NULL expander means that this is not the time yet: only `from` is looked at then. */
struct sw_df_expander {
    bool (*expand)(void *context, const char *word, const char **out, struct sw_df_failure *failure);
    void *context;
};

bool sw_df_mount_parse(const char *text, const struct sw_df_expander *expander, struct sw_df_mount *mount,
                       struct sw_df_failure *failure);

struct sw_df_device {
    const char *name;
    bool required;
};

bool sw_df_device_parse(const char *text, struct sw_df_device *device, struct sw_df_failure *failure);

/* "bind", "cache", … */
const char *sw_df_mount_kind_name(uint32_t kind);

#endif
