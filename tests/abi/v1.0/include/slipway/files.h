/* files.h - reading files of a git commit, and what digests need to know of one.
 *
 * Builders read the project through this table only, so every builder is giterminist by construction: nothing here looks at the
 * work tree, apart from `host_files`, which the user's werf-giterminism.yaml must have allowed. Paths are relative to the
 * repository's root, with '/' between components and no leading '/'; "" is the root itself. */
#ifndef SLIPWAY_FILES_H
#define SLIPWAY_FILES_H

#include "slipway/types.h"

enum sw_file_type {
    SW_FILE_NONE = 0,
    SW_FILE_REGULAR = 1,
    SW_FILE_DIRECTORY = 2,
    SW_FILE_SYMLINK = 3,
    SW_FILE_SUBMODULE = 4,
    SW_FILE_DELETED = 5, /* only in a patch: the path is to be removed */
};

enum sw_filter_flag {
    /* The ignore patterns mean what they mean to BuildKit's builds, not to werf's digests: one that matches a folder holds for all
     * below it, and folders that are not ignored are there even when all their files are. */
    SW_FILTER_AS_BUILT = 1u << 0,
};

/* Which paths are wanted. All parts must agree. The semantics are werf's path matchers: include and exclude globs match a path, and
 * whatever lies below it. */
struct sw_filter {
    uint32_t size;
    uint32_t flags;            /* enum sw_filter_flag */
    const char *base;          /* paths outside this folder never match; globs are relative to it; "" or NULL: the root */
    struct sw_strings include; /* none: everything */
    struct sw_strings exclude;
    struct sw_strings ignore; /* .dockerignore lines, already split; relative to `base` */
};

struct sw_file {
    uint32_t size;
    uint32_t type; /* enum sw_file_type */
    uint32_t mode; /* permission bits: 0644, 0755 */
    uint32_t reserved;
    uint64_t bytes;     /* size of a regular file */
    const char *path;   /* borrowed for the call that hands out the record */
    const char *target; /* of a symlink */
    const char *id;     /* git object id, hex */
};

/* Called for each file. Returning false ends the walk early, which is no error. */
typedef bool (*sw_file_visit)(void *context, const struct sw_file *file);

/* A piece of a repository put into an image: a Stapel git mapping. */
struct sw_mapping {
    uint32_t size;
    uint32_t reserved;
    const struct sw_commit *commit;
    const char *add;           /* folder, file or submodule; "" is the root */
    const char *to;            /* absolute path in the image */
    struct sw_strings include; /* relative to `add` */
    struct sw_strings exclude;
    const char *owner; /* name or number; NULL: root */
    const char *group;
};

/* The difference of one mapping between two commits, as werf describes it. */
struct sw_patch_info {
    uint32_t size;
    uint32_t reserved;
    struct sw_bytes text;    /* filtered text of `git diff`, what gitLatestPatch's digest is made of */
    uint64_t full_bytes;     /* size of the patch with whole-file context and binary deltas, for gitCache */
    struct sw_strings paths; /* changed, relative to the mapping's scope */
    struct sw_strings binaries;
    struct sw_strings removed;
};

struct sw_host_files {
    uint32_t size;

    /* Object id of the commit, hex; lives as long as the handle. [any] */
    const char *(*id)(const struct sw_commit *commit);

    /* Committer's time in seconds since 1970. [any] */
    int64_t (*time)(const struct sw_commit *commit);

    /* Looks `path` up in the commit. `file->path`, `->target` and `->id` live as long as the commit. A missing path gives
     * type SW_FILE_NONE and success. Symlinks are not followed. [any] */
    bool (*stat)(const struct sw_commit *commit, const char *path, struct sw_file *file, struct sw_error **error);

    /* Reads a whole regular file (or a symlink's text). The bytes belong to the caller and end with `free_bytes`. [any] */
    bool (*read)(const struct sw_commit *commit, const char *path, struct sw_bytes *bytes, struct sw_error **error);
    void (*free_bytes)(struct sw_bytes *bytes);

    /* Visits all files (not folders) below `scope` that pass all `filters`, sorted bytewise by path. [any] */
    bool (*list)(const struct sw_commit *commit, const char *scope, const struct sw_filter *filters, size_t filter_count,
                 sw_file_visit visit, void *context, struct sw_error **error);

    /* werf's checksum of a part of a tree, from object ids alone: 64 hex digits, or "" when nothing matches. Reads no file. [any] */
    bool (*checksum)(const struct sw_commit *commit, const char *scope, const struct sw_filter *filters, size_t filter_count,
                     char out[65], struct sw_error **error);

    /* Refuses (SW_ERROR_DENIED, with the list of files) when the work tree has uncommitted changes under the filters. A no-op
     * under --loose-giterminism and --dev, and for remote commits. [any] */
    bool (*require_committed)(const struct sw_commit *commit, const char *scope, const struct sw_filter *filters,
                              size_t filter_count, struct sw_error **error);

    /* Opens commit `id` of the repository that `commit` belongs to. The handle lives as long as the build. SW_ERROR_NOT_FOUND
     * when it is not there. [any] */
    bool (*sibling)(const struct sw_commit *commit, const char *id, const struct sw_commit **out, struct sw_error **error);

    /* Whether `ancestor` (an id) is `commit` or one of its ancestors; false when it is unknown. [any] */
    bool (*is_ancestor)(const struct sw_commit *commit, const char *ancestor);

    /* Describes what changed in `mapping` since commit `base`. Ends with `free_patch`. Runs git: [pool]. */
    bool (*patch)(const struct sw_mapping *mapping, const char *base, struct sw_patch_info *patch, struct sw_error **error);
    void (*free_patch)(struct sw_patch_info *patch);

    /* Fetches a remote repository and opens one commit of it. At most one of branch, tag and commit is given; none: the remote's
     * HEAD. The handle lives as long as the build. [loop] */
    void (*open_remote)(struct sw_plan *plan, const char *url, const char *branch, const char *tag, const char *commit,
                        void (*done)(void *context, const struct sw_commit *commit, struct sw_error *error), void *context);

    /* werf's checksum of files that contextAddFiles names and `filters` match: "" when none. `paths` are relative to the project.
     * Reads the files: [any], short. */
    bool (*host_files_checksum)(struct sw_plan *plan, struct sw_strings paths, const struct sw_filter *filters, size_t filter_count,
                                char out[65], struct sw_error **error);

    /* Author's time: seconds since 1970, and as Go prints it, "2026-08-11 12:34:56 +0300 +0300"; the text lives as long as the
     * handle. [any] */
    int64_t (*author_time)(const struct sw_commit *commit);
    const char *(*human_time)(const struct sw_commit *commit);

    /* Visits the files (not folders) that contextAddFiles names, each once: `file->path` is relative to the project, `file->id` the
     * SHA-256 of its content (of a symlink: of its target), hex. Reads the files: [any], short. */
    bool (*host_files_list)(struct sw_plan *plan, struct sw_strings paths, sw_file_visit visit, void *context,
                            struct sw_error **error);

    /* Opens what merging commit `from` into commit `into` gives: a commit of our own, the same each time. The handle lives as long as
     * the build. Runs git: [pool]. */
    bool (*merge)(const struct sw_commit *commit, const char *from, const char *into, const struct sw_commit **out,
                  struct sw_error **error);
};

#endif
