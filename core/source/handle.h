/* handle.h - the inside of repositories and commits, shared by the sources of this room only.
 *
 * A libgit2 repository handle serves one thread at a time. They are kept in a small pool: borrow one, work, give it back. */
#ifndef CORE_SOURCE_HANDLE_H
#define CORE_SOURCE_HANDLE_H

#include <git2.h>
#include <pthread.h>

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/source/commit.h"

/* A handle, and how many of the object folders it knows. */
struct sw_handle {
    git_repository *git;
    size_t folders;
};

struct sw_repository {
    char *work_tree;     /* NULL: bare */
    char *git_folder;    /* of this work tree */
    char *common_folder; /* shared by linked work trees */
    char *promisor;      /* remote of a partial clone, or NULL */
    char *cache;         /* for submodules, or NULL */
    bool shallow;
    enum sw_strictness strictness;
    pthread_mutex_t lock; /* guards what follows */
    struct sw_strlist object_folders;
    struct sw_vec idle; /* struct sw_handle */
    struct sw_vec lent; /* the same */
    struct sw_map commits;
    struct sw_vec indexes;          /* struct sw_index_file *: the last one is current, others may still be in use */
    uint32_t status_asked;          /* how often parts of the work tree were asked for */
    bool all_clean;                 /* once it was asked often: all of it is */
    pthread_mutex_t submodule_lock; /* guards what follows; may be held while fetching */
    struct sw_map submodules;       /* struct sw_repository * by path; checked out ones */
    struct sw_remotes *remotes;     /* mirrors of the others; made on first use */
};

struct sw_commit {
    struct sw_repository *repository;
    git_oid oid;
    git_oid tree;
    char id[GIT_OID_HEXSZ + 1];
    char tree_id[GIT_OID_HEXSZ + 1];
    int64_t time;
    int64_t author_time;
    char *human_time;
    struct sw_strlist parents;
    pthread_mutex_t lock; /* guards `files` */
    struct sw_map files;  /* struct sw_file * by path, in `arena` */
    struct sw_arena arena;
};

/* Opens a git folder for its objects alone: the work tree that its configuration names may be gone. */
struct sw_repository *sw_repository_open_bare(const char *folder, struct sw_error **error);

/* A handle for this thread, to be given back. NULL and `error` when the repository cannot be opened any more. */
git_repository *sw_handle_borrow(struct sw_repository *repository, struct sw_error **error);
void sw_handle_return(struct sw_repository *repository, git_repository *handle);

/* Fails with libgit2's last message behind ours. */
bool sw_handle_fail(struct sw_error **error, enum sw_error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fetches objects of a partial clone that are not there, all at once; of other repositories, says which one is missing. */
bool sw_handle_fetch_missing(struct sw_repository *repository, const git_oid *ids, size_t count, struct sw_error **error);

/* Looks a tree or blob up, fetching it when the clone is partial. To be freed with git_object_free. */
git_object *sw_handle_object(struct sw_repository *repository, git_repository *handle, const git_oid *id, git_object_t type,
                             struct sw_error **error);

/* Value of GIT_ALTERNATE_OBJECT_DIRECTORIES for git children of the repository, to be freed; NULL: none. */
char *sw_handle_alternates(struct sw_repository *repository);

#endif
