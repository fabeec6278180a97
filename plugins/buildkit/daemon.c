#include "plugins/buildkit/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "messages.pb-c.h"
#include "plugins/buildkit/dial.h"
#include "plugins/buildkit/pack.h"

enum { GREETING_SECONDS = 15, SAID_BYTES = 300 };

/* ---- the connection ---- */

static void carrier_write(void *context, struct sw_bytes bytes) {
    struct sw_daemon *daemon = context;
    sw_stream_write(daemon->stream, bytes);
}

static size_t carrier_pending(void *context) {
    struct sw_daemon *daemon = context;
    return sw_stream_pending(daemon->stream);
}

/* What to look at when the connection ended; at the very beginning, it is more likely to be the way than the daemon. */
static const char *advice(const struct sw_daemon *daemon) {
    const struct sw_endpoint *endpoint = daemon->endpoint;
    bool greeted = daemon->platforms.len > 0;
    if (!greeted && endpoint->carrier == SW_ENDPOINT_SSH)
        return endpoint->speaks == SW_ENDPOINT_BUILDKIT
                   ? "ssh must get there without questions (keys, known hosts), and find buildctl and a running daemon there"
                   : "ssh must get there without questions (keys, known hosts), and find docker there";
    if (!greeted && endpoint->speaks == SW_ENDPOINT_CONTAINER)
        return "the container must have buildctl, and a daemon that runs in it";
    if (!greeted && endpoint->carrier == SW_ENDPOINT_TCP && !endpoint->tls)
        return "a daemon that wants TLS does so: name the certificates by --buildkit-tls-ca, -cert and -key, or --buildkit-tls-dir";
    return "look whether the daemon is running, and at its log";
}

/* The printable beginning of what came, for a message. */
static char *said(struct sw_bytes bytes) {
    const char *text = bytes.data;
    size_t len = 0;
    while (len < bytes.len && len < SAID_BYTES && text[len] >= ' ' && text[len] <= '~')
        len++;
    return sw_strndup(text, len);
}

/* HTTP/2 begins with SETTINGS, whose length is small: with a zero. All else is somebody else. */
static void look_at_first_bytes(struct sw_daemon *daemon, struct sw_bytes bytes) {
    static const char http1[] = "HTTP/1.", alert[] = "\x15\x03";
    const struct sw_endpoint *endpoint = daemon->endpoint;
    const uint8_t *data = bytes.data;
    if (daemon->heard || !bytes.len)
        return;
    daemon->heard = true;
    if (!data[0] || daemon->lost)
        return;
    sw_cleanup_free char *text = said(bytes);
    if (bytes.len > strlen(http1) && !memcmp(data, http1, strlen(http1)))
        daemon->lost = sw_error_hint(
            sw_error_new(SW_ERROR_UNAVAILABLE, "what listens at %s speaks HTTP/1, not BuildKit's protocol", endpoint->address),
            "for the BuildKit inside Docker, the address is docker:// or docker://%s",
            endpoint->path ? endpoint->path : "HOST:PORT");
    else if (bytes.len > 2 && !memcmp(data, alert, 2))
        daemon->lost = sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "what listens at %s speaks TLS", endpoint->address), "%s",
                                     advice(daemon));
    else
        daemon->lost = sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "what answers at %s does not speak BuildKit's protocol: %s",
                                                  endpoint->address, *text ? text : "it sends bytes that are none of HTTP/2"),
                                     "%s", advice(daemon));
}

static void on_data(void *context, struct sw_bytes bytes) {
    struct sw_daemon *daemon = context;
    look_at_first_bytes(daemon, bytes);
    sw_h2_receive(daemon->h2, bytes);
}

static void on_drained(void *context) {
    struct sw_daemon *daemon = context;
    sw_h2_pump(daemon->h2);
}

static void on_ended(void *context, struct sw_error *error) {
    struct sw_daemon *daemon = context;
    if (daemon->lost) {
        sw_error_free(error);
    } else {
        daemon->lost = error ? error
                             : sw_error_new(SW_ERROR_UNAVAILABLE, "the BuildKit daemon at %s closed the connection",
                                            daemon->endpoint->address);
        if (!daemon->lost->hint)
            daemon->lost = sw_error_hint(daemon->lost, "%s", advice(daemon));
    }
    sw_h2_lose(daemon->h2);
}

static void on_lost(void *context, const char *why) {
    struct sw_daemon *daemon = context;
    if (!daemon->lost)
        daemon->lost = sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "the connection to the BuildKit daemon at %s is over: %s",
                                                  daemon->endpoint->address, why),
                                     "look whether the daemon is running, and at its log");
}

static const struct sw_stream_events stream_events = {.data = on_data, .drained = on_drained, .ended = on_ended};

/* ---- references ---- */

static void destroy(void *context) {
    struct sw_daemon *daemon = context;
    sw_h2_free(daemon->h2);
    sw_stream_free(daemon->stream);
    sw_strlist_fini(&daemon->platforms);
    sw_map_fini(&daemon->caps, NULL);
    sw_map_fini(&daemon->missing, free);
    sw_map_fini(&daemon->push_failed, NULL);
    sw_error_free(daemon->lost);
    free(daemon->version);
    free(daemon);
}

struct sw_daemon *sw_daemon_ref(struct sw_daemon *daemon) {
    daemon->refs++;
    return daemon;
}

void sw_daemon_unref(struct sw_daemon *daemon) {
    if (daemon && --daemon->refs == 0)
        daemon->host->timers->after(0, destroy, daemon);
}

void sw_daemon_close(struct sw_daemon *daemon) {
    if (daemon)
        destroy(daemon);
}

/* ---- what it can ---- */

bool sw_daemon_is_docker(const struct sw_daemon *daemon) {
    return daemon->endpoint->speaks == SW_ENDPOINT_DOCKER;
}

bool sw_daemon_has_cap(const struct sw_daemon *daemon, const char *cap) {
    return sw_map_has(&daemon->caps, cap);
}

bool sw_daemon_is_since(const struct sw_daemon *daemon, unsigned minor) {
    unsigned major, its_minor;
    const char *version = daemon->version ? daemon->version : "";
    if (sscanf(version + (*version == 'v'), "%u.%u", &major, &its_minor) != 2)
        return false;
    return major > 0 || its_minor >= minor;
}

bool sw_daemon_takes_tokens(const struct sw_daemon *daemon) {
    return sw_daemon_has_cap(daemon, "source.git.mountsshsock"); /* came with it, in 0.8 */
}

bool sw_daemon_runs(const struct sw_daemon *daemon, const char *platform) {
    if (daemon->endpoint->platform)
        return !strcmp(daemon->endpoint->platform, platform);
    return sw_strlist_has(&daemon->platforms, platform);
}

struct sw_call *sw_daemon_ask(struct sw_daemon *daemon, const char *path, struct sw_pairs metadata, uint32_t seconds,
                              struct sw_bytes request, sw_unary_done done, void *context) {
    return sw_call_ask(daemon->host, daemon->h2, path, metadata, seconds, request, done, context);
}

struct sw_error *sw_daemon_error(const struct sw_daemon *daemon, const struct sw_grpc_status *status, const char *what) {
    if (status->code == SW_GRPC_UNAVAILABLE && daemon->lost)
        return sw_error_copy(daemon->lost);
    return sw_grpc_error(status, daemon->endpoint->address, what);
}

struct sw_error *sw_daemon_nonsense(const struct sw_daemon *daemon, const char *what) {
    struct sw_error *error = sw_error_new(SW_ERROR_UNAVAILABLE, "the BuildKit daemon at %s answered with nonsense when asked %s",
                                          daemon->endpoint->address, what);
    return sw_error_hint(error, "it may be of a version that nobody knows here, or no BuildKit at all%s%s",
                         daemon->version ? ": it says that it is " : "", daemon->version ? daemon->version : "");
}

/* ---- the greeting ---- */

struct greeting {
    struct sw_daemon *daemon;
    void (*done)(void *context, struct sw_daemon *daemon, struct sw_error *error);
    void *context;
};

static void end_greeting(struct greeting *greeting, struct sw_error *error) {
    if (error)
        sw_daemon_unref(greeting->daemon);
    greeting->done(greeting->context, error ? NULL : greeting->daemon, error);
    free(greeting);
}

static void on_info(void *context, const struct sw_grpc_status *status, struct sw_bytes answer) {
    struct greeting *greeting = context;
    struct sw_daemon *daemon = greeting->daemon;
    if (status->code != SW_GRPC_OK && status->code != SW_GRPC_UNIMPLEMENTED) {
        end_greeting(greeting, sw_daemon_error(daemon, status, "who it is"));
        return;
    }
    Sw__InfoResponse *info = status->code == SW_GRPC_OK ? sw__info_response__unpack(NULL, answer.len, answer.data) : NULL;
    if (info && info->version && *info->version->version) {
        free(daemon->version);
        daemon->version = sw_strdup(info->version->version);
    }
    if (info)
        sw__info_response__free_unpacked(info, NULL);
    end_greeting(greeting, NULL);
}

static void take_worker(struct sw_daemon *daemon, const Sw__WorkerRecord *worker) {
    for (size_t i = 0; i < worker->n_platforms; i++) {
        const Sw__Platform *platform = worker->platforms[i];
        bool variant = *platform->variant != '\0';
        sw_cleanup_free char *text =
            sw_format("%s/%s%s%s", platform->os, platform->architecture, variant ? "/" : "", platform->variant);
        if (!sw_strlist_has(&daemon->platforms, text))
            sw_strlist_add(&daemon->platforms, text);
    }
    if (worker->version && *worker->version->version && !daemon->version)
        daemon->version = sw_strdup(worker->version->version);
}

static void on_workers(void *context, const struct sw_grpc_status *status, struct sw_bytes answer) {
    struct greeting *greeting = context;
    struct sw_daemon *daemon = greeting->daemon;
    if (status->code != SW_GRPC_OK) {
        end_greeting(greeting, sw_daemon_error(daemon, status, "for its workers"));
        return;
    }
    Sw__ListWorkersResponse *workers = sw__list_workers_response__unpack(NULL, answer.len, answer.data);
    if (!workers) {
        end_greeting(greeting, sw_daemon_nonsense(daemon, "for its workers"));
        return;
    }
    for (size_t i = 0; i < workers->n_record; i++)
        take_worker(daemon, workers->record[i]);
    sw__list_workers_response__free_unpacked(workers, NULL);
    if (!daemon->platforms.len) {
        end_greeting(greeting, sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "the BuildKit daemon at %s has no worker",
                                                          daemon->endpoint->address),
                                             "it needs runc or crun, or containerd, to run steps: look at its log"));
        return;
    }
    Sw__InfoRequest info = SW__INFO_REQUEST__INIT;
    sw_cleanup_buf struct sw_buf request = {0};
    sw_pack(&info.base, &request);
    sw_daemon_ask(daemon, "/moby.buildkit.v1.Control/Info", (struct sw_pairs){0}, GREETING_SECONDS,
                  (struct sw_bytes){request.data, request.len}, on_info, greeting);
}

static void on_dialed(void *context, struct sw_stream *stream, struct sw_bytes early, struct sw_error *error) {
    struct greeting *greeting = context;
    struct sw_daemon *daemon = greeting->daemon;
    if (error) {
        greeting->done(greeting->context, NULL, error);
        free(daemon);
        free(greeting);
        return;
    }
    struct sw_h2_carrier carrier = {carrier_write, carrier_pending, daemon};
    daemon->stream = stream;
    daemon->h2 = sw_h2_new(SW_H2_CLIENT, &carrier, NULL, on_lost, daemon);
    sw_stream_listen(stream, &stream_events, daemon);
    if (early.len)
        on_data(daemon, early);
    sw_daemon_ask(daemon, "/moby.buildkit.v1.Control/ListWorkers", (struct sw_pairs){0}, GREETING_SECONDS, (struct sw_bytes){0},
                  on_workers, greeting);
}

void sw_daemon_connect(const struct sw_host *host, const struct sw_endpoint *endpoint,
                       void (*done)(void *context, struct sw_daemon *daemon, struct sw_error *error), void *context) {
    struct greeting *greeting = sw_new(sizeof *greeting);
    greeting->daemon = sw_new(sizeof *greeting->daemon);
    *greeting->daemon = (struct sw_daemon){.host = host, .endpoint = endpoint, .refs = 1};
    greeting->done = done;
    greeting->context = context;
    sw_dial_control(host, endpoint, on_dialed, greeting);
}
