/* source.h - what a copy reads from: a mounted snapshot, or a `tree` node that the host reads.
 *
 * Both look the same: names can be looked up and resolved, a folder can be walked, and contents go into a descriptor. Paths are
 * absolute in the source ("/a/b"), cleaned. One thread at a time. */
#ifndef PLUGINS_LOCAL_SOURCE_H
#define PLUGINS_LOCAL_SOURCE_H

#include "core/base/fsroot.h"
#include "plugins/local/copy.h"
#include "plugins/local/tarformat.h"

/* Something that a source holds. */
struct sw_source_item {
    const char *path; /* in a walk: relative to where it began; valid until the next call */
    mode_t type;      /* S_IFREG, S_IFDIR… */
    mode_t mode;
    uid_t uid;
    gid_t gid;
    struct timespec mtime;
    struct timespec atime;
    const char *target; /* of a symlink; valid until the next call */
    dev_t device;
    dev_t link_device; /* with link_inode: identity of a file that has several names; */
    ino_t link_inode;  /* 0 for all others */
};

struct sw_source {
    /* 1: `path` is there, nothing followed; 0: it is not; -1: error. */
    int (*look)(struct sw_source *source, const char *path, struct sw_source_item *item, struct sw_error **error);

    /* Begins to walk below folder `path`: names sorted, a folder before what is in it. Ends the walk before. */
    bool (*walk)(struct sw_source *source, const char *path, struct sw_error **error);
    int (*next)(struct sw_source *source, struct sw_source_item *item, struct sw_error **error);
    /* Leaves out what is below the folder that was given last. */
    void (*skip)(struct sw_source *source);

    /* Writes the content of the regular file that was given last, by `look` or `next`, to `fd`. */
    bool (*content)(struct sw_source *source, int fd, struct sw_error **error);
    /* The same, as a descriptor at its start; the caller closes it. -1: `error`. */
    int (*open)(struct sw_source *source, struct sw_error **error);
    /* Its xattrs: borrowed until the next call. */
    bool (*xattrs)(struct sw_source *source, const struct sw_tar_xattr **list, size_t *count, struct sw_error **error);

    void (*destroy)(struct sw_source *source);
};

struct sw_source *sw_source_new(const struct sw_copy_from *from, struct sw_error **error);
void sw_source_free(struct sw_source *source); /* takes NULL */
void sw_source_free_p(struct sw_source **source);
#define sw_cleanup_source __attribute__((cleanup(sw_source_free_p)))

/* `path` with its symlinks resolved inside the source, the last one too if `last`; to be freed. NULL: `error`. What is not there
 * stays as written. */
char *sw_source_resolve(struct sw_source *source, const char *path, bool last, struct sw_error **error);

/* The two kinds. */
struct sw_source *sw_rootsource_new(int root, struct sw_error **error);
struct sw_source *sw_treesource_new(const struct sw_copy_from *from, struct sw_error **error);

#endif
