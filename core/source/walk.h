/* walk.h - walking the tree of a commit under a matcher, through submodules. For the sources of this room. */
#ifndef CORE_SOURCE_WALK_H
#define CORE_SOURCE_WALK_H

#include "core/source/handle.h"

/* An entry of a tree, wherever it was found. */
struct sw_walk_entry {
    const char *path; /* from the root of the commit that the walk began with; valid during the visit */
    uint32_t type;    /* enum sw_file_type */
    uint32_t mode;    /* permission bits */
    git_oid id;
    struct sw_repository *repository; /* that holds the object: the commit's, or a submodule's */
    git_oid root;                     /* tree of the commit of that repository */
    size_t inside;                    /* length of the part of `path` that leads to that repository, with its slash */
};

enum sw_walk_kind {
    SW_WALK_FILES, /* files and symlinks that match, from everywhere */
    SW_WALK_PARTS, /* the fewest entries: a folder that matches as a whole is one, and so is a submodule */
};

/* Returning false ends the walk; it is a failure when `error` was set. */
typedef bool (*sw_walk_visit)(void *context, const struct sw_walk_entry *entry, struct sw_error **error);

struct sw_walk {
    const struct sw_matcher *matcher;
    enum sw_walk_kind kind;
    sw_walk_visit visit;
    sw_walk_visit through; /* SW_WALK_PARTS: a submodule of which only parts may match; see sw_walk_submodule */
    sw_walk_visit folder;  /* a folder that matches itself, but perhaps not all below it; NULL: not of interest */
    void *context;
};

/* Visits entries at and below `scope` (clean), in git's order. */
bool sw_walk(const struct sw_commit *commit, const char *scope, const struct sw_walk *walk, struct sw_error **error);

/* Walks what is in a submodule that was met as `entry`. */
bool sw_walk_submodule(const struct sw_walk_entry *entry, const struct sw_walk *walk, struct sw_error **error);

/* Finds the entry at `path` (clean, not following symlinks). Nothing there: type SW_FILE_NONE and success. `found->path` is `path`. */
bool sw_walk_find(const struct sw_commit *commit, const char *path, struct sw_walk_entry *found, struct sw_error **error);

/* Fills type, mode and id from an entry of a tree object. */
void sw_walk_describe(const git_tree_entry *raw, struct sw_walk_entry *entry);

/* Whether an entry's name is one that no file of ours may have; git refuses to check such trees out as well. */
bool sw_walk_bad_name(const char *name);

#endif
