/* download.h - one file by http(s), through a child `curl`. */
#ifndef PLUGINS_DOCKERFILE_DOWNLOAD_H
#define PLUGINS_DOCKERFILE_DOWNLOAD_H

#include "slipway/host.h"

struct sw_df_download_request {
    const struct sw_host *host;
    struct sw_cancel *cancel;
    const char *url;
    const char *name;     /* of the file, one component */
    const char *checksum; /* "sha256:…" or "" */
};

/* `folder` holds the file and is valid during the call. */
typedef void (*sw_df_download_done)(void *context, const char *folder, int64_t mtime, struct sw_error *error);

/* Everything in `request` is copied. Answers once. [loop] */
void sw_df_download(const struct sw_df_download_request *request, sw_df_download_done done, void *context);

#endif
