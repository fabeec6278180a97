/* fswalk.h - a folder's whole content in one fixed order: names sorted bytewise, a folder before what is in it.
 *
 * Follows no link, needs no recursion, and keeps few descriptors open however deep the tree is. The tree may change meanwhile:
 * names that vanish are skipped. */
#ifndef CORE_BASE_FSWALK_H
#define CORE_BASE_FSWALK_H

#include <sys/stat.h>

#include "core/base/fsroot.h"

struct sw_fswalk;

struct sw_fsentry {
    const char *path; /* relative to where the walk began, no leading slash */
    const char *name; /* its last component, within `path` */
    int folder;       /* descriptor of the folder that holds it, borrowed */
    struct stat status;
};

/* Begins below folder `path` of `root` ("" is the root itself), which is not visited itself. */
struct sw_fswalk *sw_fswalk_new(struct sw_fsroot *root, const char *path, struct sw_error **error);

/* 1: the next entry, valid until the next call; 0: the end; -1: `error` says why. */
int sw_fswalk_next(struct sw_fswalk *walk, struct sw_fsentry *entry, struct sw_error **error);

/* Leaves out what is below the folder that was given last. */
void sw_fswalk_skip(struct sw_fswalk *walk);

/* Opens the entry that was given last, if it still is of its kind. -1 and errno. */
int sw_fsentry_open(const struct sw_fsentry *entry, int flags);

/* A symlink's target, to be freed. NULL and errno. */
char *sw_fsentry_readlink(const struct sw_fsentry *entry);

void sw_fswalk_free(struct sw_fswalk *walk);
void sw_fswalk_free_p(struct sw_fswalk **walk);
#define sw_cleanup_fswalk __attribute__((cleanup(sw_fswalk_free_p)))

#endif
