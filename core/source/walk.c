#include "core/source/walk.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/source/submodule.h"

enum { MAX_DEPTH = 1000 };

/* Where a walk is: one repository, its handle, and the path that was gone. */
struct position {
    const struct sw_walk *walk;
    struct sw_repository *repository;
    git_repository *handle;
    git_oid root;
    size_t inside; /* as in struct sw_walk_entry */
    struct sw_buf *path;
    unsigned depth;
    bool whole; /* everything here matches */
};

static bool walk_tree(struct position *at, const git_oid *id, struct sw_error **error);
static bool enter_submodule(const struct position *at, const struct sw_walk_entry *entry, bool whole, struct sw_error **error);

void sw_walk_describe(const git_tree_entry *raw, struct sw_walk_entry *entry) {
    git_filemode_t mode = git_tree_entry_filemode(raw);
    entry->id = *git_tree_entry_id(raw);
    entry->mode = mode == GIT_FILEMODE_BLOB_EXECUTABLE || mode == GIT_FILEMODE_TREE ? 0755
                  : mode == GIT_FILEMODE_LINK                                       ? 0777
                                                                                    : 0644;
    switch (mode) {
    case GIT_FILEMODE_TREE:
        entry->type = SW_FILE_DIRECTORY;
        break;
    case GIT_FILEMODE_COMMIT:
        entry->type = SW_FILE_SUBMODULE;
        break;
    case GIT_FILEMODE_LINK:
        entry->type = SW_FILE_SYMLINK;
        break;
    default:
        entry->type = SW_FILE_REGULAR;
    }
}

static bool visit_folder(struct position *at, const struct sw_walk_entry *entry, struct sw_error **error) {
    const struct sw_walk *walk = at->walk;
    bool through = !at->whole && sw_matcher_through(walk->matcher, entry->path);
    bool matched = at->whole || (!through && sw_matcher_matched(walk->matcher, entry->path));
    if (!through && !matched)
        return true;
    if (!through && walk->kind == SW_WALK_PARTS)
        return walk->visit(walk->context, entry, error);
    if (through && walk->folder && sw_matcher_matched(walk->matcher, entry->path) && !walk->folder(walk->context, entry, error))
        return false;
    bool before = at->whole;
    at->whole = !through;
    bool ok = walk_tree(at, &entry->id, error);
    at->whole = before;
    return ok;
}

static bool visit_submodule(struct position *at, const struct sw_walk_entry *entry, struct sw_error **error) {
    const struct sw_walk *walk = at->walk;
    bool through = !at->whole && sw_matcher_through(walk->matcher, entry->path);
    bool matched = at->whole || (!through && sw_matcher_matched(walk->matcher, entry->path));
    if (!through && !matched)
        return true;
    if (walk->kind == SW_WALK_PARTS)
        return through ? walk->through(walk->context, entry, error) : walk->visit(walk->context, entry, error);
    return enter_submodule(at, entry, !through, error);
}

static bool visit_entry(struct position *at, const struct sw_walk_entry *entry, struct sw_error **error) {
    if (entry->type == SW_FILE_DIRECTORY)
        return visit_folder(at, entry, error);
    if (entry->type == SW_FILE_SUBMODULE)
        return visit_submodule(at, entry, error);
    if (!at->whole && !sw_matcher_matched(at->walk->matcher, entry->path))
        return true;
    return at->walk->visit(at->walk->context, entry, error);
}

bool sw_walk_bad_name(const char *name) {
    return !sw_path_is_name(name) || !strcasecmp(name, ".git");
}

static int as_paths(const void *a, const void *b) {
    const git_tree_entry *const *left = a, *const *right = b;
    const char *x = git_tree_entry_name(*left), *y = git_tree_entry_name(*right);
    while (*x && *x == *y)
        x++, y++;
    unsigned char cx = (unsigned char)*x, cy = (unsigned char)*y;
    if (!cx && git_tree_entry_filemode(*left) & 040000)
        cx = '/';
    if (!cy && git_tree_entry_filemode(*right) & 040000)
        cy = '/';
    return (cx > cy) - (cx < cy);
}

/* Entries in the order of the paths that they lead to. That is git's own order, but for submodules, which git sorts as files. */
static void order_entries(const git_tree *tree, struct sw_vec *entries) {
    bool submodules = false;
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *raw = git_tree_entry_byindex(tree, i);
        submodules = submodules || git_tree_entry_filemode(raw) == GIT_FILEMODE_COMMIT;
        sw_vec_push(entries, &raw);
    }
    if (submodules)
        qsort(entries->data, entries->len, entries->width, as_paths);
}

static bool walk_entries(struct position *at, const git_tree *tree, struct sw_error **error) {
    size_t len = at->path->len;
    sw_cleanup_vec struct sw_vec entries = {.width = sizeof(const git_tree_entry *)};
    order_entries(tree, &entries);
    for (size_t i = 0; i < entries.len; i++) {
        const git_tree_entry *raw = *(const git_tree_entry **)sw_vec_at(&entries, i);
        const char *name = git_tree_entry_name(raw);
        if (sw_walk_bad_name(name))
            return sw_fail(error, SW_ERROR_CORRUPT, "the commit holds an entry with the forbidden name '%s' in '%s'", name,
                           sw_buf_text(at->path));
        if (len)
            sw_buf_putc(at->path, '/');
        sw_buf_puts(at->path, name);
        struct sw_walk_entry entry = {
            .path = sw_buf_text(at->path), .repository = at->repository, .root = at->root, .inside = at->inside};
        sw_walk_describe(raw, &entry);
        bool ok = visit_entry(at, &entry, error);
        sw_buf_truncate(at->path, len);
        if (!ok)
            return false;
    }
    return true;
}

static bool walk_tree(struct position *at, const git_oid *id, struct sw_error **error) {
    if (at->depth >= MAX_DEPTH)
        return sw_fail(error, SW_ERROR_CORRUPT, "the commit's folders are nested too deeply");
    git_object *tree = sw_handle_object(at->repository, at->handle, id, GIT_OBJECT_TREE, error);
    if (!tree)
        return false;
    at->depth++;
    bool ok = walk_entries(at, (git_tree *)tree, error);
    at->depth--;
    git_object_free(tree);
    return ok;
}

/* Walks a repository from its root tree on; `path` leads to it. */
static bool walk_repository(const struct sw_walk *walk, const struct sw_commit *commit, const char *path, bool whole,
                            struct sw_error **error) {
    sw_cleanup_buf struct sw_buf buf = {0};
    sw_buf_puts(&buf, path);
    struct position at = {.walk = walk,
                          .repository = commit->repository,
                          .root = commit->tree,
                          .inside = strlen(path) + 1,
                          .path = &buf,
                          .whole = whole};
    at.handle = sw_handle_borrow(at.repository, error);
    bool ok = at.handle && walk_tree(&at, &commit->tree, error);
    sw_handle_return(at.repository, at.handle);
    return ok;
}

static const struct sw_commit *submodule_of(const struct sw_walk_entry *entry, struct sw_error **error) {
    return sw_submodule_commit(entry->repository, &entry->root, entry->path + entry->inside, &entry->id, error);
}

static bool enter_submodule(const struct position *at, const struct sw_walk_entry *entry, bool whole, struct sw_error **error) {
    const struct sw_commit *commit = submodule_of(entry, error);
    return commit && walk_repository(at->walk, commit, entry->path, whole, error);
}

bool sw_walk_submodule(const struct sw_walk_entry *entry, const struct sw_walk *walk, struct sw_error **error) {
    const struct sw_commit *commit = submodule_of(entry, error);
    return commit && walk_repository(walk, commit, entry->path, false, error);
}

bool sw_walk(const struct sw_commit *commit, const char *scope, const struct sw_walk *walk, struct sw_error **error) {
    struct sw_walk_entry entry;
    if (!sw_walk_find(commit, scope, &entry, error))
        return false;
    if (entry.type == SW_FILE_NONE)
        return true;
    sw_cleanup_buf struct sw_buf buf = {0};
    sw_buf_puts(&buf, scope);
    struct position at = {.walk = walk, .repository = entry.repository, .root = entry.root, .inside = entry.inside, .path = &buf};
    at.handle = sw_handle_borrow(at.repository, error);
    entry.path = sw_buf_text(&buf);
    bool ok = at.handle && visit_entry(&at, &entry, error);
    sw_handle_return(at.repository, at.handle);
    return ok;
}

/* --- finding one entry ---------------------------------------------------------------------------------------------------------- */

/* Goes along `path` from the root of one repository, as far as its trees lead. `found` is the last entry met, and `*rest` what is
 * left of the path behind it ("" when it is the one). */
static bool find_in_repository(git_repository *handle, const char *path, struct sw_walk_entry *found, const char **rest,
                               struct sw_error **error) {
    const char *p = path;
    while (*p && found->type == SW_FILE_DIRECTORY) {
        size_t len = strcspn(p, "/");
        sw_cleanup_free char *name = sw_strndup(p, len);
        git_object *tree = sw_handle_object(found->repository, handle, &found->id, GIT_OBJECT_TREE, error);
        if (!tree)
            return false;
        const git_tree_entry *raw = git_tree_entry_byname((git_tree *)tree, name);
        found->type = SW_FILE_NONE;
        if (raw)
            sw_walk_describe(raw, found);
        git_object_free(tree);
        p += len + (p[len] == '/');
    }
    *rest = p;
    return true;
}

bool sw_walk_find(const struct sw_commit *commit, const char *path, struct sw_walk_entry *found, struct sw_error **error) {
    const char *rest = path;
    for (;;) {
        *found = (struct sw_walk_entry){.path = path,
                                        .type = SW_FILE_DIRECTORY,
                                        .mode = 0755,
                                        .id = commit->tree,
                                        .repository = commit->repository,
                                        .root = commit->tree,
                                        .inside = (size_t)(rest - path)};
        const char *start = rest;
        git_repository *handle = sw_handle_borrow(commit->repository, error);
        bool ok = handle && find_in_repository(handle, start, found, &rest, error);
        sw_handle_return(commit->repository, handle);
        if (!ok)
            return false;
        if (!*rest)
            return true;
        if (found->type != SW_FILE_SUBMODULE) {
            found->type = SW_FILE_NONE;
            return true;
        }
        sw_cleanup_free char *inner = sw_strndup(start, (size_t)(rest - start - 1));
        commit = sw_submodule_commit(found->repository, &found->root, inner, &found->id, error);
        if (!commit)
            return false;
    }
}
