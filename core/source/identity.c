#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "core/source/items.h"
#include "core/source/reader.h"

/* Lines "TYPE MODE ID PATH", each ended by a NUL, sorted: what identities are hashes of. */
struct lines {
    struct sw_strlist list;
    const char *scope;
    const struct sw_matcher *matcher;
    bool folders; /* those that match themselves count */
};

static void add_line(struct lines *lines, char type, uint32_t mode, const char *id, const char *path) {
    sw_strlist_take(&lines->list, sw_format("%c %o %s %s", type, mode, id, path));
}

static void hash_lines(struct lines *lines, const char *kind, char out[65]) {
    struct sw_sha256 *hash = sw_sha256_new();
    sw_sha256_add(hash, kind, strlen(kind) + 1);
    sw_strlist_sort(&lines->list);
    for (size_t i = 0; i < lines->list.len; i++)
        sw_sha256_add(hash, lines->list.items[i], strlen(lines->list.items[i]) + 1);
    sw_sha256_final_hex(hash, out);
    sw_sha256_free(hash);
    sw_strlist_fini(&lines->list);
}

/* --- what comes from git ------------------------------------------------------------------------------------------------------------ */

static bool add_part(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    (void)error;
    static const char types[] = {
        [SW_FILE_REGULAR] = 'f', [SW_FILE_DIRECTORY] = 'd', [SW_FILE_SYMLINK] = 'l', [SW_FILE_SUBMODULE] = 's'};
    struct lines *lines = context;
    char id[GIT_OID_HEXSZ + 1];
    bool is_scope = !strcmp(entry->path, lines->scope);
    bool is_folder = entry->type == SW_FILE_DIRECTORY || entry->type == SW_FILE_SUBMODULE;
    sw_cleanup_free char *name = is_scope && !is_folder ? sw_path_base(entry->path) : sw_path_relative(entry->path, lines->scope);
    add_line(lines, types[entry->type], entry->mode, git_oid_tostr(id, sizeof id, &entry->id), name);
    return true;
}

static bool add_folder(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    (void)error;
    struct lines *lines = context;
    sw_cleanup_free char *name = sw_path_relative(entry->path, lines->scope);
    add_line(lines, 'D', entry->mode, "-", name);
    return true;
}

static struct sw_walk walk_of(struct lines *lines);

static bool add_through(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    struct sw_walk walk = walk_of(context);
    return sw_walk_submodule(entry, &walk, error);
}

static struct sw_walk walk_of(struct lines *lines) {
    return (struct sw_walk){.matcher = lines->matcher,
                            .kind = SW_WALK_PARTS,
                            .visit = add_part,
                            .through = add_through,
                            .folder = lines->folders ? add_folder : NULL,
                            .context = lines};
}

static bool add_commit(const struct sw_op_tree *op, struct lines *lines, struct sw_error **error) {
    if (!op->commit)
        return true;
    sw_cleanup_free char *scope = sw_matcher_path(op->scope);
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new(scope, op->filters, op->filter_count, error);
    lines->scope = scope;
    lines->matcher = matcher;
    lines->folders = sw_items_has_folders(op);
    struct sw_walk walk = walk_of(lines);
    return matcher && sw_walk(op->commit, scope, &walk, error);
}

/* --- what does not ------------------------------------------------------------------------------------------------------------------ */

static bool hash_host_file(struct sw_fsroot *root, const char *path, char out[65], struct sw_error **error) {
    sw_cleanup_close int fd = sw_fsroot_open_file(root, path);
    if (fd < 0)
        return sw_fsroot_fail(error, "read", path);
    struct sw_sha256 *hash = sw_sha256_new();
    char buffer[65536];
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            sw_sha256_add(hash, buffer, (size_t)got);
    int number = errno;
    sw_sha256_final_hex(hash, out);
    sw_sha256_free(hash);
    return got == 0 || sw_fail_errno(error, number, "cannot read '%s'", path);
}

static bool add_overlay_item(const struct sw_items *items, const struct sw_item *item, struct lines *lines,
                             struct sw_error **error) {
    char id[SW_SHA256_HEX];
    if (item->type == SW_FILE_DIRECTORY) {
        add_line(lines, 'D', item->mode, "-", item->path);
        return true;
    }
    if (item->origin == SW_ITEM_INLINE) {
        sw_sha256_hex(item->content->content.data, item->content->content.len, id);
    } else if (item->type == SW_FILE_SYMLINK) {
        sw_cleanup_free char *target = sw_fsroot_readlink(items->host, item->host_path);
        if (!target)
            return sw_fsroot_fail(error, "read the link", item->host_path);
        sw_sha256_hex(target, strlen(target), id);
    } else if (!hash_host_file(items->host, item->host_path, id, error)) {
        return false;
    }
    add_line(lines, item->type == SW_FILE_SYMLINK ? 'L' : 'F', item->mode, id, item->path);
    return true;
}

static bool add_overlay(const struct sw_op_tree *op, struct lines *lines, struct sw_error **error) {
    sw_cleanup_items struct sw_items items;
    bool ok = sw_items_of_overlay(op, &items, error);
    for (size_t i = 0; ok && i < items.list.len; i++)
        ok = add_overlay_item(&items, sw_vec_at(&items.list, i), lines, error);
    return ok;
}

bool sw_tree_identity(const struct sw_op_tree *op, char out[65], struct sw_error **error) {
    struct lines lines = {0};
    if (op->url)
        return sw_fail(error, SW_ERROR_UNSUPPORTED, "the identity of a url's tree is not made from a repository");
    bool ok = add_commit(op, &lines, error) && add_overlay(op, &lines, error);
    hash_lines(&lines, "tree", out);
    return ok;
}

bool sw_patch_identity(const struct sw_op_patch *op, char out[65], struct sw_error **error) {
    struct lines lines = {0};
    sw_cleanup_items struct sw_items items;
    if (!sw_items_of_patch(op, &items, error))
        return false;
    for (size_t i = 0; i < items.list.len; i++) {
        const struct sw_item *item = sw_vec_at(&items.list, i);
        char id[GIT_OID_HEXSZ + 1] = "-";
        char type[24];
        if (item->origin == SW_ITEM_GIT)
            git_oid_tostr(id, sizeof id, &item->entry.id);
        snprintf(type, sizeof type, "%" PRIu32 " %" PRIu32, item->part, item->type);
        sw_strlist_take(&lines.list, sw_format("%s %o %s %s", type, item->mode, id, item->path));
    }
    hash_lines(&lines, "patch", out);
    return true;
}
