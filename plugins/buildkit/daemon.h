/* daemon.h - a BuildKit daemon that we are connected to: its control connection, and what it says of itself.
 *
 * Shared by all solves that use it. All functions are [loop]. */
#ifndef PLUGINS_BUILDKIT_DAEMON_H
#define PLUGINS_BUILDKIT_DAEMON_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "plugins/buildkit/call.h"
#include "plugins/buildkit/endpoint.h"
#include "plugins/buildkit/h2.h"
#include "plugins/buildkit/stream.h"

struct sw_daemon {
    const struct sw_host *host;
    const struct sw_endpoint *endpoint; /* borrowed */
    struct sw_stream *stream;
    struct sw_h2 *h2;
    struct sw_strlist platforms; /* "os/arch[/variant]"; the first one is its own */
    char *version;               /* NULL: it does not say */
    struct sw_map caps;          /* LLB capabilities that are enabled: only meaningful when `caps_known` */
    struct sw_map missing;       /* those that are not, with the reason (to be freed) or NULL */
    bool caps_known;
    struct sw_map push_failed; /* repositories that it could not put a result into */
    bool heard;                /* it has sent something */
    struct sw_error *lost;     /* why the connection is gone, or NULL */
    unsigned refs;
};

/* Connects and asks who is there. `endpoint` lives as long as the daemon. `done` gets a reference. */
void sw_daemon_connect(const struct sw_host *host, const struct sw_endpoint *endpoint,
                       void (*done)(void *context, struct sw_daemon *daemon, struct sw_error *error), void *context);

struct sw_daemon *sw_daemon_ref(struct sw_daemon *daemon);

/* Gives a reference back; the last one closes the connection, in a later turn. Takes NULL. */
void sw_daemon_unref(struct sw_daemon *daemon);

/* Gives back the last reference when the loop turns no more: closes at once. Takes NULL. */
void sw_daemon_close(struct sw_daemon *daemon);

bool sw_daemon_is_docker(const struct sw_daemon *daemon);
bool sw_daemon_has_cap(const struct sw_daemon *daemon, const char *cap);

/* Whether it is BuildKit 0.MINOR or newer; false when its version is no such number. */
bool sw_daemon_is_since(const struct sw_daemon *daemon, unsigned minor);

/* Whether it asks for tokens where it can; one of before 0.8 knows passwords only. Known once `caps_known`. */
bool sw_daemon_takes_tokens(const struct sw_daemon *daemon);

/* Whether it runs steps of "os/arch[/variant]". */
bool sw_daemon_runs(const struct sw_daemon *daemon, const char *platform);

/* Asks a unary question of Control or LLBBridge, see sw_call_ask. */
struct sw_call *sw_daemon_ask(struct sw_daemon *daemon, const char *path, struct sw_pairs metadata, uint32_t seconds,
                              struct sw_bytes request, sw_unary_done done, void *context);

/* What a call's status means; the reason for a lost connection goes in. NULL for OK. */
struct sw_error *sw_daemon_error(const struct sw_daemon *daemon, const struct sw_grpc_status *status, const char *what);

/* An answer that makes no sense, to a question that was asked `what` ("for its workers"). A new error. */
struct sw_error *sw_daemon_nonsense(const struct sw_daemon *daemon, const char *what);

#endif
