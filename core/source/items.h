/* items.h - what a `tree` or `patch` operation holds, gathered before it is read. For the sources of this room. */
#ifndef CORE_SOURCE_ITEMS_H
#define CORE_SOURCE_ITEMS_H

#include "core/base/arena.h"
#include "core/base/fsroot.h"
#include "core/source/walk.h"
#include "slipway/graph.h"

enum sw_item_origin {
    SW_ITEM_FOLDER, /* a folder that leads to something */
    SW_ITEM_GIT,    /* an object of a repository */
    SW_ITEM_HOST,   /* on the host */
    SW_ITEM_INLINE,
    SW_ITEM_REMOVED,
};

struct sw_item {
    const char *path; /* name in the result */
    uint32_t origin;  /* enum sw_item_origin */
    uint32_t type;    /* enum sw_file_type */
    uint32_t mode;
    uint32_t part;
    int64_t mtime;
    struct sw_walk_entry entry;           /* GIT; its path is the arena's */
    const char *host_path;                /* HOST: relative to the host root */
    const struct sw_inline_file *content; /* INLINE */
};

/* Items sorted by path, folders included. */
struct sw_items {
    struct sw_arena arena;
    struct sw_vec list; /* struct sw_item */
    struct sw_fsroot *host;
};

/* Whether folders of the commit are items even without files (SW_FILTER_AS_BUILT). */
bool sw_items_has_folders(const struct sw_op_tree *op);

bool sw_items_of_tree(const struct sw_op_tree *op, struct sw_items *items, struct sw_error **error);
bool sw_items_of_patch(const struct sw_op_patch *op, struct sw_items *items, struct sw_error **error);
void sw_items_fini(struct sw_items *items);
#define sw_cleanup_items __attribute__((cleanup(sw_items_fini)))

/* The parts of a tree that do not come from git. */
bool sw_items_of_overlay(const struct sw_op_tree *op, struct sw_items *items, struct sw_error **error);

/* Fetches objects that partial clones lack, all at once. */
bool sw_items_prefetch(const struct sw_items *items, struct sw_error **error);

#endif
