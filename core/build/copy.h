/* copy.h - an image copied into another repository as it is: the same blobs and manifest, so its digest stays. */
#ifndef CORE_BUILD_COPY_H
#define CORE_BUILD_COPY_H

#include "core/build/session.h"

struct sw_copy {
    struct sw_build *build;
    const struct sw_image *image; /* kept by the build */
    const struct sw_store *store; /* that serves `repo` */
    struct sw_repo *repo;         /* where to */
    const char *tag;              /* NULL: under its digest alone */
    sw_done done;
    void *context;
};

/* Copies; strings are read during the call only. [loop] */
void sw_copy_image(const struct sw_copy *copy);

#endif
