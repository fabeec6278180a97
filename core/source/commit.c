#include "core/source/commit.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "core/source/blob.h"
#include "core/source/git.h"
#include "core/source/handle.h"
#include "core/source/lfs.h"
#include "core/source/walk.h"

enum { MAX_LINKS = 1000 };

const char *sw_commit_id(const struct sw_commit *commit) {
    return commit->id;
}

const char *sw_commit_tree_id(const struct sw_commit *commit) {
    return commit->tree_id;
}

struct sw_repository *sw_commit_repository(const struct sw_commit *commit) {
    return commit->repository;
}

int64_t sw_commit_time(const struct sw_commit *commit) {
    return commit->time;
}

int64_t sw_commit_author_time(const struct sw_commit *commit) {
    return commit->author_time;
}

const char *sw_commit_author_text(const struct sw_commit *commit) {
    return commit->human_time;
}

char *sw_commit_human_time(const struct sw_commit *commit) {
    return sw_strdup(commit->human_time);
}

char *sw_commit_subject(const struct sw_commit *commit) {
    git_repository *handle = sw_handle_borrow(commit->repository, NULL);
    git_commit *raw = NULL;
    const char *text = handle && git_commit_lookup(&raw, handle, &commit->oid) == 0 ? git_commit_summary(raw) : NULL;
    char *subject = sw_strdup(text ? text : "");
    git_commit_free(raw);
    sw_handle_return(commit->repository, handle);
    return subject;
}

struct sw_strings sw_commit_parents(const struct sw_commit *commit) {
    return sw_strlist_view(&commit->parents);
}

/* --- single files -------------------------------------------------------------------------------------------------------------- */

static struct sw_file *make_file(struct sw_commit *commit, const char *path, const struct sw_walk_entry *entry, uint64_t size,
                                 const char *target) {
    char id[GIT_OID_HEXSZ + 1];
    struct sw_file *file = sw_arena_new(&commit->arena, sizeof *file);
    *file = (struct sw_file){.size = sizeof *file,
                             .type = entry->type,
                             .mode = entry->mode,
                             .bytes = size,
                             .path = sw_arena_str(&commit->arena, path),
                             .target = sw_arena_str(&commit->arena, target)};
    if (entry->type != SW_FILE_NONE)
        file->id = sw_arena_str(&commit->arena, git_oid_tostr(id, sizeof id, &entry->id));
    return file;
}

bool sw_commit_stat(const struct sw_commit *commit, const char *path, struct sw_file *file, struct sw_error **error) {
    sw_cleanup_free char *clean = sw_matcher_path(path);
    struct sw_commit *inner = (struct sw_commit *)commit; /* remembers what it was asked */
    pthread_mutex_lock(&inner->lock);
    const struct sw_file *known = sw_map_get(&commit->files, clean);
    if (known)
        *file = *known;
    pthread_mutex_unlock(&inner->lock);
    if (known)
        return true;
    struct sw_walk_entry entry;
    sw_cleanup_buf struct sw_buf target = {0};
    uint64_t size = 0;
    if (!sw_walk_find(commit, clean, &entry, error))
        return false;
    if (entry.type == SW_FILE_SYMLINK && !sw_blob_read(&entry, &target, error))
        return false;
    if (entry.type == SW_FILE_REGULAR && !sw_blob_size(&entry, &size, error))
        return false;
    pthread_mutex_lock(&inner->lock);
    struct sw_file *made = sw_map_get(&commit->files, clean);
    if (!made) {
        made = make_file(inner, clean, &entry, size, entry.type == SW_FILE_SYMLINK ? sw_buf_text(&target) : NULL);
        sw_map_set(&inner->files, clean, made);
    }
    *file = *made;
    pthread_mutex_unlock(&inner->lock);
    return true;
}

bool sw_commit_read(const struct sw_commit *commit, const char *path, struct sw_buf *bytes, struct sw_error **error) {
    sw_cleanup_free char *clean = sw_matcher_path(path);
    struct sw_walk_entry entry;
    if (!sw_walk_find(commit, clean, &entry, error))
        return false;
    switch (entry.type) {
    case SW_FILE_NONE:
        return sw_fail(error, SW_ERROR_NOT_FOUND, "there is no file '%s' in commit %s", clean, commit->id);
    case SW_FILE_DIRECTORY:
    case SW_FILE_SUBMODULE:
        return sw_fail(error, SW_ERROR_CONFIG, "'%s' is a folder", clean);
    case SW_FILE_SYMLINK:
        return sw_blob_read(&entry, bytes, error);
    default:
        return sw_lfs_read(&entry, bytes, error);
    }
}

/* Takes one step along `rest`; a symlink puts its target in front of what is left. */
static bool step(const struct sw_commit *commit, struct sw_buf *done, char **rest, struct sw_strlist *links, unsigned *budget,
                 struct sw_error **error) {
    size_t len = strcspn(*rest, "/");
    sw_cleanup_free char *name = sw_strndup(*rest, len);
    sw_cleanup_free char *left = sw_strdup(*rest + len + ((*rest)[len] == '/'));
    sw_cleanup_free char *whole = sw_path_join(sw_buf_text(done), name);
    struct sw_file file;
    if (!strncmp(whole, "..", 2) && (whole[2] == '/' || !whole[2]))
        return sw_fail(error, SW_ERROR_NOT_FOUND, "the path leads out of the repository");
    if (!sw_commit_stat(commit, whole, &file, error))
        return false;
    if (file.type == SW_FILE_NONE)
        return sw_fail(error, SW_ERROR_NOT_FOUND, "commit tree entry '%s' not found in the repository", whole);
    free(*rest);
    *rest = NULL;
    if (file.type != SW_FILE_SYMLINK) {
        sw_buf_truncate(done, 0);
        sw_buf_puts(done, strcmp(whole, ".") ? whole : "");
        *rest = sw_strdup(left);
        return true;
    }
    *rest = sw_format("%s%s%s", file.target, *left ? "/" : "", left);
    if (file.target[0] == '/')
        return sw_fail(error, SW_ERROR_NOT_FOUND, "symlink '%s' has the absolute target '%s'", whole, file.target);
    if (!--*budget)
        return sw_fail(error, SW_ERROR_CONFIG, "too many levels of symbolic links at '%s'", whole);
    sw_cleanup_free char *target = sw_path_join(sw_buf_text(done), file.target);
    if (links)
        sw_strlist_add(links, target);
    return true;
}

bool sw_commit_resolve(const struct sw_commit *commit, const char *path, char **resolved, struct sw_strlist *links,
                       struct sw_error **error) {
    struct sw_buf done = {0};
    char *rest = sw_matcher_path(path);
    unsigned budget = MAX_LINKS;
    bool ok = true;
    while (ok && *rest)
        ok = step(commit, &done, &rest, links, &budget, error);
    free(rest);
    *resolved = sw_buf_take(&done);
    if (ok)
        return true;
    free(*resolved);
    *resolved = NULL;
    return false;
}

/* --- many files ---------------------------------------------------------------------------------------------------------------- */

struct listing {
    sw_file_visit visit;
    void *context;
    bool stopped;
};

static bool list_entry(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    struct listing *listing = context;
    char id[GIT_OID_HEXSZ + 1];
    sw_cleanup_buf struct sw_buf target = {0};
    uint64_t size = 0;
    if (entry->type == SW_FILE_SYMLINK ? !sw_blob_read(entry, &target, error) : !sw_blob_size(entry, &size, error))
        return false;
    struct sw_file file = {.size = sizeof file,
                           .type = entry->type,
                           .mode = entry->mode,
                           .bytes = size,
                           .path = entry->path,
                           .target = entry->type == SW_FILE_SYMLINK ? sw_buf_text(&target) : NULL,
                           .id = git_oid_tostr(id, sizeof id, &entry->id)};
    if (listing->visit(listing->context, &file))
        return true;
    listing->stopped = true;
    return false;
}

bool sw_commit_list(const struct sw_commit *commit, const char *scope, const struct sw_matcher *matcher, sw_file_visit visit,
                    void *context, struct sw_error **error) {
    struct listing listing = {.visit = visit, .context = context};
    struct sw_walk walk = {.matcher = matcher, .kind = SW_WALK_FILES, .visit = list_entry, .context = &listing};
    sw_cleanup_free char *clean = sw_matcher_path(scope);
    return sw_walk(commit, clean, &walk, error) || listing.stopped;
}

/* --- checksums ----------------------------------------------------------------------------------------------------------------- */

struct part {
    char *path;
    char id[SW_SHA256_HEX];
};

struct parts {
    struct sw_vec entries;    /* struct part: ids of objects */
    struct sw_vec submodules; /* struct part: checksums */
    const struct sw_matcher *matcher;
};

static bool add_entry(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    (void)error;
    struct parts *parts = context;
    struct part *part = sw_vec_push(&parts->entries, NULL);
    part->path = sw_strdup(entry->path);
    git_oid_tostr(part->id, sizeof part->id, &entry->id);
    return true;
}

static bool add_submodule(void *context, const struct sw_walk_entry *entry, struct sw_error **error);

static void parts_init(struct parts *parts, const struct sw_matcher *matcher) {
    *parts =
        (struct parts){.entries = {.width = sizeof(struct part)}, .submodules = {.width = sizeof(struct part)}, .matcher = matcher};
}

static void parts_fini(struct parts *parts) {
    for (size_t i = 0; i < parts->entries.len; i++)
        free(((struct part *)sw_vec_at(&parts->entries, i))->path);
    for (size_t i = 0; i < parts->submodules.len; i++)
        free(((struct part *)sw_vec_at(&parts->submodules, i))->path);
    sw_vec_fini(&parts->entries);
    sw_vec_fini(&parts->submodules);
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct part *)a)->path, ((const struct part *)b)->path);
}

static void hash_sorted(struct sw_sha256 *hash, struct sw_vec *parts) {
    if (parts->len)
        qsort(parts->data, parts->len, parts->width, by_path);
    for (size_t i = 0; i < parts->len; i++) {
        const struct part *part = sw_vec_at(parts, i);
        sw_sha256_add(hash, part->id, strlen(part->id));
    }
}

static void parts_hash(struct parts *parts, char out[SW_SHA256_HEX]) {
    out[0] = '\0';
    if (!parts->entries.len && !parts->submodules.len)
        return;
    struct sw_sha256 *hash = sw_sha256_new();
    hash_sorted(hash, &parts->entries);
    hash_sorted(hash, &parts->submodules);
    sw_sha256_final_hex(hash, out);
    sw_sha256_free(hash);
}

static struct sw_walk parts_walk(struct parts *parts) {
    return (struct sw_walk){
        .matcher = parts->matcher, .kind = SW_WALK_PARTS, .visit = add_entry, .through = add_submodule, .context = parts};
}

static bool add_submodule(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    struct parts *outer = context, inner;
    struct part part = {0};
    parts_init(&inner, outer->matcher);
    struct sw_walk walk = parts_walk(&inner);
    bool ok = sw_walk_submodule(entry, &walk, error);
    parts_hash(&inner, part.id);
    parts_fini(&inner);
    if (!ok || !*part.id)
        return ok;
    part.path = sw_strdup(entry->path);
    sw_vec_push(&outer->submodules, &part);
    return true;
}

bool sw_commit_checksum(const struct sw_commit *commit, const char *scope, const struct sw_matcher *matcher, char out[65],
                        struct sw_error **error) {
    struct parts parts;
    parts_init(&parts, matcher);
    sw_cleanup_free char *clean = sw_matcher_path(scope);
    struct sw_walk walk = parts_walk(&parts);
    bool ok = sw_walk(commit, clean, &walk, error);
    parts_hash(&parts, out);
    parts_fini(&parts);
    return ok;
}

/* --- history ------------------------------------------------------------------------------------------------------------------- */

/* libgit2 does not know where a shallow clone was cut. */
static bool ask_git_for_ancestry(const struct sw_commit *commit, const char *ancestor) {
    const char *args[] = {"merge-base", "--is-ancestor", ancestor, commit->id};
    sw_cleanup_free char *alternates = sw_handle_alternates(commit->repository);
    struct sw_pair env = {"GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates};
    struct sw_git_call call = {.folder = commit->repository->git_folder, .args = {args, 4}, .env = {&env, alternates != NULL}};
    int status = 1;
    return sw_git_ask(&call, &status, NULL, NULL, NULL) && status == 0;
}

bool sw_commit_is_ancestor(const struct sw_commit *commit, const char *ancestor) {
    git_oid id;
    if (!strcmp(commit->id, ancestor))
        return true;
    if (strlen(ancestor) != GIT_OID_HEXSZ || git_oid_fromstr(&id, ancestor) != 0)
        return false;
    if (commit->repository->shallow)
        return ask_git_for_ancestry(commit, ancestor);
    git_repository *handle = sw_handle_borrow(commit->repository, NULL);
    git_commit *known = NULL;
    bool is = handle && git_commit_lookup(&known, handle, &id) == 0 && git_graph_descendant_of(handle, &commit->oid, &id) == 1;
    git_commit_free(known);
    sw_handle_return(commit->repository, handle);
    return is;
}

bool sw_commit_has_submodules(const struct sw_commit *commit) {
    struct sw_file file;
    return sw_commit_stat(commit, ".gitmodules", &file, NULL) && file.type == SW_FILE_REGULAR;
}
