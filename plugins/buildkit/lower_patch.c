/* lower_patch.c - patches: what git mappings have changed in a snapshot that holds an earlier commit's files. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "plugins/buildkit/lower.h"
#include "plugins/buildkit/sync_source.h"
#include "plugins/buildkit/wire.h"

/* Owner of a mapping's files where it has names; NULL: the numbers travel with the files. To be freed. */
static char *named_owner(const struct sw_mapping *mapping) {
    const char *owner = mapping->owner && *mapping->owner ? mapping->owner : "0";
    const char *group = mapping->group && *mapping->group ? mapping->group : "0";
    bool numbers = owner[strspn(owner, "0123456789")] == '\0' && group[strspn(group, "0123456789")] == '\0';
    return numbers ? NULL : sw_format("%s:%s", owner, group);
}

/* ---- what the earlier commit had ---- */

/* A patch while it is written. */
struct patch {
    struct sw_lower *lower;
    sw_node node;
    const struct sw_op_patch *op;
    const char *title;
    struct sw_sync_source *all;
    struct sw_strlist removed; /* paths to remove first: files, and what is of another kind in the new commit */
    struct sw_strlist links;   /* those of them that were symlinks */
};

static void fini(struct patch *patch) {
    sw_strlist_fini(&patch->removed);
    sw_strlist_fini(&patch->links);
}

/* The path in the repository of `path` in the image. To be freed. */
static char *repository_path(const struct sw_mapping *mapping, const char *path) {
    sw_cleanup_free char *below = sw_path_relative(path + 1, mapping->to + 1);
    return sw_path_join(mapping->add ? mapping->add : "", below);
}

/* What `path` was in the commit that the snapshot holds: enum sw_file_type. */
static bool type_before(const struct patch *patch, uint32_t part, const char *path, uint32_t *type, struct sw_error **error) {
    const struct sw_host_files *files = patch->lower->host->files;
    const struct sw_patch_part *one = &patch->op->parts[part];
    const struct sw_commit *before;
    struct sw_file file = {.size = sizeof file};
    sw_cleanup_free char *name = repository_path(&one->mapping, path);
    if (!files->sibling(one->mapping.commit, one->base, &before, error) || !files->stat(before, name, &file, error))
        return false;
    *type = file.type;
    return true;
}

static void note_removal(struct patch *patch, const char *path, uint32_t type) {
    sw_strlist_add(&patch->removed, path);
    if (type == SW_FILE_SYMLINK)
        sw_strlist_add(&patch->links, path);
}

/* Whether something of type `before` has to go before `after` can take its place. */
static bool is_in_the_way(uint32_t before, uint32_t after) {
    bool was_folder = before == SW_FILE_DIRECTORY || before == SW_FILE_SUBMODULE;
    return before != SW_FILE_NONE && was_folder != (after == SW_FILE_DIRECTORY);
}

static bool find_removed(struct patch *patch, struct sw_error **error) {
    const struct sw_sync_source *all = patch->all;
    uint32_t type;
    for (size_t i = 0; i < all->removed.len; i++) {
        const char *path = all->removed.items[i];
        if (!type_before(patch, *(uint32_t *)sw_vec_at(&all->removed_parts, i), path, &type, error))
            return false;
        note_removal(patch, path, type);
    }
    for (size_t i = 0; i < all->items.len; i++) {
        const struct sw_sync_item *item = sw_vec_at(&all->items, i);
        sw_cleanup_free char *path = sw_format("/%s", item->path);
        if (item->index == UINT32_MAX)
            continue;
        if (!type_before(patch, item->part, path, &type, error))
            return false;
        if (is_in_the_way(type, item->type))
            note_removal(patch, path, type);
    }
    return true;
}

/* ---- folders that a patch empties ---- */

static bool note_file(void *context, const struct sw_file *file) {
    (void)file;
    *(bool *)context = true;
    return false;
}

/* Whether the mapping has files below `folder`, a path in the image. */
static bool has_files(const struct sw_lower *lower, const struct sw_mapping *mapping, const char *folder, bool *found,
                      struct sw_error **error) {
    sw_cleanup_free char *scope = repository_path(mapping, folder);
    struct sw_filter filter = {
        .size = sizeof filter, .base = mapping->add, .include = mapping->include, .exclude = mapping->exclude};
    *found = false;
    return lower->host->files->list(mapping->commit, scope, &filter, 1, note_file, found, error);
}

struct emptied {
    char *path;
    size_t depth;
    bool inside; /* of another one */
};

static void free_emptied(struct sw_vec *folders) {
    for (size_t i = 0; i < folders->len; i++)
        free(((struct emptied *)sw_vec_at(folders, i))->path);
    sw_vec_fini(folders);
}

static int deepest_first(const void *a, const void *b) {
    const struct emptied *left = a, *right = b;
    return left->depth != right->depth ? (left->depth < right->depth ? 1 : -1) : strcmp(left->path, right->path);
}

static size_t depth_of(const char *path) {
    size_t depth = 0;
    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

/* Folders, deepest first, that the new commit has no more because their files are gone. */
static bool find_emptied(const struct patch *patch, struct sw_vec *folders, struct sw_error **error) {
    const struct sw_sync_source *all = patch->all;
    struct sw_map seen = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < all->removed.len; i++) {
        const struct sw_mapping *mapping = &patch->op->parts[*(uint32_t *)sw_vec_at(&all->removed_parts, i)].mapping;
        char *folder = sw_path_dir(all->removed.items[i]);
        bool gone = true;
        while (ok && gone && strcmp(folder, mapping->to) != 0 && sw_path_within(folder, mapping->to)) {
            bool found;
            if (sw_map_set(&seen, folder, folders))
                break;
            ok = has_files(patch->lower, mapping, folder, &found, error);
            gone = ok && !found;
            if (gone)
                sw_vec_push(folders, &(struct emptied){.path = sw_strdup(folder), .depth = depth_of(folder)});
            char *above = sw_path_dir(folder);
            free(folder);
            folder = above;
        }
        free(folder);
    }
    for (size_t i = 0; i < folders->len; i++) {
        struct emptied *one = sw_vec_at(folders, i);
        sw_cleanup_free char *above = sw_path_dir(one->path);
        for (size_t j = 0; j < folders->len && !one->inside; j++)
            one->inside = !strcmp(((struct emptied *)sw_vec_at(folders, j))->path, above);
    }
    if (folders->len)
        qsort(folders->data, folders->len, folders->width, deepest_first);
    sw_map_fini(&seen, NULL);
    return ok;
}

/* Removes a folder; what a step has put into it is brought back from `before`, and the folder with it. */
static void remove_if_empty(struct sw_lower_actions *actions, const char *folder, struct sw_llb_value before) {
    struct sw_buf body = {0};
    sw_cleanup_free char *content = sw_format("%s/*", folder);
    sw_cleanup_free char *dest = sw_format("%s/", folder);
    sw_lower_remove(actions, folder, false);
    sw_wire_text(&body, 1, content);
    sw_wire_text(&body, 2, dest);
    sw_wire_int(&body, 4, -1);
    sw_wire_bool(&body, 8, true);
    sw_wire_bool(&body, 9, true);
    sw_wire_bool(&body, 10, true);
    sw_wire_int(&body, 11, -1);
    sw_lower_act(actions, 4, &before, &body);
}

/* The snapshot without the removed files and without emptied folders that stand in other ones: one operation for each depth, beside
 * the patch, since there is none that removes a folder only when it is empty. */
static struct sw_llb_value without_inner(struct patch *patch, struct sw_llb_value input, const struct sw_vec *folders) {
    struct sw_lower_actions actions;
    sw_lower_actions_init(&actions, patch->title, input);
    sw_lower_remove_all(patch->lower, &actions, sw_strlist_view(&patch->removed), sw_strlist_view(&patch->links));
    struct sw_llb_value value = sw_lower_actions_add(patch->lower, &actions);
    for (size_t i = 0; i < folders->len;) {
        size_t depth = ((const struct emptied *)sw_vec_at(folders, i))->depth;
        sw_lower_actions_init(&actions, patch->title, value);
        for (; i < folders->len && ((const struct emptied *)sw_vec_at(folders, i))->depth == depth; i++) {
            const struct emptied *one = sw_vec_at(folders, i);
            if (one->inside)
                remove_if_empty(&actions, one->path, value);
        }
        value = sw_lower_actions_add(patch->lower, &actions);
    }
    return value;
}

/* ---- adding ---- */

/* The folder of the snapshot that `path` is put into: the nearest one that the patch does not make. To be freed. */
static char *folder_of(const char *path, const struct sw_map *made) {
    char *folder = sw_path_dir(path);
    while (sw_map_has(made, folder)) {
        char *above = sw_path_dir(folder);
        free(folder);
        folder = above;
    }
    return folder;
}

/* Where the files of one part are to be found, and where they belong: a folder of the source for each folder of the snapshot, so that
 * the snapshot's own folders stay as they are. */
struct placing {
    struct sw_map made;        /* folders that the part makes */
    struct sw_map numbers;     /* folder of the snapshot -> its number, from 1 */
    struct sw_strlist folders; /* by number, from 0 */
    struct sw_sync_source *source;
};

static void place(struct placing *placing, const struct sw_sync_item *from) {
    struct sw_sync_item item = *from;
    sw_cleanup_free char *path = sw_format("/%s", item.path);
    sw_cleanup_free char *folder = folder_of(path, &placing->made);
    uintptr_t number = (uintptr_t)sw_map_get(&placing->numbers, folder);
    if (!number) {
        sw_strlist_add(&placing->folders, folder);
        number = placing->folders.len;
        sw_map_set(&placing->numbers, folder, (void *)number);
    }
    sw_cleanup_free char *rest = sw_path_relative(path + 1, folder + 1);
    sw_cleanup_free char *moved = sw_format("%zu/%s", (size_t)number - 1, rest);
    item.path = sw_arena_str(&placing->source->arena, moved);
    item.target = sw_arena_str(&placing->source->arena, item.target);
    sw_sync_source_add(placing->source, &item);
}

static bool is_of_part(const struct sw_sync_item *item, uint32_t part) {
    return item->part == part && item->index != UINT32_MAX;
}

static void add_part(struct patch *patch, uint32_t part, struct sw_lower_actions *actions) {
    const struct sw_vec *items = &patch->all->items;
    sw_cleanup_free char *suffix = sw_format("part %u", part);
    sw_cleanup_free char *owner = named_owner(&patch->op->parts[part].mapping);
    struct placing placing = {0};
    for (size_t i = 0; i < items->len; i++) {
        const struct sw_sync_item *item = sw_vec_at(items, i);
        sw_cleanup_free char *path = sw_format("/%s", item->path);
        if (is_of_part(item, part) && item->type == SW_FILE_DIRECTORY)
            sw_map_set(&placing.made, path, patch);
    }
    for (size_t i = 0; i < items->len; i++) {
        const struct sw_sync_item *item = sw_vec_at(items, i);
        if (!is_of_part(item, part))
            continue;
        if (!placing.source)
            placing.source = sw_lower_source(patch->lower, patch->node, suffix);
        place(&placing, item);
    }
    if (placing.source) {
        sw_sync_source_settle(placing.source, 0);
        struct sw_llb_value files = sw_lower_local(patch->lower, placing.source, patch->title);
        for (size_t i = 0; i < placing.folders.len; i++) {
            sw_cleanup_free char *from = sw_format("/%zu", i);
            sw_lower_copy_all(actions, files, from, placing.folders.items[i], owner);
        }
    }
    sw_strlist_fini(&placing.folders);
    sw_map_fini(&placing.numbers, NULL);
    sw_map_fini(&placing.made, NULL);
}

/* ---- the operation ---- */

static void write_patch(struct patch *patch, const struct sw_vec *folders, struct sw_llb_value *value) {
    struct sw_llb_value input = sw_lower_value(patch->lower, patch->op->input);
    struct sw_llb_value before = folders->len ? without_inner(patch, input, folders) : input;
    struct sw_lower_actions actions;
    sw_lower_actions_init(&actions, patch->title, input);
    sw_lower_remove_all(patch->lower, &actions, sw_strlist_view(&patch->removed), sw_strlist_view(&patch->links));
    for (size_t i = 0; i < folders->len; i++) {
        const struct emptied *one = sw_vec_at(folders, i);
        if (!one->inside)
            remove_if_empty(&actions, one->path, before);
    }
    for (uint32_t part = 0; part < patch->op->part_count; part++)
        add_part(patch, part, &actions);
    *value = sw_lower_actions_add(patch->lower, &actions);
}

bool sw_lower_patch(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    struct patch patch = {.lower = lower, .node = node, .op = sw_lower_record(lower, node), .title = sw_lower_title(lower, node)};
    struct sw_vec folders = {.width = sizeof(struct emptied)};
    patch.all = sw_lower_source(lower, node, "all");
    bool ok = sw_lower_load(lower, patch.all, error) && find_removed(&patch, error) && find_emptied(&patch, &folders, error);
    if (ok)
        write_patch(&patch, &folders, value);
    free_emptied(&folders);
    fini(&patch);
    return ok;
}
