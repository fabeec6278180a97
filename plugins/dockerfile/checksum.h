/* checksum.h - the checksum of what COPY and ADD take from the context, as it enters the digest. */
#ifndef PLUGINS_DOCKERFILE_CHECKSUM_H
#define PLUGINS_DOCKERFILE_CHECKSUM_H

#include "core/base/arena.h"
#include "plugins/dockerfile/checks.h"
#include "slipway/builder.h"

/* The build context, as the host reads it. */
struct sw_df_context {
    const struct sw_host_files *files;
    struct sw_plan *plan;
    const struct sw_commit *commit;
    const char *folder;             /* relative to the repository's root, "" is the root */
    struct sw_strings ignore_lines; /* as the digest reads the ignore file: the Dockerfile is never left out */
    struct sw_strings own_lines;    /* of the ignore file */
    struct sw_strings added;        /* contextAddFiles, relative to the project's folder */
    const char *project_folder;     /* the context, relative to the project's folder */
    struct sw_arena *arena;
    struct sw_df_checks *checks; /* gets what must be committed; NULL: that is looked at on the spot */
};

/* Writes 64 hex digits for the files that `sources`, after expansion, name. `context` is a struct sw_df_context. */
bool sw_df_files_checksum(void *context, struct sw_strings sources, char out[65], struct sw_error **error);

/* The files of the commit among them, in the context's arena. */
const struct sw_input_files *sw_df_files_of(void *context, struct sw_strings sources);

/* What the ignore file leaves out of the digest, as a filter, and out of the build. */
struct sw_filter sw_df_context_filter(const struct sw_df_context *context);
struct sw_filter sw_df_build_filter(const struct sw_df_context *context);

#endif
