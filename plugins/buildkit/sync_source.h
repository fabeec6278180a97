/* sync_source.h - the files that a daemon sees under one name ("local://NAME"): those of a tree or patch node, as they are to be sent.
 *
 * Nothing is checked out: entries are listed once, contents are read from the graph's reader when the daemon asks. */
#ifndef PLUGINS_BUILDKIT_SYNC_SOURCE_H
#define PLUGINS_BUILDKIT_SYNC_SOURCE_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "slipway/host.h"

struct sw_sync_item {
    const char *path; /* relative, clean */
    const char *target;
    const char *id; /* of its content, or NULL */
    uint32_t type;  /* enum sw_file_type */
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint32_t part;  /* of a patch */
    uint32_t index; /* in the reader's order; UINT32_MAX: a folder that the reader does not have */
    uint64_t bytes;
    int64_t mtime; /* nanoseconds */
};

struct sw_sync_source {
    const struct sw_host *host;
    const struct sw_graph *graph;
    sw_node node;
    char *name;
    struct sw_arena arena;
    struct sw_vec items;         /* of struct sw_sync_item, in the order of sending; an item's number there is its ID */
    struct sw_strlist removed;   /* paths that a patch removes, absolute */
    struct sw_vec removed_parts; /* of uint32_t: the part that removes each */
};

struct sw_sync_source *sw_sync_source_new(const struct sw_host *host, const struct sw_graph *graph, sw_node node, const char *name);
void sw_sync_source_free(struct sw_sync_source *source);

/* Lists the entries. Paths of a patch are those in the image. `memory_file` (may be NULL) is where times of contents are kept between
 * runs: a file keeps the time at which its content was first seen, so that daemons see it as unchanged, and steps too. [pool] */
bool sw_sync_source_load(struct sw_sync_source *source, const char *memory_file, struct sw_error **error);

/* Adds an item, before the list is put in order: for rules that move files. */
void sw_sync_source_add(struct sw_sync_source *source, const struct sw_sync_item *item);

/* Puts items in order, adds folders that are missing on the way, and leaves out what comes twice (the later one stays). */
void sw_sync_source_settle(struct sw_sync_source *source, int64_t mtime);

#endif
