/* includes.h - configuration files of other repositories, by werf-includes.yaml: a layer below the project's own files.
 *
 * Each include maps files of a repository at a commit to paths of the project. Of several includes the later one wins, and the
 * project's own files win over all. Which commit a branch or tag stands for is written in werf-includes.lock. */
#ifndef CORE_CONFIG_INCLUDES_H
#define CORE_CONFIG_INCLUDES_H

#include "core/base/buf.h"
#include "core/config/diagnostics.h"
#include "core/config/yaml.h"
#include "core/source/remote.h"

struct sw_includes;

struct sw_includes_request {
    const struct sw_yaml_text *config; /* werf-includes.yaml */
    const struct sw_yaml_text *lock;   /* werf-includes.lock; NULL: there is none */
    bool update;                       /* the lock is not looked at: refs are resolved now */
    struct sw_remotes *remotes;        /* fetches repositories; must outlive the result */
    const char *home;                  /* for `~`; may be NULL */
};

/* Reads the configuration, fetches what it names and lists the files. NULL with errors in `list` when something is wrong. */
struct sw_includes *sw_includes_load(const struct sw_includes_request *request, struct sw_diagnostics *list);
void sw_includes_free(struct sw_includes *includes); /* takes NULL */

/* A file of the project that an include brings. Lives as long as the includes. */
struct sw_included_file {
    const char *path; /* in the project */
    const struct sw_commit *commit;
    const char *source; /* path in the other repository */
};

/* All of them, each path once. */
size_t sw_includes_count(const struct sw_includes *includes); /* 0 for NULL */
const struct sw_included_file *sw_includes_at(const struct sw_includes *includes, size_t index);
/* The one at a clean path; NULL when there is none. */
const struct sw_included_file *sw_includes_find(const struct sw_includes *includes, const char *path);
/* Whether one lies below folder `path`. */
bool sw_includes_has_below(const struct sw_includes *includes, const char *path);

/* Text of the lock file for what `request` resolved with `update`. To be freed. */
char *sw_includes_lock_text(const struct sw_includes *includes);

#endif
