/* host.h - what the host gives to plugins.
 *
 * One table of small tables, so that a group can grow by itself and a test can replace one. No library's types appear: a plugin can
 * drive anything that needs descriptors, timers, threads and child processes with these. */
#ifndef SLIPWAY_HOST_H
#define SLIPWAY_HOST_H

#include "slipway/document.h"
#include "slipway/files.h"
#include "slipway/graph.h"
#include "slipway/image.h"
#include "slipway/types.h"

enum sw_log_level { SW_LOG_DEBUG = 0, SW_LOG_INFO = 1, SW_LOG_WARN = 2, SW_LOG_ERROR = 3 };

/* Long work on threads. */
struct sw_host_pool {
    uint32_t size;
    /* Runs `work` on a pool thread, then `after` on the loop's thread. [loop] */
    void (*run)(void (*work)(void *context), void (*after)(void *context), void *context);
    /* Number of threads that make sense for parallel work. [any] */
    uint32_t (*width)(void);
};

struct sw_timer;
struct sw_host_timers {
    uint32_t size;
    /* Calls `fire` once, in `ms` milliseconds. The handle is gone after it fired or was stopped. [loop] */
    struct sw_timer *(*after)(uint64_t ms, void (*fire)(void *context), void *context);
    void (*stop)(struct sw_timer *timer);
    /* Monotonic time in milliseconds. [any] */
    uint64_t (*now)(void);
};

enum sw_fd_events { SW_FD_READ = 1, SW_FD_WRITE = 2, SW_FD_CLOSED = 4 };
struct sw_fd_watch;
struct sw_host_fds {
    uint32_t size;
    /* Calls `ready` whenever one of `events` holds for `fd` (level-triggered), until `unwatch`. The descriptor stays the caller's
     * and must be unwatched before it is closed; it becomes non-blocking. NULL when it cannot be watched, as regular files cannot:
     * they are always ready. [loop] */
    struct sw_fd_watch *(*watch)(int fd, uint32_t events, void (*ready)(void *context, uint32_t events), void *context);
    void (*change)(struct sw_fd_watch *watch, uint32_t events);
    void (*unwatch)(struct sw_fd_watch *watch);
};

struct sw_process;

enum sw_process_flags {
    SW_PROCESS_TERMINAL = 1u << 0, /* it gets the host's own standard streams, and the terminal's foreground; no `output` */
};
struct sw_process_exit {
    uint32_t size;
    int32_t status; /* exit code, or -1 */
    int32_t signal; /* that ended it, or 0 */
};
struct sw_process_options {
    uint32_t size;
    uint32_t flags;          /* enum sw_process_flags */
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH. Never holds a secret. */
    const char *const *env;  /* NULL-terminated "K=V"; NULL: the host's own */
    const char *cwd;         /* NULL: the host's */
    struct sw_bytes stdin_bytes;
    const int *fds; /* descriptors that the child gets as 3, 4, … */
    size_t fd_count;
    /* Output as it comes, [loop]; stream is 1 or 2. NULL: dropped. */
    void (*output)(void *context, int stream, struct sw_bytes bytes);
    /* The child has ended and all its output was delivered. The handle is gone afterwards. [loop] */
    void (*exited)(void *context, const struct sw_process_exit *how);
    void *context;
    struct sw_cancel *cancel; /* kills the child's group when cancelled; may be NULL */
};
struct sw_host_process {
    uint32_t size;
    /* Starts a child in a process group of its own; it dies with the host. NULL and `error` when it cannot start. [loop] */
    struct sw_process *(*spawn)(const struct sw_process_options *options, struct sw_error **error);
    /* Sends `signal` to the whole group. [loop] */
    void (*kill)(struct sw_process *process, int signal);
};

struct sw_cancel_watch;
struct sw_host_cancel {
    uint32_t size;
    /* Whether the work is no longer wanted. [any] */
    bool (*cancelled)(const struct sw_cancel *cancel);
    /* Calls `fire` once, on the loop's thread and never from inside this call, when it becomes so or if it is so already. The
     * handle stays until `unwatch`, also after it fired. NULL when `cancel` is NULL. [loop] */
    struct sw_cancel_watch *(*watch)(struct sw_cancel *cancel, void (*fire)(void *context), void *context);
    void (*unwatch)(struct sw_cancel_watch *watch); /* takes NULL */
};

enum sw_vertex_state {
    SW_VERTEX_RUNNING = 0,
    SW_VERTEX_DONE = 1,
    SW_VERTEX_CACHED = 2,
    SW_VERTEX_FAILED = 3,
    SW_VERTEX_CANCELLED = 4
};
struct sw_host_progress {
    uint32_t size;
    /* A new line of progress below `parent` (NULL: none): "app: RUN make". [loop] */
    struct sw_vertex *(*start)(struct sw_vertex *parent, const char *title);
    /* A step's output, in pieces of any size; stream is 1 or 2. Values of secrets are masked. [any] */
    void (*output)(struct sw_vertex *vertex, int stream, struct sw_bytes bytes);
    /* Bytes done of a total (0: not known). [any] */
    void (*bytes)(struct sw_vertex *vertex, uint64_t done, uint64_t total);
    /* Ends the line; the handle is gone. [loop] */
    void (*finish)(struct sw_vertex *vertex, uint32_t state);
};

struct sw_host_secret {
    uint32_t size;
    /* Value of secret `id` as the user's configuration gives it for the image that `plan_id` names (sw_solve.plan_id). Copied into
     * memory that `free_value` wipes. SW_ERROR_NOT_FOUND when the user gave none. [any] */
    bool (*value)(const char *plan_id, const char *id, struct sw_bytes *value, struct sw_error **error);
    void (*free_value)(struct sw_bytes *value);
    /* Path of the agent socket for ssh id `id` ("default"), or NULL. Lives as long as the build. [any] */
    const char *(*ssh_socket)(const char *plan_id, const char *id);
};

struct sw_credential {
    uint32_t size;
    uint32_t reserved;
    const char *username; /* NULL: none */
    const char *password;
    const char *identity_token;
    const char *registry_token;
};
typedef void (*sw_token_done)(void *context, const char *token, uint32_t seconds, struct sw_error *error);
struct sw_host_credential {
    uint32_t size;
    /* Looks up what ~/.docker/config.json and its helpers hold for a registry host; an empty record when nothing. `credential` and
     * its strings are valid during `done` only. [loop] */
    void (*find)(const char *registry, void (*done)(void *context, const struct sw_credential *credential, struct sw_error *error),
                 void *context);

    /* Gets a bearer token of a registry for `scopes` ("repository:NAME:pull"; none: any), with the user's credentials, from the token
     * server that the registry itself names. `token` is NULL when the registry does not work with tokens. It is valid during `done`
     * only, and for `seconds` afterwards at the registry. `done` may come from inside the call. [loop] */
    void (*token)(const char *registry, struct sw_strings scopes, struct sw_cancel *cancel, sw_token_done done, void *context);
};

/* Blobs of images, wherever they are: on the host, or in the registry that their image came from. */
struct sw_host_blob {
    uint32_t size;
    /* Makes sure that layer `index` of `image` is on the host and gives a descriptor to read it, which the callee closes. Equal
     * requests share one download. The bytes were verified. [loop] */
    void (*open_layer)(const struct sw_image *image, size_t index, struct sw_cancel *cancel, struct sw_vertex *vertex,
                       void (*done)(void *context, int fd, struct sw_error *error), void *context);
    /* Asks a registry for the image that a backend has put there by its digest: `reference` is "HOST/NAME@sha256:…". SW_ERROR_NOT_FOUND
     * when the registry that this host sees has none. The image lives as long as the build. [loop] */
    void (*pushed)(const char *reference, const char *platform, struct sw_cancel *cancel,
                   void (*done)(void *context, const struct sw_image *image, struct sw_error *error), void *context);
};

struct sw_host_hash {
    uint32_t size;
    /* SHA-256 of `bytes`: 64 hex digits. [any] */
    void (*sha256)(struct sw_bytes bytes, char out[65]);
    /* werf's hashes of lists: the items joined by ":::", SHA-256 or SHA3-224 (56 digits), hex. [any] */
    void (*join256)(struct sw_strings items, char out[65]);
    void (*join224)(struct sw_strings items, char out[57]);
};

struct sw_host_error {
    uint32_t size;
    /* Makes an error of the host's: `code` is an enum sw_error_code; `hint` and `place` may be NULL. All is copied. [any] */
    struct sw_error *(*make)(uint32_t code, const char *message, const char *hint, const struct sw_place *place);
};

struct sw_host {
    uint32_t size;
    uint32_t abi_minor;
    const char *version; /* of the host program, "0.1.0" */

    /* Logs a line; `plugin` names who speaks. [any] */
    void (*log)(const char *plugin, uint32_t level, const char *text);

    /* Folder in which a plugin may keep data between runs: <store>/<plugin>; made on first use. Lives as long as the host. [any] */
    const char *(*data_folder)(const char *plugin);
    /* Root of the host's store: an OCI layout (`blobs/sha256/`), shared by all. [any] */
    const char *(*store_folder)(void);
    /* A setting of the user for a plugin: from the host's config file or a command-line option such as "oci-runtime",
     * "insecure-registry", "buildkit-addr". NULL when not set. [any] */
    const char *(*setting)(const char *plugin, const char *name);

    const struct sw_host_document *document;
    const struct sw_host_files *files;
    const struct sw_host_image *image;
    const struct sw_host_graph *graph;
    const struct sw_host_pool *pool;
    const struct sw_host_timers *timers;
    const struct sw_host_fds *fds;
    const struct sw_host_process *process;
    const struct sw_host_cancel *cancel;
    const struct sw_host_progress *progress;
    const struct sw_host_secret *secret;
    const struct sw_host_credential *credential;
    const struct sw_host_blob *blob;
    const struct sw_host_hash *hash;
    const struct sw_host_plan *plan; /* builder.h */
    const struct sw_host_error *error;

    /* A table that not every host has, by "slipway.<name>/<version>"; NULL when this one has not. [any] */
    const void *(*get_extension)(const char *id);
};

#endif
