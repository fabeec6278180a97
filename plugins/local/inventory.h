/* inventory.h - all items of a store, their sizes and whether somebody needs them. */
#ifndef PLUGINS_LOCAL_INVENTORY_H
#define PLUGINS_LOCAL_INVENTORY_H

#include "core/base/map.h"
#include "plugins/local/store.h"

enum sw_item_kind { SW_ITEM_SNAPSHOT, SW_ITEM_BLOB, SW_ITEM_CACHE, SW_ITEM_TEMPORARY };

struct sw_item {
    enum sw_item_kind kind;
    char *name;
    uint64_t bytes; /* on disk */
    int64_t used;   /* seconds since 1970 */
    bool in_use;    /* a process holds it, or the store's index names it */
};

struct sw_inventory {
    struct sw_vec items;     /* of struct sw_item, the least recently used first */
    struct sw_map published; /* hex of blobs that manifests of the store's index refer to */
};

/* Looks at everything. Blocks. */
void sw_inventory_take(struct sw_localstore *store, struct sw_inventory *inventory);
void sw_inventory_fini(struct sw_inventory *inventory);

/* Removes one item unless somebody uses it, also since the inventory was taken; whether it is gone. */
bool sw_inventory_remove(struct sw_localstore *store, const struct sw_item *item);

#endif
