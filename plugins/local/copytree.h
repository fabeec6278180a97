/* copytree.h - one file or folder of a source put at one place of the result.
 *
 * What COPY, ADD and imports do with each thing they meet: what is taken and what left out, what existing things become, owners,
 * modes, times, hard links, xattrs. Where things go is decided by copy.c. */
#ifndef PLUGINS_LOCAL_COPYTREE_H
#define PLUGINS_LOCAL_COPYTREE_H

#include "core/base/fsroot.h"
#include "plugins/local/accounts.h"
#include "plugins/local/chmod.h"
#include "plugins/local/source.h"

struct sw_copytree_rules {
    uint32_t flags; /* enum sw_copy_flags */
    uint32_t style; /* sw_copy_source.include_style */
    struct sw_strings include;
    struct sw_strings exclude;
    const struct sw_owner *owner; /* NULL: the source's */
    bool keep_uid, keep_gid;      /* of `owner` only the other one counts */
    const struct sw_chmod *mode;  /* NULL: the source's */
    int64_t mtime;                /* INT64_MIN: the source's */
    int64_t epoch;                /* time of folders made on the way */
    const struct sw_work *work;
};

struct sw_copytree;

/* All it is given must outlive it. NULL when a pattern is malformed. */
struct sw_copytree *sw_copytree_new(struct sw_fsroot *root, struct sw_source *source, const struct sw_copytree_rules *rules,
                                    struct sw_error **error);
void sw_copytree_free(struct sw_copytree *tree);
void sw_copytree_free_p(struct sw_copytree **tree);
#define sw_cleanup_copytree __attribute__((cleanup(sw_copytree_free_p)))

/* Copies `from` (absolute in the source, resolved) to `to` (absolute in the result, resolved; its parent exists). Of a folder the
 * content goes into `to`, which is made like the source's folder when it is not there. */
bool sw_copytree_put(struct sw_copytree *tree, const char *from, const char *to, struct sw_error **error);

/* Makes folder `path` and its missing parents, as the rules have it for folders that the source does not describe. */
bool sw_copytree_mkdirs(struct sw_copytree *tree, const char *path, struct sw_error **error);

/* Number of things put so far. */
size_t sw_copytree_count(const struct sw_copytree *tree);

/* Sets the times of folders, once everything is in them. */
bool sw_copytree_finish(struct sw_copytree *tree, struct sw_error **error);

#endif
