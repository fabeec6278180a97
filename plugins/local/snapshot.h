/* snapshot.h - the files of one layer each, by name, and what is known about the blobs they became.
 *
 * A snapshot's name is its node's file-system key, or `layer-HEX` for a layer of a base image, by its chain id. Its files are a
 * difference, meant to lie in a stack of overlayfs layers; they never change once the snapshot has its name. */
#ifndef PLUGINS_LOCAL_SNAPSHOT_H
#define PLUGINS_LOCAL_SNAPSHOT_H

#include "plugins/local/store.h"

/* Opens the files of snapshot `name` and says that this process uses them; -1 when it is not there or cannot be trusted. The
 * caller closes it. */
int sw_snapshot_open(struct sw_localstore *store, const char *name);

/* As sw_snapshot_open, but only tells. */
bool sw_snapshot_exists(struct sw_localstore *store, const char *name);

/* A snapshot being made. */
struct sw_draft {
    struct sw_localstore *store;
    char *name; /* in tmp/ */
    int folder; /* tmp/NAME */
    int files;  /* tmp/NAME/fs: the layer, upper folder of a mount */
    int work;   /* tmp/NAME/work: overlayfs's own */
};

/* Begins an empty one. */
bool sw_draft_begin(struct sw_localstore *store, struct sw_draft *draft, struct sw_error **error);

enum sw_draft_check {
    SW_DRAFT_SUMMED,  /* the digest of its files is recorded (sw_snapshot_sum) */
    SW_DRAFT_WRITTEN, /* it is about to become a blob, whose diff id says as much */
};

/* Gives it its name; `what` says for people what it is. Somebody else's equal snapshot is kept instead when there is one. */
bool sw_draft_commit(struct sw_draft *draft, const char *name, const char *what, enum sw_draft_check check,
                     struct sw_error **error);

/* Removes what was not committed. Takes a zeroed one. */
void sw_draft_fini(struct sw_draft *draft);
#define sw_cleanup_draft __attribute__((cleanup(sw_draft_fini)))

/* A blob that a snapshot became. */
struct sw_layer_record {
    char digest[72];
    char diff_id[72];
    uint64_t bytes;
    int64_t epoch; /* with which it was written */
};

/* What snapshot `name` became, if the blob is still there. Says that this process uses the blob. */
bool sw_layer_record_find(struct sw_localstore *store, const char *name, struct sw_layer_record *record);
/* As sw_layer_record_find, whether the blob is there or not. */
bool sw_layer_record_read(struct sw_localstore *store, const char *name, struct sw_layer_record *record);
bool sw_layer_record_keep(struct sw_localstore *store, const char *name, const struct sw_layer_record *record,
                          struct sw_error **error);

/* Identity of a layer on all those below it, as the OCI specification has it. `below` is "" for the first layer. */
void sw_chain_id(const char *below, const char *diff_id, char out[72]);

/* Name of the snapshot for the layer with this (valid) chain id: what one of our nodes made, or `layer-HEX`. To be freed. */
char *sw_snapshot_of_chain(struct sw_localstore *store, const char *chain_id);

/* Notes that snapshot `name`, where it lies, is the layer with this chain id: an image just built needs no unpacking. */
bool sw_snapshot_is_chain(struct sw_localstore *store, const char *name, const char *chain_id, struct sw_error **error);

/* Digest of everything about the files below `files`: what `store verify` compares. */
bool sw_snapshot_sum(int files, char out[65], struct sw_error **error);

/* The digest that snapshot `name` was committed with; to be freed, NULL when it is not known. */
char *sw_snapshot_recorded_sum(struct sw_localstore *store, const char *name);

#endif
