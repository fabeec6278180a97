/* mapping.h - a git mapping's paths: what of the commit it takes, and what they are called in the image. For the sources of this
 * room. */
#ifndef CORE_SOURCE_MAPPING_H
#define CORE_SOURCE_MAPPING_H

#include "core/source/commit.h"

struct sw_mapping_paths {
    struct sw_matcher *matcher;
    char *add;      /* clean, without leading slash */
    char *scope;    /* folder that names are relative to: `add`, or the folder that holds a single file */
    char *rename;   /* a single file's new name, or NULL */
    bool is_folder; /* `add` is a folder or submodule */
};

/* `base` may be NULL; it tells what `add` was when the mapping's commit does not have it. */
bool sw_mapping_open(const struct sw_mapping *mapping, const struct sw_commit *base, struct sw_mapping_paths *paths,
                     struct sw_error **error);
void sw_mapping_close(struct sw_mapping_paths *paths);
#define sw_cleanup_mapping __attribute__((cleanup(sw_mapping_close)))

/* Name of repository path `path` relative to the scope, renamed. To be freed. */
char *sw_mapping_name(const struct sw_mapping_paths *paths, const char *path);

#endif
