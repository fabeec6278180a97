/* Messages of a daemon that mean nothing, or too much: answers to our calls, progress of a build, and requests to each service. The first
 * byte chooses the call; the rest is its messages, each behind two bytes of length. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "plugins/buildkit/daemon.h"
#include "plugins/buildkit/pack.h"
#include "plugins/buildkit/services.h"
#include "plugins/buildkit/status.h"
#include "plugins/buildkit/sync_source.h"

/* ---- a host whose timers fire when they are told to ---- */

struct sw_timer {
    void (*fire)(void *context);
    void *context;
    struct sw_timer *next;
};

static struct sw_timer *waiting;

static struct sw_timer *after(uint64_t ms, void (*fire)(void *context), void *context) {
    struct sw_timer *timer = sw_new(sizeof *timer);
    (void)ms;
    *timer = (struct sw_timer){fire, context, waiting};
    waiting = timer;
    return timer;
}

static void stop(struct sw_timer *timer) {
    for (struct sw_timer **link = &waiting; timer && *link; link = &(*link)->next)
        if (*link == timer) {
            *link = timer->next;
            free(timer);
            return;
        }
}

static void fire_all(void) {
    while (waiting) {
        struct sw_timer timer = *waiting;
        stop(waiting);
        timer.fire(timer.context);
    }
}

static void run(void (*work)(void *context), void (*done)(void *context), void *context) {
    work(context);
    after(0, done, context);
}

static bool secret_value(const char *plan_id, const char *id, struct sw_bytes *value, struct sw_error **error) {
    (void)plan_id;
    *value = (struct sw_bytes){"secret", 6};
    return strcmp(id, "none") != 0 || sw_fail(error, SW_ERROR_NOT_FOUND, "none");
}

static void free_value(struct sw_bytes *value) {
    *value = (struct sw_bytes){0};
}

static const char *ssh_socket(const char *plan_id, const char *id) {
    (void)plan_id;
    (void)id;
    return NULL;
}

static void find_credential(const char *registry,
                            void (*done)(void *context, const struct sw_credential *credential, struct sw_error *error),
                            void *context) {
    struct sw_credential credential = {.size = sizeof credential, .username = *registry ? "me" : NULL, .password = "password"};
    done(context, &credential, NULL);
}

static void find_token(const char *registry, struct sw_strings scopes, struct sw_cancel *cancel, sw_token_done done,
                       void *context) {
    (void)cancel;
    done(context, scopes.count ? registry : NULL, 60, NULL);
}

static struct sw_vertex *start(struct sw_vertex *parent, const char *title) {
    (void)parent;
    return sw_memdup(title, strlen(title) + 1);
}

static void output(struct sw_vertex *vertex, int stream, struct sw_bytes bytes) {
    (void)vertex;
    (void)stream;
    (void)bytes;
}

static void count_bytes(struct sw_vertex *vertex, uint64_t done, uint64_t total) {
    (void)vertex;
    (void)done;
    (void)total;
}

static void finish(struct sw_vertex *vertex, uint32_t state) {
    (void)state;
    free(vertex);
}

static bool tree_open(const struct sw_graph *graph, sw_node node, struct sw_tree_reader **reader, struct sw_error **error) {
    (void)graph;
    (void)node;
    (void)reader;
    return sw_fail(error, SW_ERROR_IO, "there are no contents here");
}

static const struct sw_host_graph graph_table = {.size = sizeof graph_table, .tree_open = tree_open};
static const struct sw_host_timers timers = {.size = sizeof timers, .after = after, .stop = stop};
static const struct sw_host_pool pool = {.size = sizeof pool, .run = run};
static const struct sw_host_secret secrets = {sizeof secrets, secret_value, free_value, ssh_socket};
static const struct sw_host_credential credentials = {.size = sizeof credentials, .find = find_credential, .token = find_token};
static const struct sw_host_progress progress = {sizeof progress, start, output, count_bytes, finish};
static const struct sw_host host = {.size = sizeof host,
                                    .timers = &timers,
                                    .pool = &pool,
                                    .graph = &graph_table,
                                    .secret = &secrets,
                                    .credential = &credentials,
                                    .progress = &progress};

/* ---- two ends in memory ---- */

struct end {
    struct sw_h2 *h2;
    struct sw_buf sent;
};

static struct end client, server;
static struct sw_bytes script; /* messages that are still to be sent */
static struct sw_served served;
static const char *service; /* the method that is called, or NULL: ours */

static void end_write(void *context, struct sw_bytes bytes) {
    struct end *end = context;
    sw_buf_add(&end->sent, bytes.data, bytes.len);
}

static size_t end_pending(void *context) {
    (void)context;
    return 0;
}

static void deliver(struct end *from, struct end *to) {
    struct sw_buf bytes = from->sent;
    from->sent = (struct sw_buf){0};
    sw_h2_receive(to->h2, (struct sw_bytes){bytes.data, bytes.len});
    sw_buf_fini(&bytes);
}

static void talk(void) {
    for (int turns = 0; turns < 64; turns++) {
        sw_h2_pump(client.h2);
        sw_h2_pump(server.h2);
        if (client.sent.len)
            deliver(&client, &server);
        if (server.sent.len)
            deliver(&server, &client);
    }
}

static bool next_message(struct sw_bytes *message) {
    const uint8_t *data = script.data;
    if (script.len < 2)
        return false;
    size_t len = (size_t)data[0] << 8 | data[1];
    len = len < script.len - 2 ? len : script.len - 2;
    *message = (struct sw_bytes){data + 2, len};
    script = (struct sw_bytes){data + 2 + len, script.len - 2 - len};
    return true;
}

static void send_script(struct sw_call *call) {
    struct sw_bytes message;
    while (next_message(&message))
        sw_call_send(call, message);
}

static void ignore_closed(void *context, const struct sw_grpc_status *status) {
    (void)context;
    (void)status;
}

static const struct sw_call_events plain_events = {.closed = ignore_closed};

static void on_accept(void *context, struct sw_h2_stream *stream, struct sw_pairs headers) {
    (void)context;
    struct sw_call *call = sw_call_accept(&host, stream, headers, &plain_events, NULL);
    if (!call)
        return;
    for (size_t i = 0; service && i < sw_service_count; i++)
        if (!strcmp(sw_services[i].path, service)) {
            sw_services[i].serve(&served, call);
            return;
        }
    send_script(call);
    sw_call_answer(call, SW_GRPC_OK, NULL);
}

static void connect_ends(void) {
    client.h2 = sw_h2_new(SW_H2_CLIENT, &(struct sw_h2_carrier){end_write, end_pending, &client}, NULL, NULL, NULL);
    server.h2 = sw_h2_new(SW_H2_SERVER, &(struct sw_h2_carrier){end_write, end_pending, &server}, on_accept, NULL, NULL);
}

static void close_ends(void) {
    sw_h2_free(client.h2);
    sw_h2_free(server.h2);
    fire_all();
    sw_buf_fini(&client.sent);
    sw_buf_fini(&server.sent);
}

/* ---- what is tried ---- */

static void on_status_ended(void *context) {
    *(bool *)context = true;
}

static void follow_progress(void) {
    struct sw_endpoint endpoint = {.address = (char *)"unix:///x"};
    struct sw_daemon daemon = {.host = &host, .endpoint = &endpoint, .h2 = client.h2};
    bool ended = false;
    service = NULL;
    struct sw_status *status = sw_status_follow(&daemon, "ref", NULL);
    talk();
    sw_status_failed_output(status);
    sw_status_end(status, SW_VERTEX_FAILED, on_status_ended, &ended);
    talk();
    fire_all();
    talk();
    fire_all();
    if (!ended)
        abort();
}

static void serve(size_t which) {
    static const struct sw_pair metadata[] = {{"dir-name", "context"}, {"include-patterns", "**"}};
    static const struct sw_sync_item items[] = {{.path = "a", .type = SW_FILE_REGULAR, .mode = 0644, .bytes = 0},
                                                {.path = "b", .type = SW_FILE_REGULAR, .mode = 0644, .bytes = 0}};
    struct sw_sync_source *source = sw_sync_source_new(&host, NULL, 0, "context");
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        sw_sync_source_add(source, &items[i]);
    sw_sync_source_settle(source, 0);
    struct sw_daemon daemon = {.host = &host};
    sw_map_set(&daemon.caps, "source.git.mountsshsock", &daemon);
    served = (struct sw_served){.host = &host, .daemon = &daemon, .plan_id = "", .sink = -1};
    sw_map_set(&served.sources, "context", source);
    service = sw_services[which].path;
    struct sw_call *call = sw_call_start(&host, client.h2, service, (struct sw_pairs){metadata, 2}, 0, &plain_events, NULL);
    send_script(call);
    sw_call_half_close(call);
    talk();
    close_ends();
    sw_map_fini(&daemon.caps, NULL);
    sw_map_fini(&served.sources, NULL);
    sw_sync_source_free(source);
    sw_error_free(served.failure);
}

static void unpack(struct sw_bytes bytes) {
    static const ProtobufCMessageDescriptor *const kinds[] = {
        &sw__list_workers_response__descriptor,  &sw__info_response__descriptor,  &sw__pong_response__descriptor,
        &sw__gateway_solve_response__descriptor, &sw__solve_response__descriptor, &sw__rpc_status__descriptor,
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        ProtobufCMessage *message = protobuf_c_message_unpack(kinds[i], NULL, bytes.len, bytes.data);
        if (message)
            protobuf_c_message_free_unpacked(message, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (!len)
        return 0;
    script = (struct sw_bytes){data + 1, len - 1};
    size_t which = data[0] % (sw_service_count + 2);
    if (which == sw_service_count + 1) {
        unpack(script);
        return 0;
    }
    connect_ends();
    if (which < sw_service_count) {
        serve(which);
    } else {
        follow_progress();
        close_ends();
    }
    return 0;
}
