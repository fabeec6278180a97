/* layer.h - the upper folder of an overlay, written as a layer.
 *
 * Equal folders give equal bytes, on every host and with any number of threads: sorted names, numeric owners, times no newer than
 * the epoch, xattrs sorted, gzip members whose borders depend on the content alone. 0:0 devices become `.wh.NAME`, opaque folders
 * get `.wh..wh..opq`, overlayfs's own xattrs and sockets are left out. Memory stays bounded whatever the layer's size.
 * Blocks; runs on a pool thread and starts its own. */
#ifndef PLUGINS_LOCAL_LAYER_H
#define PLUGINS_LOCAL_LAYER_H

#include "plugins/local/hollow.h"
#include "plugins/local/work.h"

enum { SW_LAYER_GZIP_LEVEL = 6 };

struct sw_layer_job {
    int folder;
    int blob;         /* the compressed layer is appended here */
    int64_t epoch;    /* seconds: newest time of an entry */
    uint32_t threads; /* that compress; 0: 1 */
    bool
        user_xattrs; /* the overlay was mounted with userxattr: opaque folders have user.overlay.opaque, else trusted.overlay.opaque */
    const struct sw_work *work;
    struct sw_hollow *hollow; /* has the contents of regular files, and nothing has xattrs; NULL: the files have both */
};

struct sw_layer_sum {
    char digest[72];  /* of the blob, "sha256:…" */
    char diff_id[72]; /* of the tar */
    uint64_t bytes;   /* of the blob */
    uint64_t tar_bytes;
    uint64_t entries; /* 0: the step changed nothing */
};

bool sw_layer_write(const struct sw_layer_job *job, struct sw_layer_sum *sum, struct sw_error **error);

#endif
