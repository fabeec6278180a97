/* store.h - the local backend's folders below the host's store, and the rules that keep them whole.
 *
 *     blobs/sha256/HEX      layers, shared with the host's OCI layout
 *     snapshots/NAME/fs     one layer's files each, as overlayfs wants them; NAME/meta says what it is
 *     layers/NAME           which blob a snapshot became
 *     aliases/HEX           which snapshot holds the layer with this diff id
 *     cache/NAME            cache mounts
 *     unsynced/NAME         snapshots that power loss could damage
 *     locks/range           one file whose byte ranges are locked: see lease.h
 *     tmp/PID-STARTTIME/    what a living process is making
 *
 * Everything is made in tmp/ and renamed into place when it is whole, so a name that exists can be trusted. What a process leaves
 * behind when it is killed lies in its tmp/ folder only, and goes when the next one starts. Power loss is another matter: a
 * snapshot's files may not have reached the disk when its name did. Each new one is listed in unsynced/ with the boot of the kernel
 * it was made in. A process that opens the store later syncs what this boot made, and removes what an earlier one did not live to
 * sync. So no step waits for the disk. Blobs, which others trust too, are synced before they get their names. */
#ifndef PLUGINS_LOCAL_STORE_H
#define PLUGINS_LOCAL_STORE_H

#include <pthread.h>

#include "core/base/vec.h"
#include "plugins/local/lease.h"

struct sw_localstore {
    char *path;
    int root;
    int blobs; /* blobs/sha256 */
    int snapshots;
    int layers;
    int aliases;
    int caches;
    int unsynced;
    int temporary; /* tmp/PID-STARTTIME of this process */
    char *temporary_name;
    int empty; /* an empty folder: the bottom of every stack */
    struct sw_leases *leases;
    char boot[40];        /* id of this boot of the kernel */
    pthread_mutex_t lock; /* of the counter */
    uint64_t counter;     /* for names in tmp/ */
    pthread_t syncer;     /* makes earlier snapshots durable */
    bool syncing;
    struct sw_strlist to_sync; /* the syncer's */
};

/* Opens the store at `path`, making what is missing, and removes what dead processes left. Blocks: [pool]. */
struct sw_localstore *sw_localstore_open(const char *path, struct sw_error **error);

/* Removes this process's folder in tmp/. */
void sw_localstore_close(struct sw_localstore *store);

/* A name in tmp/ that is not taken: PREFIX and a number. To be freed. */
char *sw_localstore_temporary(struct sw_localstore *store, const char *prefix);

/* Removes an entry of tmp/, whatever it is; failures are left to the next start. `name` may be NULL. */
void sw_localstore_discard(struct sw_localstore *store, const char *name);

/* Writes a small file in `folder` so that it appears whole or not at all. */
bool sw_localstore_put(struct sw_localstore *store, int folder, const char *name, const char *text, struct sw_error **error);

/* Reads a small file (up to 1 MiB); to be freed. NULL when it is not there, or cannot be read. */
char *sw_localstore_get(int folder, const char *name);

/* Lists snapshot `name`, which is about to get its name, as not yet on the disk. */
bool sw_localstore_mark(struct sw_localstore *store, const char *name, struct sw_error **error);

/* Opens blob `digest` for reading: -1 when it is not there. */
int sw_localstore_open_blob(const struct sw_localstore *store, const char *digest);

/* Gives the blob written to tmp/NAME its name. `fd` is it, still open; it is synced first. */
bool sw_localstore_keep_blob(struct sw_localstore *store, const char *name, int fd, const char *digest, struct sw_error **error);

#endif
