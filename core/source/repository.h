/* repository.h - a git repository: found, checked, opened, and read by many threads.
 *
 * Worktrees, bare, shallow and partial clones, alternates and submodule checkouts are all fine. Objects are read by libgit2, with a
 * handle for each thread that reads at the time; nothing is ever written into a repository of the user's. All functions are
 * [any] unless they say more. */
#ifndef CORE_SOURCE_REPOSITORY_H
#define CORE_SOURCE_REPOSITORY_H

#include "core/base/vec.h"
#include "slipway/files.h"

struct sw_repository;

/* Whether uncommitted changes matter to those who read a commit. */
enum sw_strictness {
    SW_STRICT = 0, /* what is read must be committed */
    SW_LOOSE = 1,  /* nothing is checked: --loose-giterminism, --dev, remote repositories */
};

/* Finds the repository that holds `folder`: upwards to the first ".git" entry, which must be valid. The errors are for people: no
 * repository, somebody else's repository, SHA-256 object ids, … */
struct sw_repository *sw_repository_find(const char *folder, struct sw_error **error);

/* Opens the repository at `folder` itself: a work tree, or a git folder (bare). */
struct sw_repository *sw_repository_open(const char *folder, struct sw_error **error);

/* Ends the repository and all of its commits. Takes NULL. */
void sw_repository_free(struct sw_repository *repository);
void sw_repository_free_p(struct sw_repository **repository);
#define sw_cleanup_repository __attribute__((cleanup(sw_repository_free_p)))

/* Absolute, without trailing slash; NULL for a bare repository. */
const char *sw_repository_work_tree(const struct sw_repository *repository);
/* The git folder of this work tree, and the one that linked work trees share. Absolute, without trailing slash. */
const char *sw_repository_git_folder(const struct sw_repository *repository);
const char *sw_repository_common_folder(const struct sw_repository *repository);
bool sw_repository_is_shallow(const struct sw_repository *repository);

/* To be set before commits are read. */
void sw_repository_set_strictness(struct sw_repository *repository, enum sw_strictness strictness);
enum sw_strictness sw_repository_strictness(const struct sw_repository *repository);

/* Folder in which contents of submodules that are not checked out may be kept; without one they are an error. */
void sw_repository_set_cache(struct sw_repository *repository, const char *folder);

/* Makes the objects in `folder` readable too, as if they were the repository's own. */
void sw_repository_add_objects(struct sw_repository *repository, const char *folder);

/* Commits live as long as their repository; asking again gives the same handle. `revision` is an id,
 * whole or abbreviated, a branch, a tag, "HEAD". SW_ERROR_NOT_FOUND when there is no such commit. */
const struct sw_commit *sw_repository_head(struct sw_repository *repository, struct sw_error **error);
const struct sw_commit *sw_repository_commit(struct sw_repository *repository, const char *revision, struct sw_error **error);

/* Fetches missing history of a shallow clone from `origin`, by a git child. [pool] */
bool sw_repository_unshallow(struct sw_repository *repository, struct sw_error **error);

#endif
