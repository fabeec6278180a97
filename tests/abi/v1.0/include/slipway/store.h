/* store.h - a store plugin: where stages and images are kept and base images come from.
 *
 * Every call is asynchronous and idempotent. Manifests are passed as bytes, blobs as file descriptors. What was received is verified
 * against its digest before `done` says success. */
#ifndef SLIPWAY_STORE_H
#define SLIPWAY_STORE_H

#include "slipway/host.h"
#include "slipway/types.h"

struct sw_repo; /* a repository of a store, opened by address */

struct sw_descriptor {
    uint32_t size;
    uint32_t reserved;
    const char *media_type;
    const char *digest;
    uint64_t bytes;
};

/* A manifest as fetched. Borrowed during the callback. */
struct sw_manifest {
    uint32_t size;
    uint32_t reserved;
    const char *media_type;
    const char *digest;
    struct sw_bytes body;
};

/* What a reference leads to for one platform. Borrowed during the callback. `index` is set when it went through an image index. */
struct sw_resolved {
    uint32_t size;
    uint32_t reserved;
    const char *repo; /* address the blobs can be fetched from */
    const struct sw_manifest *manifest;
    const struct sw_manifest *index;
    struct sw_bytes config; /* the config blob */
};

typedef void (*sw_manifest_done)(void *context, const struct sw_manifest *manifest, struct sw_error *error);

/* Extension "slipway.prepare/1": a store whose own start takes time. */
#define SW_EXT_PREPARE "slipway.prepare/1"
struct sw_store_prepare {
    uint32_t size;
    uint32_t reserved;
    /* Repository `address` is going to be opened: what takes time to load can be loaded on a thread meanwhile. Neither checks the
     * address nor waits; open may come, or not. [loop] */
    void (*prepare)(const char *address);
};

struct sw_store {
    uint32_t size;

    /* Prefixes of addresses it serves, NULL-terminated: {"", "oci:", NULL}; "" is a bare HOST/NAME. */
    const char *const *schemes;

    /* Opens a repository. Nothing is sent yet; a malformed address is an error. [loop] */
    struct sw_repo *(*open)(const char *address, struct sw_error **error);
    void (*close)(struct sw_repo *repo);

    /* Resolves any image reference (of any repository of this kind), for one platform: manifest and config, no layers. [loop] */
    void (*resolve)(const char *reference, const char *platform, struct sw_cancel *cancel,
                    void (*done)(void *context, const struct sw_resolved *resolved, struct sw_error *error), void *context);

    /* Lists all tags. A repository that does not exist has none. `tags` are valid during `done`. [loop] */
    void (*list)(struct sw_repo *repo, struct sw_cancel *cancel,
                 void (*done)(void *context, struct sw_strings tags, struct sw_error *error), void *context);

    /* Fetches a manifest by tag or digest. SW_ERROR_NOT_FOUND when it is not there. [loop] */
    void (*get_manifest)(struct sw_repo *repo, const char *tag_or_digest, struct sw_cancel *cancel, sw_manifest_done done,
                         void *context);

    /* Fetches a small blob (a config) into memory; `bytes` are valid during `done`. At most 8 MiB. [loop] */
    void (*get_blob)(struct sw_repo *repo, const struct sw_descriptor *blob, struct sw_cancel *cancel,
                     void (*done)(void *context, struct sw_bytes bytes, struct sw_error *error), void *context);

    /* Downloads a blob into `fd` from its start; the descriptor stays the caller's, open until `done`. [loop] */
    void (*fetch_blob)(struct sw_repo *repo, const struct sw_descriptor *blob, int fd, struct sw_cancel *cancel,
                       struct sw_vertex *vertex, sw_done done, void *context);

    /* Makes sure that the repository has the blob: asks for it, then tries to mount it from `from` (an address of the same store;
     * NULL: none), then uploads. `open` gives a descriptor to read it from when it comes to that, and may be called again for a new
     * try. [loop] */
    void (*put_blob)(struct sw_repo *repo, const struct sw_descriptor *blob, const char *from,
                     int (*open)(void *context, struct sw_error **error), struct sw_cancel *cancel, struct sw_vertex *vertex,
                     sw_done done, void *context);

    /* Publishes a manifest under a tag (or, NULL, its digest alone). Its blobs must be there. [loop] */
    void (*put_manifest)(struct sw_repo *repo, const char *tag, const char *media_type, struct sw_bytes body,
                         struct sw_cancel *cancel, sw_manifest_done done, void *context);

    /* Removes a tag or manifest. Nothing there is no error. [loop] */
    void (*remove)(struct sw_repo *repo, const char *tag_or_digest, struct sw_cancel *cancel, sw_done done, void *context);

    const void *(*get_extension)(const char *id); /* may be NULL */
};

/* Extension "slipway.token/1": gets tokens for others, so that they need not be given passwords. */
#define SW_EXT_TOKEN "slipway.token/1"
struct sw_store_token {
    uint32_t size;
    /* What sw_host_credential.token asks for. [loop] */
    void (*fetch)(const char *registry, struct sw_strings scopes, struct sw_cancel *cancel, sw_token_done done, void *context);
};

#endif
