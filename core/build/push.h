/* push.h - the blobs of one image on their way to a repository. */
#ifndef CORE_BUILD_PUSH_H
#define CORE_BUILD_PUSH_H

#include "core/build/session.h"

struct sw_push {
    struct sw_build *build;
    const struct sw_store *store; /* that serves `repo` */
    struct sw_repo *repo;
    const struct sw_layer *layers; /* read during the call only */
    size_t layer_count;
    const char *config; /* bytes of the config blob; must outlive the push */
    const char *config_type;
    const char *config_digest;
    struct sw_vertex *vertex; /* that progress belongs to; NULL: none */
    sw_done done;
    void *context;
};

/* Makes sure that the repository has all layers and the config: asks for each, mounts it from a repository that is known to have it, or
 * uploads it; a layer that is not on this host is downloaded only when it has to be uploaded. `done` gets the first failure when
 * nothing is on its way any more. [loop] */
void sw_push_blobs(const struct sw_push *push);

#endif
