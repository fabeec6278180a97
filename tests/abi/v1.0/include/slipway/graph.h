/* graph.h - the build graph: what builders write and backends run.
 *
 * An immutable DAG. A node is one operation; it stands for one file-system snapshot and the image config that goes with it. Nodes
 * are numbered in the order they were added, so inputs always have lower numbers. Adding an operation that is equal to an earlier
 * one gives the earlier node. The graph copies all that it is given.
 *
 * Which result a node has:
 *  - file system: as the operation says; `config` passes its input's on.
 *  - config: `frontend` has what its program says, which is not known before; `image` has its image's, `config` the one it sets, `scratch` and `tree` the empty one, and every other operation its
 *    first input's.
 *  - layers: `image` has its image's; exec, copy, file and patch add one layer to their input's; `config` adds none. A layer without
 *    any entry is dropped by the backend, and its history entry becomes an empty one. */
#ifndef SLIPWAY_GRAPH_H
#define SLIPWAY_GRAPH_H

#include "slipway/files.h"
#include "slipway/types.h"

typedef uint32_t sw_node;
#define SW_NODE_NONE UINT32_MAX

enum sw_op_kind {
    SW_OP_SCRATCH = 0,
    SW_OP_IMAGE = 1,
    SW_OP_TREE = 2,
    SW_OP_PATCH = 3,
    SW_OP_EXEC = 4,
    SW_OP_COPY = 5,
    SW_OP_FILE = 6,
    SW_OP_CONFIG = 7,
    SW_OP_MERGE = 8,
    SW_OP_DIFF = 9,
    SW_OP_FRONTEND = 10,
};

/* What all operations may say about themselves. It never enters a key. */
struct sw_op_note {
    uint32_t size;
    uint32_t reserved;
    const char *title;     /* progress text: "RUN make", "install" */
    struct sw_place place; /* the instruction or directive it came from */
};

/* `scratch`: the empty snapshot. It has no record. */

/* `image`: a base image, pinned to a manifest for one platform. */
struct sw_op_image {
    uint32_t size;
    uint32_t reserved;
    const struct sw_image *image;
};

struct sw_inline_file {
    uint32_t size;
    uint32_t mode;
    const char *path;
    struct sw_bytes content;
};

/* `tree`: files, read by backends through sw_host_graph.tree_open. The parts may stand together: files named by `host_paths` and
 * `inlines` replace files of the commit with the same path. `url` stands alone. All files belong to root and have modes 0644 or
 * 0755, folders 0755, unless their source says otherwise. */
struct sw_op_tree {
    uint32_t size;
    uint32_t filter_count;
    const struct sw_commit *commit; /* NULL: no part from git */
    const char *scope;              /* folder or file of the commit that becomes the tree's root; a file becomes ROOT/<basename> */
    const struct sw_filter *filters;
    const char *host_root;        /* folder on the host that host_paths are relative to; must come from the plan request */
    struct sw_strings host_paths; /* contextAddFiles: files and folders, relative to host_root */
    const char *host_strip;       /* prefix of host_paths that the tree does not have (the context's folder) */
    const struct sw_inline_file *inlines;
    size_t inline_count;
    const char *url;          /* http(s) file or git reference (ADD) */
    const char *url_checksum; /* "sha256:…" or NULL */
    const char *url_filename; /* name of the file in the tree */
    uint32_t url_is_git;      /* 0 or 1 */
    uint32_t keep_git_dir;    /* 0 or 1 */
    const char *url_ref;      /* branch, tag or commit of a git url */
    const char *url_subdir;
};

/* `patch`: brings files of git mappings from one commit to another, in a snapshot that holds the earlier one. One layer for all. */
struct sw_patch_part {
    uint32_t size;
    uint32_t reserved;
    struct sw_mapping mapping; /* to this commit … */
    const char *base;          /* … from this one */
};
struct sw_op_patch {
    uint32_t size;
    sw_node input;
    const struct sw_patch_part *parts;
    size_t part_count;
};

enum sw_mount_kind {
    SW_MOUNT_BIND = 0,
    SW_MOUNT_CACHE = 1,
    SW_MOUNT_TMPFS = 2,
    SW_MOUNT_SECRET = 3,
    SW_MOUNT_SSH = 4,
    SW_MOUNT_HOST = 5, /* a folder of the host (Stapel `mount`); needs the user's giterminism rules to allow it */
};

enum sw_cache_sharing { SW_CACHE_SHARED = 0, SW_CACHE_PRIVATE = 1, SW_CACHE_LOCKED = 2 };

struct sw_mount {
    uint32_t size;
    uint32_t kind;      /* enum sw_mount_kind */
    sw_node from;       /* BIND, and the first content of CACHE; SW_NODE_NONE: empty */
    uint32_t sharing;   /* CACHE: enum sw_cache_sharing */
    const char *source; /* path in `from`; HOST: path on the host */
    const char *target; /* absolute path in the container */
    const char *id;     /* CACHE, SECRET, SSH */
    const char *env;    /* SECRET: environment variable to set, or NULL; `target` may then be NULL */
    uint64_t bytes;     /* TMPFS: size limit, 0: none */
    uint32_t mode;      /* CACHE (of a new folder), SECRET, SSH */
    uint32_t uid;
    uint32_t gid;
    uint32_t read_only; /* 0 or 1; a BIND that is writable loses its changes after the step */
    uint32_t required;  /* SECRET, SSH: 0: leave it out when the user gave none */
    uint32_t reserved;
};

enum sw_network { SW_NETWORK_DEFAULT = 0, SW_NETWORK_NONE = 1, SW_NETWORK_HOST = 2 };
enum sw_security { SW_SECURITY_SANDBOX = 0, SW_SECURITY_INSECURE = 1 };

/* `exec`: runs a program in a snapshot. */
struct sw_op_exec {
    uint32_t size;
    sw_node input;
    struct sw_strings argv;
    struct sw_strings env; /* "K=V", complete: nothing is added but secrets asked for by mounts */
    const char *cwd;       /* absolute; made when missing */
    const char *user;      /* user[:group], names or numbers, looked up in the snapshot; "" is root */
    const struct sw_mount *mounts;
    size_t mount_count;
    struct sw_pairs extra_hosts; /* name, address */
    uint32_t network;            /* enum sw_network */
    uint32_t security;           /* enum sw_security; a wish: the host refuses INSECURE unless the user's own flag allows it */
    const char *hostname;        /* NULL: the backend's fixed one */
    struct sw_bytes stdin_bytes; /* script fed to standard input (heredocs), usually empty */
    const char *platform;        /* "os/arch[/variant]" to run as; NULL: the image's */
};

enum sw_copy_flags {
    SW_COPY_WILDCARD = 1u << 0,      /* `path` holds Go path.Match wildcards */
    SW_COPY_CONTENTS = 1u << 1,      /* a folder's content is copied, not the folder */
    SW_COPY_UNPACK = 1u << 2,        /* a local archive is unpacked into `dest` */
    SW_COPY_PARENTS = 1u << 3,       /* keep the source's parent folders below `dest` (from the pivot "/./" on) */
    SW_COPY_ALLOW_EMPTY = 1u << 4,   /* a wildcard may match nothing */
    SW_COPY_FOLLOW_SOURCE = 1u << 5, /* a source path that is a symlink is resolved inside its snapshot */
    SW_COPY_DEST_DIR = 1u << 6,      /* `dest` is a folder even if it does not exist (trailing slash, several sources) */
    SW_COPY_REPLACE = 1u << 7,       /* a non-folder in the way of a folder, or the reverse, is replaced */
    SW_COPY_KEEP_DIRLINKS = 1u << 8, /* a symlink to a folder in the destination is followed (rsync --keep-dirlinks) */
    SW_COPY_FILTER_DIRS = 1u << 9,   /* folders are made only where a file passes include and exclude */
};

struct sw_copy_source {
    uint32_t size;
    uint32_t flags; /* enum sw_copy_flags */
    sw_node from;
    uint32_t include_style; /* 0: .dockerignore patterns in `exclude`; 1: werf's import filters in both */
    const char *path;       /* in `from`, absolute or relative to its root */
    const char *dest;       /* absolute, in the result */
    struct sw_strings include;
    struct sw_strings exclude;
    const char *owner; /* user[:group], looked up in the result; NULL: as in the source */
    const char *mode;  /* octal ("0755") or symbolic ("u+x,g-w"); NULL: as in the source */
    int64_t mtime;     /* seconds; INT64_MIN: as in the source */
};

/* `copy`: paths of other nodes into a snapshot. One layer for all sources. */
struct sw_op_copy {
    uint32_t size;
    sw_node input;
    const struct sw_copy_source *sources;
    size_t source_count;
    uint32_t link; /* 0 or 1: the layer does not depend on the input (COPY --link) */
    uint32_t reserved;
};

enum sw_file_action_kind {
    SW_FILE_MKDIR = 0,  /* with parents; an existing folder is left as it is */
    SW_FILE_REMOVE = 1, /* recursive; nothing there is no error; SW_COPY_WILDCARD in flags allowed */
    SW_FILE_LINK = 2,   /* a symlink at `path` to `target` */
    SW_FILE_WRITE = 3,
    SW_FILE_EMPTY = 4, /* removes what is in the folder, keeps the folder */
};

struct sw_file_action {
    uint32_t size;
    uint32_t kind;
    const char *path; /* absolute */
    const char *target;
    struct sw_bytes content;
    const char *owner; /* NULL: root */
    uint32_t mode;
    uint32_t flags;
};

/* `file`: small changes of a snapshot. One layer for all actions. */
struct sw_op_file {
    uint32_t size;
    sw_node input;
    const struct sw_file_action *actions;
    size_t action_count;
};

/* `config`: replaces the image config. `config` is the JSON text of an OCI image config without `rootfs` and `created`, with its
 * whole `history`, whose entries that are not `empty_layer` stand for the layers in order. History entries without `created`
 * get the build's timestamp. */
struct sw_op_config {
    uint32_t size;
    sw_node input;
    const char *config;
};

/* `merge`: layers of all inputs on one another; the first one's config. */
struct sw_op_merge {
    uint32_t size;
    uint32_t input_count;
    const sw_node *inputs;
};

/* `diff`: what changed from `lower` to `upper`, as a snapshot of its own. */
struct sw_op_diff {
    uint32_t size;
    sw_node lower;
    sw_node upper;
    uint32_t reserved;
};

/* What a front end reads: a tree, or an image that is known under a name of its own. */
struct sw_frontend_input {
    uint32_t size;
    sw_node node;
    const char *name;
};

/* `frontend`: what a program makes of a build file that only it can read (`# syntax=`). File system, layers and config are the
 * program's. The graph's config of the node is "{}"; a `config` operation on it is merged with the program's config, member by member, and
 * has the last word. Nothing else can stand on it. */
struct sw_op_frontend {
    uint32_t size;
    uint32_t host_network;                  /* 1: steps want the host's network */
    const char *source;                     /* reference of the image that holds the program */
    struct sw_pairs options;                /* as such programs take them: "filename", "target", "build-arg:NAME", … */
    sw_node context;                        /* the files that the build file may use */
    sw_node build_file;                     /* tree with the build file */
    const struct sw_frontend_input *inputs; /* images and trees that the build file may name */
    size_t input_count;
};

/* One entry of a tree or patch, in bytewise order of paths, a folder before what is in it. */
struct sw_tree_entry {
    uint32_t size;
    uint32_t type; /* enum sw_file_type; SW_FILE_DELETED only in patches */
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint32_t part; /* patches: index of the part */
    uint64_t bytes;
    int64_t mtime;    /* seconds */
    const char *path; /* relative to the tree's root (patches: to the mapping's `to`); valid until the next call */
    const char *target;
    const char *id; /* of a regular file: changes when its content does; NULL: not known without reading it */
};

struct sw_tree_reader; /* ended by tree_close */

struct sw_host_graph {
    uint32_t size;

    /* Adding, for builders. [loop] A bad record is a defect of the caller: SW_NODE_NONE and the reason in `error`. `note` may be
     * NULL. */
    sw_node (*add_scratch)(struct sw_graph *graph);
    sw_node (*add_image)(struct sw_graph *graph, const struct sw_op_image *op, const struct sw_op_note *note,
                         struct sw_error **error);
    sw_node (*add_tree)(struct sw_graph *graph, const struct sw_op_tree *op, const struct sw_op_note *note,
                        struct sw_error **error);
    sw_node (*add_patch)(struct sw_graph *graph, const struct sw_op_patch *op, const struct sw_op_note *note,
                         struct sw_error **error);
    sw_node (*add_exec)(struct sw_graph *graph, const struct sw_op_exec *op, const struct sw_op_note *note,
                        struct sw_error **error);
    sw_node (*add_copy)(struct sw_graph *graph, const struct sw_op_copy *op, const struct sw_op_note *note,
                        struct sw_error **error);
    sw_node (*add_file)(struct sw_graph *graph, const struct sw_op_file *op, const struct sw_op_note *note,
                        struct sw_error **error);
    sw_node (*add_config)(struct sw_graph *graph, const struct sw_op_config *op, const struct sw_op_note *note,
                          struct sw_error **error);
    sw_node (*add_merge)(struct sw_graph *graph, const struct sw_op_merge *op, const struct sw_op_note *note,
                         struct sw_error **error);
    sw_node (*add_diff)(struct sw_graph *graph, const struct sw_op_diff *op, const struct sw_op_note *note,
                        struct sw_error **error);

    /* Reading, for backends. Results live as long as the graph. [any] once the graph was handed to a backend. */
    size_t (*count)(const struct sw_graph *graph);
    uint32_t (*kind)(const struct sw_graph *graph, sw_node node);
    /* The record of `node`, of the type that its kind names; NULL for scratch. */
    const void *(*record)(const struct sw_graph *graph, sw_node node);
    const struct sw_op_note *(*note)(const struct sw_graph *graph, sw_node node);
    /* All nodes that `node` reads, its file-system input first. */
    size_t (*inputs)(const struct sw_graph *graph, sw_node node, const sw_node **inputs);
    /* Key of the node: 64 hex digits. Equal keys mean equal results on every host. */
    const char *(*key)(const struct sw_graph *graph, sw_node node);
    /* Key of the file system alone: as `key`, but a `config` node has its input's. */
    const char *(*fs_key)(const struct sw_graph *graph, sw_node node);
    /* The node's image config as JSON, without rootfs and created. */
    const char *(*config)(const struct sw_graph *graph, sw_node node);

    /* Reads the entries of a `tree` or `patch` node. A reader belongs to one thread at a time. [pool] */
    bool (*tree_open)(const struct sw_graph *graph, sw_node node, struct sw_tree_reader **reader, struct sw_error **error);
    /* 1: an entry was read, 0: the end, -1: `error` says why. */
    int (*tree_next)(struct sw_tree_reader *reader, struct sw_tree_entry *entry, struct sw_error **error);
    /* Reads on in the current regular file: bytes read, 0 at its end, -1 on error. */
    int64_t (*tree_read)(struct sw_tree_reader *reader, void *buffer, size_t len, struct sw_error **error);
    void (*tree_close)(struct sw_tree_reader *reader);
    /* Makes entry `index` (from 0, in the order in which they are read) the next one. */
    void (*tree_seek)(struct sw_tree_reader *reader, size_t index);

    /* As the others above. [loop] */
    sw_node (*add_frontend)(struct sw_graph *graph, const struct sw_op_frontend *op, const struct sw_op_note *note,
                            struct sw_error **error);
};

#endif
