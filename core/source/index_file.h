/* index_file.h - git's index, read as it lies on the disk. For the sources of this room.
 *
 * libgit2 makes an object of every entry and hashes the whole file; this looks at the file in place, so that a big repository costs
 * next to nothing. Versions 2 and 3 are understood, which is what git writes unless asked otherwise; not split and sparse ones. */
#ifndef CORE_SOURCE_INDEX_FILE_H
#define CORE_SOURCE_INDEX_FILE_H

#include <git2.h>
#include <sys/stat.h>

#include "slipway/types.h"

struct sw_index_file {
    struct stat status; /* of the file */
    size_t count;       /* of entries, which are sorted bytewise by path */
    const uint8_t *map; /* what follows is the module's own */
    size_t len;
    uint32_t *offsets;
    size_t tree_at, tree_end; /* the extension with the trees that the entries make; empty: there is none */
};

/* One entry. */
struct sw_index_entry {
    const char *path;                          /* lives as long as the file */
    uint32_t ctime, ctime_ns, mtime, mtime_ns; /* what stat said when it was last known to be clean, cut to 32 bits */
    uint32_t inode, bytes;
    uint32_t mode; /* as in a tree: 0100644, 0120000, 0160000 … */
    git_oid id;
    bool assumed; /* "assume unchanged", or outside of a sparse checkout: the disk does not count */
    bool to_add;  /* only meant to be added */
    bool unmerged;
};

/* Reads the index at `path`. NULL when it is not there, or not understood: ask git then. */
struct sw_index_file *sw_index_file_open(const char *path);
void sw_index_file_close(struct sw_index_file *index); /* takes NULL */

/* Whether `path` still is the file that was read. */
bool sw_index_file_is_fresh(const struct sw_index_file *index, const char *path);

struct sw_index_entry sw_index_file_at(const struct sw_index_file *index, size_t at);

/* The path and the mode of one, without the rest. */
const char *sw_index_file_path(const struct sw_index_file *index, size_t at);
uint32_t sw_index_file_mode(const struct sw_index_file *index, size_t at);

/* The first entry at or behind `at` and before `end` whose path does not begin with the first `len` bytes of `path`, when those that do
 * stand first there; `end`: there is none. */
size_t sw_index_file_behind(const struct sw_index_file *index, size_t at, size_t end, const char *path, size_t len);

/* The entries of file `scope`, or below folder `scope` ("": all): [*from, *to). */
void sw_index_file_range(const struct sw_index_file *index, const char *scope, size_t *from, size_t *to);

/* The tree that the entries below folder `path` ("": all) make, if the index knows it. */
bool sw_index_file_tree(const struct sw_index_file *index, const char *path, git_oid *id);

#endif
