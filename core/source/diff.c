#include "core/source/diff.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/source/submodule.h"

enum { MAX_DEPTH = 1000 };

struct diff {
    const struct sw_matcher *matcher;
    sw_change_visit visit;
    void *context;
    struct sw_buf path;
    unsigned depth;
};

struct child {
    char *name;
    struct sw_walk_entry entry;
};

static bool compare(struct diff *diff, const struct sw_walk_entry *before, const struct sw_walk_entry *after,
                    struct sw_error **error);

static bool is_folder(const struct sw_walk_entry *entry) {
    return entry->type == SW_FILE_DIRECTORY || entry->type == SW_FILE_SUBMODULE;
}

static bool equal(const struct sw_walk_entry *a, const struct sw_walk_entry *b) {
    return a->type == b->type && a->mode == b->mode && (a->type == SW_FILE_NONE || git_oid_equal(&a->id, &b->id));
}

static void children_fini(struct sw_vec *children) {
    for (size_t i = 0; i < children->len; i++)
        free(((struct child *)sw_vec_at(children, i))->name);
    sw_vec_fini(children);
}
#define cleanup_children __attribute__((cleanup(children_fini)))

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct child *)a)->name, ((const struct child *)b)->name);
}

/* What is in a folder or submodule; nothing for everything else. Sorted by name. */
static bool load_children(const struct diff *diff, const struct sw_walk_entry *entry, struct sw_vec *children,
                          struct sw_error **error) {
    struct sw_walk_entry folder = *entry;
    if (!is_folder(entry))
        return true;
    if (entry->type == SW_FILE_SUBMODULE) {
        const char *path = sw_buf_text(&diff->path);
        const struct sw_commit *commit =
            sw_submodule_commit(entry->repository, &entry->root, path + entry->inside, &entry->id, error);
        if (!commit)
            return false;
        folder.repository = commit->repository;
        folder.id = folder.root = commit->tree;
        folder.inside = strlen(path) + 1;
    }
    git_repository *handle = sw_handle_borrow(folder.repository, error);
    git_object *tree = handle ? sw_handle_object(folder.repository, handle, &folder.id, GIT_OBJECT_TREE, error) : NULL;
    for (size_t i = 0; tree && i < git_tree_entrycount((git_tree *)tree); i++) {
        const git_tree_entry *raw = git_tree_entry_byindex((git_tree *)tree, i);
        struct child *child = sw_vec_push(children, NULL);
        child->name = sw_strdup(git_tree_entry_name(raw));
        child->entry = (struct sw_walk_entry){.repository = folder.repository, .root = folder.root, .inside = folder.inside};
        sw_walk_describe(raw, &child->entry);
    }
    bool ok = tree != NULL;
    git_object_free(tree);
    sw_handle_return(folder.repository, handle);
    if (ok && children->len)
        qsort(children->data, children->len, children->width, by_name);
    return ok;
}

static bool compare_child(struct diff *diff, const char *name, const struct sw_walk_entry *before,
                          const struct sw_walk_entry *after, struct sw_error **error) {
    size_t len = diff->path.len;
    if (sw_walk_bad_name(name))
        return sw_fail(error, SW_ERROR_CORRUPT, "a commit holds an entry with the forbidden name '%s'", name);
    if (len)
        sw_buf_putc(&diff->path, '/');
    sw_buf_puts(&diff->path, name);
    bool ok = compare(diff, before, after, error);
    sw_buf_truncate(&diff->path, len);
    return ok;
}

static bool compare_children(struct diff *diff, const struct sw_walk_entry *before, const struct sw_walk_entry *after,
                             struct sw_error **error) {
    static const struct sw_walk_entry nothing = {.type = SW_FILE_NONE};
    cleanup_children struct sw_vec olds = {.width = sizeof(struct child)};
    cleanup_children struct sw_vec news = {.width = sizeof(struct child)};
    if (!load_children(diff, before, &olds, error) || !load_children(diff, after, &news, error))
        return false;
    for (size_t i = 0, j = 0; i < olds.len || j < news.len;) {
        const struct child *left = i < olds.len ? sw_vec_at(&olds, i) : NULL;
        const struct child *right = j < news.len ? sw_vec_at(&news, j) : NULL;
        int order = !left ? 1 : !right ? -1 : strcmp(left->name, right->name);
        const struct child *named = order <= 0 ? left : right;
        if (!compare_child(diff, named->name, order <= 0 ? &left->entry : &nothing, order >= 0 ? &right->entry : &nothing, error))
            return false;
        i += order <= 0;
        j += order >= 0;
    }
    return true;
}

static bool compare_folders(struct diff *diff, const struct sw_walk_entry *before, const struct sw_walk_entry *after,
                            struct sw_error **error) {
    const char *path = sw_buf_text(&diff->path);
    if (!sw_matcher_through(diff->matcher, path) && !sw_matcher_matched(diff->matcher, path))
        return true;
    if (diff->depth >= MAX_DEPTH)
        return sw_fail(error, SW_ERROR_CORRUPT, "the commits' folders are nested too deeply");
    diff->depth++;
    bool ok = compare_children(diff, before, after, error);
    diff->depth--;
    return ok;
}

static bool compare(struct diff *diff, const struct sw_walk_entry *before, const struct sw_walk_entry *after,
                    struct sw_error **error) {
    static const struct sw_walk_entry nothing = {.type = SW_FILE_NONE};
    const char *path = sw_buf_text(&diff->path);
    if (equal(before, after))
        return true;
    struct sw_change change = {
        .path = path, .before = is_folder(before) ? nothing : *before, .after = is_folder(after) ? nothing : *after};
    if (change.before.type == SW_FILE_NONE && change.after.type == SW_FILE_NONE)
        return compare_folders(diff, before, after, error);
    change.before.path = change.after.path = path;
    if (sw_matcher_matched(diff->matcher, path) && !diff->visit(diff->context, &change, error))
        return false;
    return !is_folder(before) && !is_folder(after) ? true : compare_folders(diff, before, after, error);
}

bool sw_diff(const struct sw_commit *before, const struct sw_commit *after, const struct sw_matcher *matcher, sw_change_visit visit,
             void *context, struct sw_error **error) {
    struct sw_walk_entry old, new;
    if (!sw_walk_find(before, "", &old, error) || !sw_walk_find(after, "", &new, error))
        return false;
    struct diff diff = {.matcher = matcher, .visit = visit, .context = context};
    bool ok = compare(&diff, &old, &new, error);
    sw_buf_fini(&diff.path);
    return ok;
}
