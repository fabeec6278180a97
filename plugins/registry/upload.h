/* upload.h - bringing a blob to a registry: asked for first, then mounted from another repository, then uploaded.
 *
 * An upload survives broken connections, lost sessions and registries that take small bodies only. One blob goes to one repository
 * once, however many ask for it at the same time. [loop] */
#ifndef PLUGINS_REGISTRY_UPLOAD_H
#define PLUGINS_REGISTRY_UPLOAD_H

#include "plugins/registry/endpoint.h"

/* Text is copied. */
struct sw_upload_request {
    struct sw_endpoint *endpoint;
    const char *path;
    const char *digest;
    uint64_t bytes;
    const char *from;                                    /* path of a repository on the same endpoint that may have it, or NULL */
    int (*open)(void *context, struct sw_error **error); /* gives a descriptor that the upload closes; called when needed */
    struct sw_cancel *cancel;
    struct sw_vertex *vertex; /* may be NULL */
    sw_done done;             /* exactly once, never from inside sw_upload_start */
    void *context;            /* of both */
};

void sw_upload_start(const struct sw_upload_request *request);

/* How many bytes a session holds by its Range header ("0-N", also with "bytes=" in front); -1 when it does not say. */
int64_t sw_upload_stored(const char *range);

/* `location` with "digest=DIGEST" in its query; nothing else of it is touched. To be freed. */
char *sw_upload_closing_url(const char *location, const char *digest);

#endif
