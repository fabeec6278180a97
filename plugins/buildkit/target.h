/* target.h - has a daemon build one node, and hand the image over.
 *
 * We are the front end of the build ("gateway"): Control/Solve is opened without anything to do, the definition is solved through
 * LLBBridge, and returning its result makes the daemon export it. All functions are [loop]. */
#ifndef PLUGINS_BUILDKIT_TARGET_H
#define PLUGINS_BUILDKIT_TARGET_H

#include "plugins/buildkit/daemon.h"
#include "plugins/buildkit/llb.h"
#include "plugins/buildkit/push.h"
#include "plugins/buildkit/served.h"

struct sw_target;
struct sw_frontend_ask;

struct sw_target_request {
    struct sw_daemon *daemon;
    const char *session;
    struct sw_served *served;   /* its sink gets the image */
    const struct sw_push *push; /* where the result goes instead, if it has a repository */
    struct sw_strings entitlements;
    struct sw_pairs cache_from; /* type, comma-joined attributes */
    struct sw_pairs cache_to;
    struct sw_vertex *vertex;
    /* The build is open, and the daemon's capabilities are known: gives the definition, by calling sw_target_build or
     * sw_target_cancel, now or later. */
    void (*ready)(void *context, struct sw_target *target);
    /* `ran`: something was not in the daemon's cache. */
    void (*done)(void *context, bool ran, struct sw_error *error);
    void *context;
};

/* All that is in the request lives until `done`. */
struct sw_target *sw_target_start(const struct sw_target_request *request);

/* Builds `definition`. `config` is the exported image's, and lives until `done`. */
void sw_target_build(struct sw_target *target, const Sw__Definition *definition, const char *config);

/* Builds by an external front end, whose config is the exported image's. */
void sw_target_build_by_frontend(struct sw_target *target, const struct sw_frontend_ask *ask);

/* Ends it early; `done` still comes, with `error`, which is taken. */
void sw_target_cancel(struct sw_target *target, struct sw_error *error);

/* Digest of the manifest that was pushed, or NULL: valid during `done`. */
const char *sw_target_pushed_digest(const struct sw_target *target);

/* Whether all was built, and the daemon failed to push it: valid during `done`. */
bool sw_target_push_failed(const struct sw_target *target);

/* The vertex that failed, or NULL: valid during `done`. */
const char *sw_target_failed_digest(const struct sw_target *target);

#endif
