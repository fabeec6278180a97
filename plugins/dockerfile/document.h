/* document.h - the keys of an image document of werf.yaml that are this builder's, read once. */
#ifndef PLUGINS_DOCKERFILE_DOCUMENT_H
#define PLUGINS_DOCKERFILE_DOCUMENT_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "slipway/builder.h"

/* A value of another image that becomes a build argument. */
struct sw_df_import {
    const char *image;
    const char *type; /* "ImageName", … */
    const char *build_arg;
    struct sw_place place;
};

struct sw_df_document {
    const char *dockerfile;      /* relative to the repository's root */
    struct sw_place place;       /* of the `dockerfile` key's value */
    const char *context;         /* relative to the repository's root, "" is the root */
    const char *project_context; /* relative to the project's folder */
    const char *target;
    struct sw_place target_place;
    struct sw_pairs args;
    struct sw_strings hosts;    /* "name:ip" */
    struct sw_pairs host_pairs; /* the same, cut */
    struct sw_strings added;    /* contextAddFiles, relative to the project's folder */
    const struct sw_df_import *imports;
    size_t import_count;
    const char *network;
    bool staged;
};

/* JSON Schema of the keys. Static. */
extern const char sw_df_document_schema[];

bool sw_df_document_read(const struct sw_host *host, const struct sw_plan_request *request, struct sw_arena *arena,
                         struct sw_df_document *document, struct sw_error **error);

#endif
