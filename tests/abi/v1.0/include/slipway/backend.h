/* backend.h - a backend plugin: from a build graph to snapshots, layers and image configs. */
#ifndef SLIPWAY_BACKEND_H
#define SLIPWAY_BACKEND_H

#include "slipway/graph.h"
#include "slipway/host.h"
#include "slipway/types.h"

struct sw_capabilities {
    uint32_t size;
    uint32_t ops;                /* bit 1 << enum sw_op_kind */
    uint32_t mounts;             /* bit 1 << enum sw_mount_kind */
    uint32_t networks;           /* bit 1 << enum sw_network */
    uint32_t insecure;           /* 1: can run SW_SECURITY_INSECURE */
    uint32_t external_frontends; /* 1: runs `# syntax=` front ends */
    struct sw_strings platforms; /* that steps can run as; the first one is the backend's own. Lives as long as the plugin. */
};

/* The finished result of a wanted node. Borrowed during `on_result`; the host copies it. */
struct sw_result {
    uint32_t size;
    sw_node node;
    const struct sw_layer
        *layers; /* all, base first; blobs of layers that an `image` node brought may still be in their registry */
    size_t layer_count;
    const char *config; /* complete OCI image config: rootfs, history, created included */
    uint32_t cached;    /* 1: nothing had to run */
    uint32_t reserved;
};

struct sw_solve {
    uint32_t size;
    uint32_t compression;         /* 0: gzip */
    const struct sw_graph *graph; /* lives until `done` */
    const sw_node *wanted;        /* nodes whose results are asked for; they are reported as they get ready */
    size_t wanted_count;
    const char *platform;
    const char *plan_id;       /* whose secrets and ssh sockets the steps may use: sw_host_secret */
    int64_t epoch;             /* seconds; newest mtime of a layer's entries, `created` of config and history */
    uint32_t insecure_allowed; /* the user's own flag */
    uint32_t reserved;
    struct sw_cancel *cancel;
    struct sw_vertex *vertex; /* parent of the lines of progress */
    /* A wanted node is ready. [loop] */
    void (*on_result)(void *context, const struct sw_result *result);
    /* All is done, or failed; in that case what was reported stays good. [loop] */
    sw_done done;
    void *context;
    /* Registry repository ("HOST/NAME") that the results go to. A backend may put their layers there itself, from where they are, and need
     * not have them on this host: sw_host_blob.pushed. NULL: the layers are to come to this host, which looks through them. */
    const char *repo;
};

/* Extension "slipway.run/1": runs a command in a finished image. */
#define SW_EXT_RUN "slipway.run/1"
struct sw_run {
    uint32_t size;
    uint32_t tty; /* 1: give it the host's terminal */
    const struct sw_image *image;
    struct sw_strings argv; /* none: the image's entrypoint and cmd */
    struct sw_strings env;  /* added */
    const char *user;       /* NULL: the image's */
    const char *cwd;
    uint32_t use_entrypoint; /* 1: argv are arguments of the image's entrypoint */
    uint32_t network;
    struct sw_cancel *cancel;
    /* `status` is the command's exit code. [loop] */
    void (*done)(void *context, int32_t status, struct sw_error *error);
    void *context;
};
struct sw_backend_run {
    uint32_t size;
    void (*run)(const struct sw_run *run); /* [loop] */
};

/* Extension "slipway.files/1": reads files of a finished image, for import checksums. */
#define SW_EXT_IMAGE_FILES "slipway.files/1"
struct sw_image_file {
    uint32_t size;
    uint32_t type; /* enum sw_file_type */
    uint32_t mode;
    uint32_t reserved;
    const char *path;   /* absolute */
    const char *target; /* of a symlink */
    int fd;             /* to read a regular file, borrowed */
    int reserved_fd;
};
struct sw_backend_files {
    uint32_t size;
    /* Visits everything below `path` in `image`'s file system, in bytewise order, without leaving the root or crossing into /proc,
     * /sys and /dev. `visit` runs on a pool thread and returns false to stop. [loop] */
    void (*walk)(const struct sw_image *image, const char *path, struct sw_cancel *cancel,
                 bool (*visit)(void *context, const struct sw_image_file *file), sw_done done, void *context);
};

/* Extension "slipway.space/1": what a backend keeps on the host. */
#define SW_EXT_SPACE "slipway.space/1"
struct sw_space_item {
    uint32_t size;
    uint32_t in_use;
    const char *kind; /* "snapshot", "blob", "cache", "temporary" */
    const char *id;
    uint64_t bytes; /* on disk */
    int64_t used;   /* seconds since 1970 of the last use */
};
struct sw_backend_space {
    uint32_t size;
    /* Lists all items. [pool] */
    bool (*list)(void (*visit)(void *context, const struct sw_space_item *item), void *context, struct sw_error **error);
    /* Hashes everything again; `broken` is called for each item that is not what its name says. [pool] */
    bool (*verify)(void (*broken)(void *context, const struct sw_space_item *item, const char *reason), void *context,
                   struct sw_error **error);
    /* Removes items not used since `before` (seconds; INT64_MAX: all), oldest first, until at most `keep_bytes` are left. What a
     * running build holds is left alone. [pool] */
    bool (*prune)(int64_t before, uint64_t keep_bytes, uint64_t *freed, struct sw_error **error);
};

struct sw_backend {
    uint32_t size;

    /* What it can do, found by trying; on failure the reason why it cannot run here. [loop] */
    bool (*capabilities)(struct sw_capabilities *capabilities, struct sw_error **error);

    /* Runs what is missing of a graph. It must accept every graph made of the ops it declares. Equal nodes run once, also of
     * solves that run at the same time. [loop] */
    void (*solve)(const struct sw_solve *solve);

    /* Opens a layer's blob that it made, to be read from the start; the callee closes `fd`. [loop] */
    void (*open_blob)(const char *digest, void (*done)(void *context, int fd, struct sw_error *error), void *context);

    /* Optional (NULL): pushes a result itself, because its blobs are not on this host. */
    void (*push)(const struct sw_result *result, const char *reference, struct sw_cancel *cancel,
                 void (*done)(void *context, const char *manifest_digest, struct sw_error *error), void *context);

    const void *(*get_extension)(const char *id); /* may be NULL */
};

#endif
