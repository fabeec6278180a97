#include "plugins/local/inventory.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fswalk.h"
#include "core/base/hash.h"

enum { SMALL_BLOB = 4 << 20 };

/* ---- what the store's index needs ---- */

static void follow_descriptor(struct sw_localstore *store, struct sw_map *published, const json_t *descriptor);

static json_t *load_blob(struct sw_localstore *store, const char *digest) {
    sw_cleanup_close int fd = sw_localstore_open_blob(store, digest);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) || status.st_size > SMALL_BLOB)
        return NULL;
    return json_loadfd(fd, 0, NULL);
}

static void follow_list(struct sw_localstore *store, struct sw_map *published, const json_t *list) {
    const json_t *item;
    size_t index;
    json_array_foreach(list, index, item) {
        follow_descriptor(store, published, item);
    }
}

/* Manifests and indexes refer to other blobs; everything else is a leaf. */
static void follow_descriptor(struct sw_localstore *store, struct sw_map *published, const json_t *descriptor) {
    const char *digest = json_string_value(json_object_get(descriptor, "digest"));
    const char *type = json_string_value(json_object_get(descriptor, "mediaType"));
    if (!digest || !sw_digest_valid(digest) || sw_map_has(published, digest + strlen("sha256:")))
        return;
    sw_map_set(published, digest + strlen("sha256:"), published);
    if (!type || (!strstr(type, "manifest") && !strstr(type, "index")))
        return;
    sw_cleanup_json json_t *json = load_blob(store, digest);
    follow_list(store, published, json_object_get(json, "manifests"));
    follow_list(store, published, json_object_get(json, "layers"));
    follow_list(store, published, json_object_get(json, "blobs"));
    follow_descriptor(store, published, json_object_get(json, "config"));
}

static void read_index(struct sw_localstore *store, struct sw_map *published) {
    sw_cleanup_close int fd = openat(store->root, "index.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    sw_cleanup_json json_t *index = fd < 0 ? NULL : json_loadfd(fd, 0, NULL);
    follow_list(store, published, json_object_get(index, "manifests"));
}

/* ---- items ---- */

static uint64_t size_below(int folder, const char *name) {
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW))
        return 0;
    uint64_t bytes = (uint64_t)status.st_blocks * 512;
    if (!S_ISDIR(status.st_mode))
        return bytes;
    sw_cleanup_close int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    sw_cleanup_fsroot struct sw_fsroot *root = fd < 0 ? NULL : sw_fsroot_new(fd, SW_FSROOT_BENEATH, NULL);
    sw_cleanup_fswalk struct sw_fswalk *walk = root ? sw_fswalk_new(root, "", NULL) : NULL;
    struct sw_fsentry entry;
    while (walk && sw_fswalk_next(walk, &entry, NULL) == 1)
        bytes += (uint64_t)entry.status.st_blocks * 512 /
                 (entry.status.st_nlink > 1 && S_ISREG(entry.status.st_mode) ? entry.status.st_nlink : 1);
    return bytes;
}

static char *lease_of(enum sw_item_kind kind, const char *name) {
    static const char *const formats[] = {"snapshot/%s", "blob/sha256:%s", "cache/%s", "tmp/%s"};
    const char *format = formats[kind];
    size_t prefix = strcspn(format, "%");
    return sw_format("%.*s%s", (int)prefix, format, name);
}

static int folder_of(struct sw_localstore *store, enum sw_item_kind kind) {
    const int folders[] = {store->snapshots, store->blobs, store->caches, -1};
    if (kind == SW_ITEM_TEMPORARY)
        return openat(store->root, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return openat(folders[kind], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void list_kind(struct sw_localstore *store, struct sw_inventory *inventory, enum sw_item_kind kind) {
    sw_cleanup_close int folder = folder_of(store, kind);
    sw_cleanup_dir DIR *dir = folder < 0 ? NULL : fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        struct stat status;
        if (entry->d_name[0] == '.' || fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
            continue;
        sw_cleanup_free char *lease = lease_of(kind, entry->d_name);
        struct sw_item item = {.kind = kind, .name = sw_strdup(entry->d_name), .used = status.st_mtim.tv_sec};
        item.bytes = size_below(folder, entry->d_name);
        item.in_use =
            sw_lease_busy(store->leases, lease) || (kind == SW_ITEM_BLOB && sw_map_has(&inventory->published, entry->d_name));
        sw_vec_push(&inventory->items, &item);
    }
}

static int by_use(const void *a, const void *b) {
    const struct sw_item *x = a, *y = b;
    if (x->used != y->used)
        return x->used < y->used ? -1 : 1;
    return strcmp(x->name, y->name);
}

void sw_inventory_take(struct sw_localstore *store, struct sw_inventory *inventory) {
    *inventory = (struct sw_inventory){.items = {.width = sizeof(struct sw_item)}};
    read_index(store, &inventory->published);
    for (enum sw_item_kind kind = SW_ITEM_SNAPSHOT; kind <= SW_ITEM_TEMPORARY; kind++)
        list_kind(store, inventory, kind);
    if (inventory->items.len)
        qsort(inventory->items.data, inventory->items.len, sizeof(struct sw_item), by_use);
}

void sw_inventory_fini(struct sw_inventory *inventory) {
    for (size_t i = 0; i < inventory->items.len; i++)
        free(((struct sw_item *)sw_vec_at(&inventory->items, i))->name);
    sw_vec_fini(&inventory->items);
    sw_map_fini(&inventory->published, NULL);
}

/* ---- removing ---- */

bool sw_inventory_remove(struct sw_localstore *store, const struct sw_item *item) {
    sw_cleanup_free char *lease = lease_of(item->kind, item->name);
    if (item->in_use || !sw_lease_take(store->leases, lease))
        return false;
    sw_cleanup_close int folder = folder_of(store, item->kind);
    sw_cleanup_free char *temporary = sw_localstore_temporary(store, "removed");
    /* Away first, so that nobody meets half of it. */
    bool gone = renameat(folder, item->name, store->temporary, temporary) == 0;
    if (item->kind == SW_ITEM_SNAPSHOT)
        unlinkat(store->unsynced, item->name, 0);
    sw_lease_release(store->leases, lease);
    if (gone)
        sw_localstore_discard(store, temporary);
    return gone;
}
