#include "core/source/index_head.h"

#include <string.h>

#include "core/base/buf.h"

/* The index and the commit's trees gone through side by side: both are sorted by path. */
struct walk {
    const struct sw_index_file *index;
    git_repository *handle;
    const struct sw_matcher *matcher;
    struct sw_buf path;
    size_t at, end; /* in the index */
};

static bool equal_folders(struct walk *walk, const git_oid *id, bool whole);

/* Goes behind entries that nobody asked for. */
static bool next_entry(struct walk *walk, struct sw_index_entry *entry) {
    while (walk->at < walk->end) {
        *entry = sw_index_file_at(walk->index, walk->at++);
        if (sw_matcher_matched(walk->matcher, entry->path))
            return true;
    }
    return false;
}

static bool equal_entries(struct walk *walk, const git_tree_entry *raw, bool whole) {
    const char *path = sw_buf_text(&walk->path);
    git_filemode_t mode = git_tree_entry_filemode(raw);
    struct sw_index_entry entry;
    if (mode == GIT_FILEMODE_TREE || mode == GIT_FILEMODE_COMMIT) {
        bool through = !whole && sw_matcher_through(walk->matcher, path);
        if (!whole && !through && !sw_matcher_matched(walk->matcher, path))
            return true;
        return mode == GIT_FILEMODE_TREE && equal_folders(walk, git_tree_entry_id(raw), !through);
    }
    if (!whole && !sw_matcher_matched(walk->matcher, path))
        return true;
    return next_entry(walk, &entry) && !strcmp(entry.path, path) && entry.mode == (uint32_t)mode && !entry.unmerged &&
           git_oid_equal(&entry.id, git_tree_entry_id(raw));
}

static bool equal_folders(struct walk *walk, const git_oid *id, bool whole) {
    git_tree *tree = NULL;
    size_t len = walk->path.len;
    bool equal = git_tree_lookup(&tree, walk->handle, id) == 0;
    for (size_t i = 0; equal && i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *raw = git_tree_entry_byindex(tree, i);
        if (len)
            sw_buf_putc(&walk->path, '/');
        sw_buf_puts(&walk->path, git_tree_entry_name(raw));
        equal = equal_entries(walk, raw, whole);
        sw_buf_truncate(&walk->path, len);
    }
    git_tree_free(tree);
    return equal;
}

static bool known_to_be_equal(const struct walk *walk, const struct sw_commit *head, const char *scope, const git_tree_entry *raw) {
    git_oid id;
    if (sw_index_file_tree(walk->index, "", &id) && git_oid_equal(&id, &head->tree))
        return true;
    return *scope && raw && git_tree_entry_filemode(raw) == GIT_FILEMODE_TREE && sw_index_file_tree(walk->index, scope, &id) &&
           git_oid_equal(&id, git_tree_entry_id(raw));
}

bool sw_index_is_head(const struct sw_index_file *index, git_repository *handle, const struct sw_commit *head, const char *scope,
                      const struct sw_matcher *matcher) {
    struct walk walk = {.index = index, .handle = handle, .matcher = matcher};
    struct sw_index_entry more;
    git_tree *root = NULL;
    git_tree_entry *raw = NULL;
    if (known_to_be_equal(&walk, head, "", NULL))
        return true;
    if (git_tree_lookup(&root, handle, &head->tree) != 0)
        return false;
    if (*scope && git_tree_entry_bypath(&raw, root, scope) != 0)
        raw = NULL;
    bool equal = known_to_be_equal(&walk, head, scope, raw);
    if (!equal) {
        sw_index_file_range(index, scope, &walk.at, &walk.end);
        sw_buf_puts(&walk.path, scope);
        if (*scope)
            equal = !raw || equal_entries(&walk, raw, false);
        else
            equal = equal_folders(&walk, &head->tree, !sw_matcher_through(matcher, "") && sw_matcher_matched(matcher, ""));
        equal = equal && !next_entry(&walk, &more);
    }
    git_tree_entry_free(raw);
    git_tree_free(root);
    sw_buf_fini(&walk.path);
    return equal;
}
