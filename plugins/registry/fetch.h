/* fetch.h - downloading a blob: counted, hashed while it comes, resumed when the connection breaks. [loop] */
#ifndef PLUGINS_REGISTRY_FETCH_H
#define PLUGINS_REGISTRY_FETCH_H

#include "plugins/registry/endpoint.h"
#include "slipway/store.h"

/* Text is copied. */
struct sw_fetch_request {
    struct sw_endpoint *endpoint;
    const char *path;
    const char *digest;
    uint64_t bytes;
    uint64_t most; /* a greater blob is refused */
    int fd;        /* written from its start; -1: the bytes are collected in memory */
    struct sw_cancel *cancel;
    struct sw_vertex *vertex; /* may be NULL */
    /* `bytes` are empty when there is a descriptor. Comes exactly once, never from inside sw_fetch_start. */
    void (*done)(void *context, struct sw_bytes bytes, struct sw_error *error);
    void *context;
};

void sw_fetch_start(const struct sw_fetch_request *request);

/* Reads "bytes FIRST-LAST/TOTAL" (TOTAL may be "*"): whether the answer goes on at `offset` of a blob of `bytes`. */
bool sw_content_range_continues(const char *header, uint64_t offset, uint64_t bytes);

#endif
