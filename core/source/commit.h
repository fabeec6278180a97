/* commit.h - a commit (struct sw_commit of the ABI): its times, its files and its place in history.
 *
 * Everything here reads git objects only. Paths are relative to the repository's root; "" is the root. Submodules are read at the
 * commit that the tree records. All functions are [any]. */
#ifndef CORE_SOURCE_COMMIT_H
#define CORE_SOURCE_COMMIT_H

#include "core/base/buf.h"
#include "core/source/matcher.h"
#include "core/source/repository.h"

/* Hex; lives as long as the commit. */
const char *sw_commit_id(const struct sw_commit *commit);
const char *sw_commit_tree_id(const struct sw_commit *commit);
struct sw_repository *sw_commit_repository(const struct sw_commit *commit);

/* Seconds since 1970: when it was committed (what images and files are dated with), and when it was authored. */
int64_t sw_commit_time(const struct sw_commit *commit);
int64_t sw_commit_author_time(const struct sw_commit *commit);

/* Author's time as Go prints it, "2026-08-11 12:34:56 +0300 +0300": as long as the commit lives, and to be freed. */
const char *sw_commit_author_text(const struct sw_commit *commit);
char *sw_commit_human_time(const struct sw_commit *commit);

/* First line of its message; "" when that cannot be read. To be freed. */
char *sw_commit_subject(const struct sw_commit *commit);

/* Ids of its parents. Lives as long as the commit. */
struct sw_strings sw_commit_parents(const struct sw_commit *commit);

/* Looks `path` up, without following symlinks at its end or on its way. Nothing there: type SW_FILE_NONE and success. The record's
 * strings live as long as the commit. */
bool sw_commit_stat(const struct sw_commit *commit, const char *path, struct sw_file *file, struct sw_error **error);

/* Appends the bytes of a regular file, or the target of a symlink. A Git LFS pointer gives the file that it stands for. */
bool sw_commit_read(const struct sw_commit *commit, const char *path, struct sw_buf *bytes, struct sw_error **error);

/* Follows the symlinks in `path` inside the tree, component by component. Absolute targets, and such that leave the repository,
 * lead nowhere. `*resolved` is to be freed; the path of each link's target is appended to `links` unless that is NULL. */
bool sw_commit_resolve(const struct sw_commit *commit, const char *path, char **resolved, struct sw_strlist *links,
                       struct sw_error **error);

/* Visits all files (not folders) below `scope` that `matcher` matches, sorted bytewise by path. */
bool sw_commit_list(const struct sw_commit *commit, const char *scope, const struct sw_matcher *matcher, sw_file_visit visit,
                    void *context, struct sw_error **error);

/* werf's checksum of the part of the tree below `scope` that `matcher` (made with the same scope) matches: 64 hex digits, or "". */
bool sw_commit_checksum(const struct sw_commit *commit, const char *scope, const struct sw_matcher *matcher, char out[65],
                        struct sw_error **error);

/* Whether `ancestor` (an id) is `commit` or one of its ancestors; false when it is unknown. */
bool sw_commit_is_ancestor(const struct sw_commit *commit, const char *ancestor);

/* Whether the commit has submodules. */
bool sw_commit_has_submodules(const struct sw_commit *commit);

#endif
