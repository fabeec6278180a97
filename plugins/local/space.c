#include "plugins/local/space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/local/inventory.h"
#include "plugins/local/layer.h"
#include "plugins/local/snapshot.h"

enum { PIECE = 256 * 1024 };

static struct sw_workshop *shop;

static const char *kind_name(enum sw_item_kind kind) {
    static const char *const names[] = {"snapshot", "blob", "cache", "temporary"};
    return names[kind];
}

static struct sw_space_item public_item(const struct sw_item *item) {
    return (struct sw_space_item){.size = sizeof(struct sw_space_item),
                                  .in_use = item->in_use,
                                  .kind = kind_name(item->kind),
                                  .id = item->name,
                                  .bytes = item->bytes,
                                  .used = item->used};
}

static bool list(void (*visit)(void *context, const struct sw_space_item *item), void *context, struct sw_error **error) {
    struct sw_localstore *store = sw_workshop_store(shop, error);
    if (!store)
        return false;
    struct sw_inventory inventory;
    sw_inventory_take(store, &inventory);
    for (size_t i = 0; i < inventory.items.len; i++) {
        struct sw_space_item item = public_item(sw_vec_at(&inventory.items, i));
        visit(context, &item);
    }
    sw_inventory_fini(&inventory);
    return true;
}

/* ---- verifying ---- */

/* Why a blob is not what its name says; NULL when it is. To be freed. */
static char *blob_fault(struct sw_localstore *store, const char *name) {
    sw_cleanup_free char *digest = sw_format("sha256:%s", name);
    sw_cleanup_close int fd = sw_localstore_open_blob(store, digest);
    if (fd < 0)
        return sw_strdup(sw_digest_valid(digest) ? "it cannot be opened" : "its name is no digest");
    struct sw_sha256 *hash = sw_sha256_new();
    sw_cleanup_free char *piece = sw_new(PIECE);
    ssize_t len;
    while ((len = read(fd, piece, PIECE)) > 0)
        sw_sha256_add(hash, piece, (size_t)len);
    char hex[SW_SHA256_HEX];
    sw_sha256_final_hex(hash, hex);
    sw_sha256_free(hash);
    if (len < 0)
        return sw_format("it cannot be read: %s", strerror(errno));
    return strcmp(hex, name) ? sw_format("its bytes hash to %s", hex) : NULL;
}

/* The layer that the files make must be the one that they made. Nobody keeps it this time. */
static char *layer_fault(struct sw_localstore *store, const char *name, int files) {
    sw_cleanup_error struct sw_error *error = NULL;
    sw_cleanup_close int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct sw_layer_record record;
    struct sw_layer_sum sum;
    if (!sw_layer_record_read(store, name, &record))
        return NULL; /* the process that made it was killed before it wrote the layer, which is still to come */
    struct sw_layer_job job = {.folder = files, .blob = nowhere, .epoch = record.epoch, .threads = 1};
    if (!sw_layer_write(&job, &sum, &error))
        return sw_strdup(error->message);
    return strcmp(sum.diff_id, record.diff_id) ? sw_strdup("its files do not make the layer that they made") : NULL;
}

static char *snapshot_fault(struct sw_localstore *store, const char *name) {
    sw_cleanup_free char *recorded = sw_snapshot_recorded_sum(store, name);
    sw_cleanup_close int files = sw_snapshot_open(store, name);
    sw_cleanup_error struct sw_error *error = NULL;
    char sum[65];
    if (files < 0)
        return sw_strdup("its files are missing");
    if (!recorded)
        return layer_fault(store, name, files);
    if (!sw_snapshot_sum(files, sum, &error))
        return sw_strdup(error->message);
    return strcmp(sum, recorded) ? sw_strdup("its files are not those that were recorded") : NULL;
}

static bool verify(void (*broken)(void *context, const struct sw_space_item *item, const char *reason), void *context,
                   struct sw_error **error) {
    struct sw_localstore *store = sw_workshop_store(shop, error);
    if (!store)
        return false;
    struct sw_inventory inventory;
    sw_inventory_take(store, &inventory);
    for (size_t i = 0; i < inventory.items.len; i++) {
        const struct sw_item *item = sw_vec_at(&inventory.items, i);
        sw_cleanup_free char *fault = NULL;
        if (item->kind == SW_ITEM_BLOB)
            fault = blob_fault(store, item->name);
        else if (item->kind == SW_ITEM_SNAPSHOT)
            fault = snapshot_fault(store, item->name);
        struct sw_space_item shown = public_item(item);
        if (fault)
            broken(context, &shown, fault);
    }
    sw_inventory_fini(&inventory);
    return true;
}

/* ---- pruning ---- */

static bool prune(int64_t before, uint64_t keep_bytes, uint64_t *freed, struct sw_error **error) {
    struct sw_localstore *store = sw_workshop_store(shop, error);
    if (!store)
        return false;
    struct sw_inventory inventory;
    sw_inventory_take(store, &inventory);
    uint64_t total = 0;
    *freed = 0;
    for (size_t i = 0; i < inventory.items.len; i++)
        total += ((const struct sw_item *)sw_vec_at(&inventory.items, i))->bytes;
    for (size_t i = 0; i < inventory.items.len && total - *freed > keep_bytes; i++) {
        const struct sw_item *item = sw_vec_at(&inventory.items, i);
        if (item->used < before && sw_inventory_remove(store, item))
            *freed += item->bytes;
    }
    sw_inventory_fini(&inventory);
    return true;
}

static const struct sw_backend_space table = {.size = sizeof table, .list = list, .verify = verify, .prune = prune};

const struct sw_backend_space *sw_space_table(struct sw_workshop *workshop) {
    shop = workshop;
    return &table;
}
