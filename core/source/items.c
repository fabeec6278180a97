#include "core/source/items.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/path.h"
#include "core/source/diff.h"
#include "core/source/mapping.h"

void sw_items_fini(struct sw_items *items) {
    sw_vec_fini(&items->list);
    sw_fsroot_free(items->host);
    sw_arena_fini(&items->arena);
    *items = (struct sw_items){0};
}

static struct sw_item *add(struct sw_items *items, const char *path, enum sw_item_origin origin) {
    struct sw_item *item = sw_vec_push(&items->list, NULL);
    item->path = sw_arena_str(&items->arena, path);
    item->origin = origin;
    return item;
}

static int by_path(const void *a, const void *b) {
    const struct sw_item *left = a, *right = b;
    if (left->part != right->part)
        return left->part < right->part ? -1 : 1;
    int order = strcmp(left->path, right->path);
    /* Of equal paths the later origin comes last and wins. */
    return order ? order : (int)left->origin - (int)right->origin;
}

static void sort(struct sw_items *items) {
    if (items->list.len)
        qsort(items->list.data, items->list.len, items->list.width, by_path);
}

/* --- trees ------------------------------------------------------------------------------------------------------------------------ */

struct gathering {
    struct sw_items *items;
    const char *scope;
    bool is_file; /* the scope is a file */
    int64_t mtime;
};

static void add_git(struct sw_items *items, const char *name, const struct sw_walk_entry *entry, int64_t mtime, uint32_t part) {
    struct sw_item *item = add(items, name, SW_ITEM_GIT);
    item->type = entry->type;
    item->mode = entry->mode;
    item->mtime = mtime;
    item->part = part;
    item->entry = *entry;
    item->entry.path = sw_arena_str(&items->arena, entry->path);
}

static bool gather_file(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    (void)error;
    struct gathering *gathering = context;
    sw_cleanup_free char *name = gathering->is_file ? sw_path_base(entry->path) : sw_path_relative(entry->path, gathering->scope);
    add_git(gathering->items, name, entry, gathering->mtime, 0);
    return true;
}

static bool gather_folder(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    (void)error;
    struct gathering *gathering = context;
    sw_cleanup_free char *name = sw_path_relative(entry->path, gathering->scope);
    if (!*name)
        return true;
    struct sw_item *folder = add(gathering->items, name, SW_ITEM_FOLDER);
    folder->type = SW_FILE_DIRECTORY;
    folder->mode = 0755;
    folder->mtime = gathering->mtime;
    return true;
}

bool sw_items_has_folders(const struct sw_op_tree *op) {
    for (size_t i = 0; i < op->filter_count; i++)
        if (op->filters[i].flags & SW_FILTER_AS_BUILT)
            return true;
    return false;
}

static bool gather_commit(const struct sw_op_tree *op, struct sw_items *items, struct sw_error **error) {
    if (!op->commit)
        return true;
    sw_cleanup_free char *scope = sw_matcher_path(op->scope);
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(scope, op->filters, op->filter_count, error);
    struct sw_file file;
    if (!matcher || !sw_commit_stat(op->commit, scope, &file, error))
        return false;
    struct gathering gathering = {.items = items,
                                  .scope = scope,
                                  .is_file = file.type == SW_FILE_REGULAR || file.type == SW_FILE_SYMLINK,
                                  .mtime = sw_commit_time(op->commit)};
    struct sw_walk walk = {.matcher = matcher,
                           .kind = SW_WALK_FILES,
                           .visit = gather_file,
                           .folder = sw_items_has_folders(op) ? gather_folder : NULL,
                           .context = &gathering};
    return sw_walk(op->commit, scope, &walk, error);
}

/* Where a path of the host stands in the tree; NULL: outside. To be freed. */
static char *host_name(const struct sw_op_tree *op, const char *path) {
    sw_cleanup_free char *strip = sw_matcher_path(op->host_strip);
    return sw_path_within(path, strip) ? sw_path_relative(path, strip) : NULL;
}

static bool add_host(const struct sw_op_tree *op, struct sw_items *items, const char *path, const struct stat *status,
                     struct sw_error **error) {
    sw_cleanup_free char *name = host_name(op, path);
    uint32_t type = S_ISREG(status->st_mode)   ? SW_FILE_REGULAR
                    : S_ISLNK(status->st_mode) ? SW_FILE_SYMLINK
                    : S_ISDIR(status->st_mode) ? SW_FILE_DIRECTORY
                                               : SW_FILE_NONE;
    if (!name)
        return sw_fail(error, SW_ERROR_CONFIG, "'%s' is outside of '%s'", path, op->host_strip);
    if (!type)
        return sw_fail(error, SW_ERROR_CONFIG, "'%s' is neither a file nor a folder nor a symlink", path);
    if (!*name)
        return true;
    struct sw_item *item = add(items, name, SW_ITEM_HOST);
    item->type = type;
    item->mode = type == SW_FILE_SYMLINK ? 0777 : type == SW_FILE_DIRECTORY || status->st_mode & 0100 ? 0755 : 0644;
    item->mtime = op->commit ? sw_commit_time(op->commit) : 0;
    item->host_path = sw_arena_str(&items->arena, path);
    return true;
}

static bool add_host_folder(const struct sw_op_tree *op, struct sw_items *items, const char *path, struct sw_error **error) {
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(items->host, path, error);
    struct sw_fsentry entry;
    int got = walk ? 1 : -1;
    while (got > 0 && (got = sw_fswalk_next(walk, &entry, error)) > 0) {
        sw_cleanup_free char *whole = sw_path_join(path, entry.path);
        if (!add_host(op, items, whole, &entry.status, error))
            return false;
    }
    return got == 0;
}

static bool gather_host(const struct sw_op_tree *op, struct sw_items *items, struct sw_error **error) {
    if (!op->host_paths.count)
        return true;
    items->host = sw_fsroot_open_folder(op->host_root, SW_FSROOT_BENEATH, error);
    for (size_t i = 0; items->host && i < op->host_paths.count; i++) {
        sw_cleanup_free char *path = sw_matcher_path(op->host_paths.items[i]);
        struct stat status;
        if (sw_fsroot_stat(items->host, path, &status) != 0)
            return sw_fsroot_fail(error, "find", op->host_paths.items[i]);
        if (!add_host(op, items, path, &status, error))
            return false;
        if (S_ISDIR(status.st_mode) && !add_host_folder(op, items, path, error))
            return false;
    }
    return items->host != NULL;
}

static void gather_inlines(const struct sw_op_tree *op, struct sw_items *items) {
    for (size_t i = 0; i < op->inline_count; i++) {
        sw_cleanup_free char *name = sw_matcher_path(op->inlines[i].path);
        struct sw_item *item = add(items, name, SW_ITEM_INLINE);
        item->type = SW_FILE_REGULAR;
        item->mode = op->inlines[i].mode ? op->inlines[i].mode : 0644;
        item->mtime = op->commit ? sw_commit_time(op->commit) : 0;
        item->content = &op->inlines[i];
    }
}

/* Makes folders for all that lead to an item. */
static void add_parents(struct sw_items *items, int64_t mtime) {
    struct sw_map seen = {0};
    size_t count = items->list.len;
    for (size_t i = 0; i < count; i++) {
        const struct sw_item *item = sw_vec_at(&items->list, i);
        sw_cleanup_free char *path = sw_strdup(item->path);
        char *slash;
        while ((slash = strrchr(path, '/'))) {
            *slash = '\0';
            if (sw_map_has(&seen, path))
                break;
            sw_map_set(&seen, path, items);
            struct sw_item *folder = add(items, path, SW_ITEM_FOLDER);
            folder->type = SW_FILE_DIRECTORY;
            folder->mode = 0755;
            folder->mtime = mtime;
        }
    }
    sw_map_fini(&seen, NULL);
}

/* Where an overlay put a file in the place of a folder, or the reverse, the overlay stays. `list` is sorted. */
static void drop_hidden(struct sw_items *items) {
    struct sw_vec kept = {.width = sizeof(struct sw_item)};
    for (size_t i = 0; i < items->list.len; i++) {
        const struct sw_item *item = sw_vec_at(&items->list, i);
        const struct sw_item *next = i + 1 < items->list.len ? sw_vec_at(&items->list, i + 1) : NULL;
        if (next && next->part == item->part && !strcmp(next->path, item->path) && next->origin != SW_ITEM_FOLDER)
            continue; /* the later origin replaces it */
        const struct sw_item *last = kept.len ? sw_vec_at(&kept, kept.len - 1) : NULL;
        if (last && last->part == item->part && !strcmp(last->path, item->path))
            continue; /* the same folder twice */
        sw_vec_push(&kept, item);
    }
    sw_vec_fini(&items->list);
    items->list = kept;
}

/* A file above other files: one of them is from git and gives way. */
static void drop_conflicts(struct sw_items *items) {
    struct sw_map files = {0};
    for (size_t i = 0; i < items->list.len; i++) {
        struct sw_item *item = sw_vec_at(&items->list, i);
        if (item->type != SW_FILE_DIRECTORY)
            sw_map_set(&files, item->path, item);
    }
    struct sw_vec kept = {.width = sizeof(struct sw_item)};
    struct sw_map dropped = {0};
    for (size_t i = 0; i < items->list.len; i++) {
        struct sw_item *item = sw_vec_at(&items->list, i);
        sw_cleanup_free char *path = sw_strdup(item->path);
        bool hidden = false;
        for (char *slash; !hidden && (slash = strrchr(path, '/'));) {
            *slash = '\0';
            const struct sw_item *above = sw_map_get(&files, path);
            if (above && above->origin >= item->origin)
                hidden = true;
            else if (above)
                sw_map_set(&dropped, path, items);
        }
        if (!hidden)
            sw_vec_push(&kept, item);
    }
    size_t len = 0;
    for (size_t i = 0; i < kept.len; i++) {
        const struct sw_item *item = sw_vec_at(&kept, i);
        if (item->type == SW_FILE_DIRECTORY || !sw_map_has(&dropped, item->path))
            memmove((char *)kept.data + len++ * kept.width, item, kept.width);
    }
    kept.len = len;
    sw_map_fini(&files, NULL);
    sw_map_fini(&dropped, NULL);
    sw_vec_fini(&items->list);
    items->list = kept;
}

bool sw_items_of_overlay(const struct sw_op_tree *op, struct sw_items *items, struct sw_error **error) {
    *items = (struct sw_items){.list = {.width = sizeof(struct sw_item)}};
    if (!gather_host(op, items, error))
        return false;
    gather_inlines(op, items);
    sort(items);
    drop_hidden(items);
    return true;
}

bool sw_items_of_tree(const struct sw_op_tree *op, struct sw_items *items, struct sw_error **error) {
    *items = (struct sw_items){.list = {.width = sizeof(struct sw_item)}};
    if (op->url)
        return sw_fail(error, SW_ERROR_UNSUPPORTED, "the tree of a url is not read from a repository");
    if (!gather_commit(op, items, error) || !gather_host(op, items, error))
        return false;
    gather_inlines(op, items);
    bool overlaid = op->host_paths.count || op->inline_count;
    if (overlaid) {
        sort(items);
        drop_hidden(items);
        drop_conflicts(items);
    }
    add_parents(items, op->commit ? sw_commit_time(op->commit) : 0);
    sort(items);
    if (overlaid)
        drop_hidden(items);
    return true;
}

/* --- patches ---------------------------------------------------------------------------------------------------------------------- */

struct patching {
    struct sw_items *items;
    const struct sw_mapping_paths *paths;
    const struct sw_commit *before;
    int64_t mtime;
    uint32_t part;
    struct sw_map folders; /* looked at already */
};

/* Folders of `path` that the base did not have, outermost last. */
static bool add_new_folders(struct patching *patching, const char *path, struct sw_error **error) {
    sw_cleanup_free char *folder = sw_path_dir(path);
    while (strcmp(folder, ".") != 0 && strcmp(folder, patching->paths->scope) != 0 && !sw_map_has(&patching->folders, folder)) {
        struct sw_walk_entry entry;
        sw_map_set(&patching->folders, folder, patching);
        if (!sw_walk_find(patching->before, folder, &entry, error))
            return false;
        if (entry.type == SW_FILE_DIRECTORY || entry.type == SW_FILE_SUBMODULE)
            return true;
        sw_cleanup_free char *name = sw_mapping_name(patching->paths, folder);
        struct sw_item *item = add(patching->items, name, SW_ITEM_FOLDER);
        item->type = SW_FILE_DIRECTORY;
        item->mode = 0755;
        item->mtime = patching->mtime;
        item->part = patching->part;
        char *above = sw_path_dir(folder);
        free(folder);
        folder = above;
    }
    return true;
}

static bool gather_change(void *context, const struct sw_change *change, struct sw_error **error) {
    struct patching *patching = context;
    /* A single file is `to` itself. */
    sw_cleanup_free char *name = patching->paths->is_folder ? sw_mapping_name(patching->paths, change->path) : sw_strdup("");
    if (change->after.type == SW_FILE_NONE) {
        struct sw_item *item = add(patching->items, name, SW_ITEM_REMOVED);
        item->type = SW_FILE_DELETED;
        item->part = patching->part;
        return true;
    }
    add_git(patching->items, name, &change->after, patching->mtime, patching->part);
    return !patching->paths->is_folder || add_new_folders(patching, change->path, error);
}

static bool gather_part(const struct sw_patch_part *part, uint32_t index, struct sw_items *items, struct sw_error **error) {
    const struct sw_commit *after = part->mapping.commit;
    const struct sw_commit *before = sw_repository_commit(sw_commit_repository(after), part->base, error);
    if (!before)
        return false;
    sw_cleanup_mapping struct sw_mapping_paths paths;
    if (!sw_mapping_open(&part->mapping, before, &paths, error))
        return false;
    struct patching patching = {.items = items, .paths = &paths, .before = before, .mtime = sw_commit_time(after), .part = index};
    bool ok = sw_diff(before, after, paths.matcher, gather_change, &patching, error);
    sw_map_fini(&patching.folders, NULL);
    return ok;
}

static char *part_key(const struct sw_item *item, const char *path) {
    return sw_format("%u %s", item->part, path);
}

/* Whether the patch puts something at `item`'s path, or a file above it, so that its removal goes without saying. */
static bool is_implied(const struct sw_item *item, const struct sw_map *added) {
    sw_cleanup_free char *path = sw_strdup(item->path);
    for (char *slash = path + strlen(path); slash; slash = strrchr(path, '/')) {
        *slash = '\0';
        sw_cleanup_free char *key = part_key(item, path);
        const struct sw_item *there = sw_map_get(added, key);
        if (there && (there->type != SW_FILE_DIRECTORY || !strcmp(path, item->path)))
            return true;
    }
    return false;
}

/* What stood below a path that is a file now goes with the folder that it replaces; what was a file and is a folder now is no removal. */
static void drop_implied(struct sw_items *items) {
    struct sw_map added = {0};
    size_t len = 0;
    for (size_t i = 0; i < items->list.len; i++) {
        struct sw_item *item = sw_vec_at(&items->list, i);
        sw_cleanup_free char *key = part_key(item, item->path);
        if (item->type != SW_FILE_DELETED)
            sw_map_set(&added, key, sw_arena_copy(&items->arena, item, sizeof *item));
    }
    for (size_t i = 0; i < items->list.len; i++) {
        const struct sw_item *item = sw_vec_at(&items->list, i);
        if (item->type != SW_FILE_DELETED || !is_implied(item, &added))
            memmove(sw_vec_at(&items->list, len++), item, sizeof *item);
    }
    items->list.len = len;
    sw_map_fini(&added, NULL);
}

bool sw_items_of_patch(const struct sw_op_patch *op, struct sw_items *items, struct sw_error **error) {
    *items = (struct sw_items){.list = {.width = sizeof(struct sw_item)}};
    for (size_t i = 0; i < op->part_count; i++)
        if (!gather_part(&op->parts[i], (uint32_t)i, items, error))
            return false;
    sort(items);
    drop_implied(items);
    return true;
}

/* --- partial clones --------------------------------------------------------------------------------------------------------------- */

static bool prefetch_from(struct sw_repository *repository, const struct sw_items *items, struct sw_error **error) {
    sw_cleanup_vec struct sw_vec missing = {.width = sizeof(git_oid)};
    git_repository *handle = sw_handle_borrow(repository, error);
    git_odb *odb = NULL;
    bool ok = handle && git_repository_odb(&odb, handle) == 0;
    for (size_t i = 0; ok && i < items->list.len; i++) {
        const struct sw_item *item = sw_vec_at(&items->list, i);
        if (item->origin == SW_ITEM_GIT && item->entry.repository == repository &&
            !git_odb_exists_ext(odb, &item->entry.id, GIT_ODB_LOOKUP_NO_REFRESH))
            sw_vec_push(&missing, &item->entry.id);
    }
    ok = ok && sw_handle_fetch_missing(repository, missing.data, missing.len, error);
    if (ok && missing.len)
        git_odb_refresh(odb);
    git_odb_free(odb);
    sw_handle_return(repository, handle);
    return ok;
}

bool sw_items_prefetch(const struct sw_items *items, struct sw_error **error) {
    const struct sw_repository *done = NULL;
    for (size_t i = 0; i < items->list.len; i++) {
        const struct sw_item *item = sw_vec_at(&items->list, i);
        struct sw_repository *repository = item->entry.repository;
        if (item->origin != SW_ITEM_GIT || !repository->promisor || repository == done)
            continue;
        if (!prefetch_from(repository, items, error))
            return false;
        done = repository;
    }
    return true;
}
