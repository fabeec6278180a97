/* served.h - what one session serves: plain data, filled in by the solve. */
#ifndef PLUGINS_BUILDKIT_SERVED_H
#define PLUGINS_BUILDKIT_SERVED_H

#include "core/base/map.h"
#include "slipway/host.h"

struct sw_daemon;

struct sw_served {
    const struct sw_host *host;
    const struct sw_daemon *daemon; /* who asks */
    const char *plan_id;            /* whose secrets and agents */
    struct sw_map sources;          /* name -> struct sw_sync_source */
    struct sw_map images;           /* digest -> struct sw_image_blob: what the content service has */
    struct sw_cancel *cancel;
    int sink;                 /* where output of exporters goes; -1: nowhere */
    struct sw_error *failure; /* the first failure on our side: it explains what the daemon says about it */
    size_t jobs;              /* on pool threads, or waiting for answers of the host */
};

/* Keeps the first failure; takes `error`. */
void sw_served_fail(struct sw_served *served, struct sw_error *error);

#endif
