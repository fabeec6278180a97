#include "plugins/local/copytree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/ignore.h"
#include "core/base/import_filter.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "plugins/local/entry.h"

struct folder_time {
    char *path;
    struct timespec mtime;
};

/* A folder that is made only when something in it is taken. */
struct pending {
    struct sw_entry entry;
    struct sw_vec xattrs; /* of struct sw_tar_xattr, owned */
};

struct sw_copytree {
    struct sw_fsroot *root;
    struct sw_source *source;
    const struct sw_copytree_rules *rules;
    struct sw_ignore *include;        /* style 0; NULL: everything */
    struct sw_ignore *exclude;        /* style 0; NULL: nothing */
    struct sw_import_filter *imports; /* style 1 */
    struct sw_map links;              /* "DEVICE:INODE" to where the first name was put */
    struct sw_map pending;            /* path relative to the walk's start to struct pending */
    struct sw_vec times;              /* of struct folder_time */
    size_t count;
};

static bool has(const struct sw_copytree *tree, uint32_t flag) {
    return (tree->rules->flags & flag) != 0;
}

static bool is_import(const struct sw_copytree *tree) {
    return tree->rules->style == 1;
}

struct sw_copytree *sw_copytree_new(struct sw_fsroot *root, struct sw_source *source, const struct sw_copytree_rules *rules,
                                    struct sw_error **error) {
    sw_cleanup_copytree struct sw_copytree *tree = sw_new(sizeof *tree);
    tree->root = root;
    tree->source = source;
    tree->rules = rules;
    tree->times.width = sizeof(struct folder_time);
    if (is_import(tree)) {
        tree->imports = sw_import_filter_new(rules->include, rules->exclude);
        return sw_steal(&tree);
    }
    if (rules->include.count > 0 && !(tree->include = sw_ignore_new(rules->include, error)))
        return NULL;
    if (rules->exclude.count > 0 && !(tree->exclude = sw_ignore_new(rules->exclude, error)))
        return NULL;
    return sw_steal(&tree);
}

static void pending_free(void *value) {
    struct pending *pending = value;
    for (size_t i = 0; i < pending->xattrs.len; i++) {
        struct sw_tar_xattr *xattr = sw_vec_at(&pending->xattrs, i);
        free((void *)xattr->name);
        free((void *)xattr->value);
    }
    sw_vec_fini(&pending->xattrs);
    free(pending);
}

void sw_copytree_free(struct sw_copytree *tree) {
    if (!tree)
        return;
    sw_ignore_free(tree->include);
    sw_ignore_free(tree->exclude);
    sw_import_filter_free(tree->imports);
    sw_map_fini(&tree->links, free);
    sw_map_fini(&tree->pending, pending_free);
    for (size_t i = 0; i < tree->times.len; i++)
        free(((struct folder_time *)sw_vec_at(&tree->times, i))->path);
    sw_vec_fini(&tree->times);
    free(tree);
}

void sw_copytree_free_p(struct sw_copytree **tree) {
    sw_copytree_free(*tree);
    *tree = NULL;
}

size_t sw_copytree_count(const struct sw_copytree *tree) {
    return tree->count;
}

static void remember_time(struct sw_copytree *tree, const char *path, struct timespec mtime) {
    struct folder_time time = {.path = sw_strdup(path), .mtime = mtime};
    sw_vec_push(&tree->times, &time);
}

bool sw_copytree_finish(struct sw_copytree *tree, struct sw_error **error) {
    for (size_t i = 0; i < tree->times.len; i++) { /* of several for one folder the last one counts */
        const struct folder_time *time = sw_vec_at(&tree->times, i);
        struct sw_fsattr attr = {.set = SW_FSATTR_MTIME, .mtime = time->mtime};
        if (sw_fsroot_set_attr(tree->root, time->path, &attr) < 0 && errno != ENOENT && errno != ENOTDIR)
            return sw_fsroot_fail(error, "set the time of", time->path);
    }
    return true;
}

/* --- metadata --- */

static struct timespec mtime_of(const struct sw_copytree *tree, const struct sw_source_item *item) {
    if (tree->rules->mtime == INT64_MIN)
        return item->mtime;
    return (struct timespec){.tv_sec = tree->rules->mtime};
}

static struct sw_entry entry_of(const struct sw_copytree *tree, const struct sw_source_item *item) {
    const struct sw_copytree_rules *rules = tree->rules;
    struct sw_entry entry = {.type = item->type, .target = item->target, .device = item->device};
    entry.attr = (struct sw_fsattr){.set = SW_FSATTR_OWNER | SW_FSATTR_MODE | SW_FSATTR_MTIME | SW_FSATTR_ATIME};
    entry.attr.uid = rules->owner && !rules->keep_uid ? rules->owner->uid : item->uid;
    entry.attr.gid = rules->owner && !rules->keep_gid ? rules->owner->gid : item->gid;
    entry.attr.mode = item->mode;
    if (rules->mode && item->type != S_IFLNK)
        entry.attr.mode = sw_chmod_apply(rules->mode, item->type | item->mode);
    entry.attr.mtime = mtime_of(tree, item);
    entry.attr.atime = rules->mtime == INT64_MIN ? item->atime : entry.attr.mtime;
    return entry;
}

/* What a folder gets that nobody describes: nine permission bits of an octal mode, the owner asked for. */
static struct sw_fsattr made_attr(const struct sw_copytree *tree) {
    const struct sw_copytree_rules *rules = tree->rules;
    int octal = rules->mode ? sw_chmod_octal(rules->mode) : -1;
    struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE, .mode = octal >= 0 ? (mode_t)octal & 0777 : 0755};
    if (rules->owner) {
        attr.uid = rules->owner->uid;
        attr.gid = rules->owner->gid;
    }
    return attr;
}

static void note_made(void *context, const char *path) {
    struct sw_copytree *tree = context;
    int64_t seconds = tree->rules->mtime == INT64_MIN ? tree->rules->epoch : tree->rules->mtime;
    remember_time(tree, path, (struct timespec){.tv_sec = seconds});
}

bool sw_copytree_mkdirs(struct sw_copytree *tree, const char *path, struct sw_error **error) {
    struct sw_fsattr attr = made_attr(tree);
    if (sw_fsroot_mkdirs(tree->root, path, &attr, note_made, tree) == 0)
        return true;
    if (errno == ENOTDIR || errno == EEXIST)
        return sw_fail(error, SW_ERROR_BUILD, "cannot create folder %s: something on the way is not a folder", path);
    return sw_fsroot_fail(error, "create folder", path);
}

/* --- what stands in the way --- */

/* Whether a folder may be put at `to`, after removing what the rules let it replace. */
static bool clear_for_folder(struct sw_copytree *tree, const char *to, struct sw_error **error) {
    struct stat status;
    if (sw_fsroot_stat(tree->root, to, &status) < 0)
        return errno == ENOENT || sw_fsroot_fail(error, "look at", to);
    if (S_ISDIR(status.st_mode))
        return true;
    if (S_ISLNK(status.st_mode) && has(tree, SW_COPY_KEEP_DIRLINKS) && sw_fsroot_stat_follow(tree->root, to, &status) == 0 &&
        S_ISDIR(status.st_mode))
        return true;
    if (!has(tree, SW_COPY_REPLACE) && !is_import(tree)) /* rsync replaces it */
        return sw_fail(error, SW_ERROR_BUILD, "cannot copy to non-directory: %s", to);
    return sw_fsroot_unlink(tree->root, to) == 0 || sw_fsroot_fail(error, "remove", to);
}

static bool clear_for_file(struct sw_copytree *tree, const char *to, struct sw_error **error) {
    struct stat status;
    if (sw_fsroot_stat(tree->root, to, &status) < 0)
        return errno == ENOENT || sw_fsroot_fail(error, "look at", to);
    if (!S_ISDIR(status.st_mode))
        return sw_fsroot_unlink(tree->root, to) == 0 || sw_fsroot_fail(error, "remove", to);
    if (is_import(tree) && sw_fsroot_rmdir(tree->root, to) == 0) /* as rsync does with an empty one */
        return true;
    if (!has(tree, SW_COPY_REPLACE))
        return sw_fail(error, SW_ERROR_BUILD, "cannot replace to directory %s with file", to);
    return sw_fsroot_remove(tree->root, to) == 0 || sw_fsroot_fail(error, "remove", to);
}

/* --- putting --- */

/* Links to where the same file was put before. True and `*done` when it was. */
static bool put_link(struct sw_copytree *tree, const struct sw_source_item *item, const char *to, bool *done,
                     struct sw_error **error) {
    *done = false;
    if (item->link_inode == 0 || is_import(tree))
        return true;
    char key[64];
    snprintf(key, sizeof key, "%llx:%llx", (unsigned long long)item->link_device, (unsigned long long)item->link_inode);
    const char *first = sw_map_get(&tree->links, key);
    if (!first) {
        sw_map_set(&tree->links, key, sw_strdup(to));
        return true;
    }
    *done = true;
    return sw_fsroot_link(tree->root, first, to) == 0 || sw_fsroot_fail(error, "link", to);
}

static bool put_file(struct sw_copytree *tree, const struct sw_source_item *item, const char *to, struct sw_error **error) {
    struct sw_entry entry = entry_of(tree, item);
    sw_cleanup_close int fd = -1;
    bool linked;
    if (!clear_for_file(tree, to, error) || !put_link(tree, item, to, &linked, error))
        return false;
    tree->count++;
    if (linked)
        return true;
    if (sw_entry_create(tree->root, to, &entry, &fd, NULL) < 0)
        return sw_fsroot_fail(error, "create", to);
    if (!tree->source->xattrs(tree->source, &entry.xattrs, &entry.xattr_count, error))
        return false;
    if (fd >= 0 && !tree->source->content(tree->source, fd, error))
        return false;
    return sw_entry_finish(tree->root, to, &entry, &fd) == 0 || sw_fsroot_fail(error, "set the metadata of", to);
}

/* Makes a folder like `entry`, or gives an existing one its metadata. */
static bool put_folder(struct sw_copytree *tree, const struct sw_entry *entry, const char *to, struct sw_error **error) {
    if (!clear_for_folder(tree, to, error))
        return false;
    if (sw_fsroot_mkdir(tree->root, to, 0755) < 0 && errno != EEXIST)
        return sw_fsroot_fail(error, "create folder", to);
    struct stat status;
    sw_cleanup_free char *real = NULL;
    if (sw_fsroot_stat(tree->root, to, &status) == 0 && S_ISLNK(status.st_mode)) { /* a link to a folder, to be kept */
        real = sw_fsroot_resolve(tree->root, to);
        to = real ? real : to;
    }
    int none = -1;
    if (sw_entry_finish(tree->root, to, entry, &none) < 0)
        return sw_fsroot_fail(error, "set the metadata of", to);
    remember_time(tree, to, entry->attr.mtime);
    tree->count++;
    return true;
}

/* --- folders that wait for something in them --- */

static void hold_folder(struct sw_copytree *tree, const char *path, const struct sw_entry *entry) {
    struct pending *pending = sw_new(sizeof *pending);
    pending->entry = *entry;
    pending->xattrs.width = sizeof(struct sw_tar_xattr);
    for (size_t i = 0; i < entry->xattr_count; i++) {
        struct sw_tar_xattr copy = {.name = sw_strdup(entry->xattrs[i].name), .len = entry->xattrs[i].len};
        copy.value = sw_memdup(entry->xattrs[i].value, copy.len);
        sw_vec_push(&pending->xattrs, &copy);
    }
    pending->entry.xattrs = pending->xattrs.data;
    void *old = sw_map_set(&tree->pending, path, pending);
    if (old)
        pending_free(old);
}

/* Makes the folders above `path` that waited for it. */
static bool release_parents(struct sw_copytree *tree, const char *path, const char *to, struct sw_error **error) {
    if (tree->pending.count == 0)
        return true;
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
        sw_cleanup_free char *parent = sw_strndup(path, (size_t)(slash - path));
        struct pending *pending = sw_map_remove(&tree->pending, parent);
        if (!pending)
            continue;
        sw_cleanup_free char *place = sw_path_join(to, parent);
        bool ok = put_folder(tree, &pending->entry, place, error);
        pending_free(pending);
        if (!ok)
            return false;
    }
    return true;
}

/* --- walking --- */

static enum sw_import_verdict judge(const struct sw_copytree *tree, const char *path, bool is_folder) {
    if (is_import(tree))
        return sw_import_filter_match(tree->imports, path, is_folder);
    if (tree->exclude && sw_ignore_match_from_root(tree->exclude, path))
        return is_folder && sw_ignore_has_exceptions(tree->exclude) ? SW_IMPORT_THROUGH : SW_IMPORT_NO;
    if (!tree->include || sw_ignore_match_from_root(tree->include, path))
        return SW_IMPORT_YES;
    return is_folder ? SW_IMPORT_THROUGH : SW_IMPORT_NO;
}

/* Folders of a running system, which an image may hold but an import does not take. */
static bool is_hidden(const struct sw_copytree *tree, const char *from, const char *path) {
    static const char *const hidden[] = {"/proc", "/sys", "/dev", "/run", "/.werf"};
    if (!is_import(tree))
        return false;
    sw_cleanup_free char *full = sw_path_join(from, path);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (strcmp(full, hidden[i]) == 0)
            return true;
    return false;
}

static bool visit_folder(struct sw_copytree *tree, const struct sw_source_item *item, enum sw_import_verdict verdict,
                         const char *to, struct sw_error **error) {
    struct sw_entry entry = entry_of(tree, item);
    if (!tree->source->xattrs(tree->source, &entry.xattrs, &entry.xattr_count, error))
        return false;
    /* rsync makes the folders that lead to an included pattern, whether or not something is there. */
    bool waits = has(tree, SW_COPY_FILTER_DIRS) || (verdict == SW_IMPORT_THROUGH && !is_import(tree));
    if (waits) {
        hold_folder(tree, item->path, &entry);
        return true;
    }
    sw_cleanup_free char *place = sw_path_join(to, item->path);
    return release_parents(tree, item->path, to, error) && put_folder(tree, &entry, place, error);
}

static bool visit(struct sw_copytree *tree, const struct sw_source_item *item, const char *from, const char *to,
                  struct sw_error **error) {
    bool is_folder = item->type == S_IFDIR;
    enum sw_import_verdict verdict = is_hidden(tree, from, item->path) ? SW_IMPORT_NO : judge(tree, item->path, is_folder);
    if (verdict == SW_IMPORT_NO) {
        if (is_folder)
            tree->source->skip(tree->source);
        return true;
    }
    if (is_folder)
        return visit_folder(tree, item, verdict, to, error);
    if (verdict != SW_IMPORT_YES || !release_parents(tree, item->path, to, error))
        return verdict != SW_IMPORT_YES;
    sw_cleanup_free char *place = sw_path_join(to, item->path);
    return put_file(tree, item, place, error);
}

static bool walk(struct sw_copytree *tree, const char *from, const char *to, struct sw_error **error) {
    struct sw_source_item item;
    int got = tree->source->walk(tree->source, from, error) ? 1 : -1;
    while (got > 0 && (got = tree->source->next(tree->source, &item, error)) > 0)
        if (!sw_work_wanted(tree->rules->work, error) || !visit(tree, &item, from, to, error))
            return false;
    sw_map_fini(&tree->pending, pending_free);
    tree->pending = (struct sw_map){0};
    return got == 0;
}

/* The folder that everything goes into: made like the source's, or left as it is but for its time. Imports give it the source's
 * metadata, as rsync does. */
static bool put_top(struct sw_copytree *tree, const struct sw_source_item *item, const char *to, struct sw_error **error) {
    struct stat status;
    struct sw_entry entry = entry_of(tree, item);
    bool exists = sw_fsroot_stat(tree->root, to, &status) == 0 && S_ISDIR(status.st_mode);
    if (exists && !is_import(tree)) {
        if (!has(tree, SW_COPY_PARENTS))
            remember_time(tree, to, entry.attr.mtime);
        return true;
    }
    return tree->source->xattrs(tree->source, &entry.xattrs, &entry.xattr_count, error) && put_folder(tree, &entry, to, error);
}

bool sw_copytree_put(struct sw_copytree *tree, const char *from, const char *to, struct sw_error **error) {
    struct sw_source_item item;
    int found = tree->source->look(tree->source, from, &item, error);
    if (found <= 0)
        return found == 0 && sw_fail(error, SW_ERROR_BUILD, "\"%s\": not found", from);
    if (item.type != S_IFDIR)
        return put_file(tree, &item, to, error);
    return put_top(tree, &item, to, error) && walk(tree, from, to, error);
}
