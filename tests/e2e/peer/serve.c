/* serve.c - one connection of the peer: HTTP/2 as a server, and within Control/Session as a client. */
#include <errno.h>
#include <fcntl.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "tests/e2e/peer/call.h"

enum {
    FRAME_HEADER = 5,
    OUTPUT_CHUNK = 256 * 1024,
    FILE_CHUNK = 32 * 1024,
    WINDOW = 4 * 1024 * 1024,

};

uint64_t peer_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* ---- sending ---- */

void resume(struct call *call) {
    if (call->deferred)
        nghttp2_session_resume_data(call->session, call->id);
    call->deferred = false;
}

void put_header(struct call *call, uint8_t compressed, size_t size) {
    uint8_t header[FRAME_HEADER] = {compressed, (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
    sw_buf_add(&call->out, header, sizeof header);
}

void send_message(struct call *call, const struct sw_buf *message) {
    put_header(call, 0, message->len);
    sw_buf_add(&call->out, sw_buf_text(message), message->len);
    resume(call);
}

void finish(struct call *call, const char *status, const char *message) {
    call->finished = true;
    snprintf(call->status, sizeof call->status, "%s", status);
    snprintf(call->message, sizeof call->message, "%s", message ? message : "");
    resume(call);
}

nghttp2_nv header(const char *name, const char *value) {
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* Output of the step, made while it is read. As a daemon does that has collected it, the step's end comes with the first piece. */
static void make_output(struct connection *connection, struct call *call) {
    sw_cleanup_buf struct sw_buf message = {0};
    size_t take = connection->output_left < OUTPUT_CHUNK ? (size_t)connection->output_left : OUTPUT_CHUNK;
    if (connection->output_left == connection->plan->log_bytes)
        step_ends_message(&message);
    connection->output_left -= take;
    step_output_message(&message, take);
    put_header(call, 0, message.len);
    sw_buf_add(&call->out, message.data, message.len);
}

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags,
                       nghttp2_data_source *source, void *context) {
    struct call *call = source->ptr;
    struct connection *connection = context;
    if (call == connection->status && call->out_at == call->out.len && connection->output_left)
        make_output(connection, call);
    size_t left = call->out.len - call->out_at, take = left < size ? left : size;
    if (!take && !call->finished) {
        call->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (take)
        memcpy(buffer, call->out.data + call->out_at, take);
    call->out_at += take;
    if (call->out_at == call->out.len) {
        sw_buf_truncate(&call->out, 0);
        call->out_at = 0;
    }
    if (call->out_at < call->out.len || !call->finished)
        return (ssize_t)take;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (*call->status && session == connection->outer) {
        nghttp2_nv trailers[] = {header("grpc-status", call->status), header("grpc-message", call->message)};
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        nghttp2_submit_trailer(session, id, trailers, *call->message ? 2 : 1);
    }
    return (ssize_t)take;
}

void respond(struct call *call) {
    nghttp2_nv headers[] = {header(":status", "200"), header("content-type", "application/grpc")};
    nghttp2_data_provider provider = {.source.ptr = call, .read_callback = on_read};
    nghttp2_submit_response(call->session, call->id, headers, 2, &provider);
}

void answer(struct call *call, const struct sw_buf *message) {
    respond(call);
    send_message(call, message);
    finish(call, "0", NULL);
}

void refuse(struct call *call, const char *code, const char *message) {
    nghttp2_nv headers[] = {header(":status", "200"), header("content-type", "application/grpc"), header("grpc-status", code),
                            header("grpc-message", message)};
    nghttp2_submit_response(call->session, call->id, headers, 4, NULL);
}

/* ---- calls ---- */

static struct call *add_call(struct connection *connection, nghttp2_session *session, int32_t id) {
    struct call *call = sw_new(sizeof *call);
    *call = (struct call){.connection = connection, .session = session, .id = id, .next = connection->calls};
    connection->calls = call;
    return call;
}

static void remove_call(struct call *call) {
    struct connection *connection = call->connection;
    struct call **link = &connection->calls;
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    if (connection->solve == call)
        connection->solve = NULL;
    if (connection->status == call)
        connection->status = NULL;
    if (connection->tunnel == call)
        connection->tunnel = NULL;
    sw_buf_fini(&call->in);
    sw_buf_fini(&call->out);
    free(call);
}

bool is(const struct call *call, const char *method) {
    size_t len = strlen(call->path), method_len = strlen(method);
    return len >= method_len && !strcmp(call->path + len - method_len, method);
}

/* ---- the result ---- */

/* With the build its progress ends. */
static void end_job(struct connection *connection) {
    connection->no_job = true;
    if (connection->status)
        finish(connection->status, "0", NULL);
}

static void end_build(struct connection *connection, const char *code, const char *message) {
    if (connection->solve) {
        sw_cleanup_buf struct sw_buf exported = {0};
        respond(connection->solve);
        exported_message(connection->plan, &exported);
        if (!strcmp(code, "0"))
            send_message(connection->solve, &exported);
        finish(connection->solve, code, message);
    }
    end_job(connection);
}

/* Puts the whole image into the call: images of tests are small. */
static void put_image(struct call *call) {
    uint8_t chunk[FILE_CHUNK];
    int fd = open(call->connection->plan->image, O_RDONLY | O_CLOEXEC);
    ssize_t got;
    while (fd >= 0 && (got = read(fd, chunk, sizeof chunk)) > 0) {
        sw_cleanup_buf struct sw_buf message = {0};
        put_bytes(&message, 1, chunk, (size_t)got);
        send_message(call, &message);
    }
    if (fd >= 0)
        close(fd);
}

/* Calls FileSend on the client, as the exporter does. */
static void send_image(struct connection *connection) {
    nghttp2_nv headers[] = {header(":method", "POST"),
                            header(":scheme", "http"),
                            header(":path", "/moby.filesync.v1.FileSend/DiffCopy"),
                            header(":authority", "localhost"),
                            header("content-type", "application/grpc"),
                            header("te", "trailers"),
                            header("buildkit-attachable-exporter-id", "0")};
    struct call *call = add_call(connection, connection->inner, 0);
    nghttp2_data_provider provider = {.source.ptr = call, .read_callback = on_read};
    snprintf(call->path, sizeof call->path, "%s", "FileSend");
    put_image(call);
    finish(call, "", NULL);
    call->id = nghttp2_submit_request(connection->inner, NULL, headers, sizeof headers / sizeof *headers, &provider, call);
}

/* The front end says that it failed: field 2. */
static bool returns_failure(const struct call *call, char *message, size_t size) {
    if (call->in.len < FRAME_HEADER)
        return false;
    const uint8_t *data = (const uint8_t *)call->in.data + FRAME_HEADER, *bytes, *text;
    size_t len = call->in.len - FRAME_HEADER, bytes_len, text_len;
    uint32_t field;
    while (next_bytes(&data, &len, &field, &bytes, &bytes_len)) {
        if (field != 2)
            continue;
        *message = '\0';
        while (next_bytes(&bytes, &bytes_len, &field, &text, &text_len))
            if (field == 2)
                snprintf(message, size, "%.*s", (int)text_len, (const char *)text);
        return true;
    }
    return false;
}

static void on_return(struct call *call) {
    struct connection *connection = call->connection;
    char message[200];
    bool failure = returns_failure(call, message, sizeof message);
    sw_cleanup_buf struct sw_buf nothing = {0};
    answer(call, &nothing);
    if (failure)
        end_build(connection, "2", message);
    else if (connection->pushes)
        end_build(connection, connection->plan->push_failure ? "2" : "0", connection->plan->push_failure);
    else if (connection->plan->image && connection->inner)
        send_image(connection);
    else
        end_build(connection, "0", NULL);
}

static void begin_session(struct call *call);

/* What a daemon does. */
static void do_as_asked(struct call *call) {
    struct connection *connection = call->connection;
    sw_cleanup_buf struct sw_buf message = {0};
    if (is(call, "Control/ListWorkers")) {
        workers_message(connection->plan, &message);
        answer(call, &message);
    } else if (is(call, "Control/Info") && *connection->plan->version) {
        info_message(connection->plan, &message);
        answer(call, &message);
    } else if (is(call, "Control/Solve")) {
        connection->solve = call;
    } else if (is(call, "Control/Status") && connection->no_job) {
        refuse(call, "2", "no such job");
    } else if (is(call, "Control/Status")) {
        connection->status = call;
        connection->output_left = connection->plan->log_bytes;
        respond(call);
        step_begins_message(&message);
        send_message(call, &message);
    } else if (is(call, "LLBBridge/Ping")) {
        pong_message(connection->plan, &message);
        answer(call, &message);
    } else if (is(call, "LLBBridge/Solve")) {
        if (connection->output_left) {
            call->due = peer_now() + 20; /* when the step has ended */
            return;
        }
        solved_message(&message);
        answer(call, &message);
    } else if (is(call, "LLBBridge/Return")) {
        on_return(call);
    } else {
        refuse(call, "12", "unknown method");
    }
}

static void on_asked(struct call *call) {
    int log = call->connection->plan->log;
    if (log >= 0)
        dprintf(log, "%s\n", call->path);
    if (is(call, "Control/Solve") && call->in.len >= FRAME_HEADER)
        call->connection->pushes = log_solve(log, (const uint8_t *)call->in.data + FRAME_HEADER, call->in.len - FRAME_HEADER);
    else if (is(call, "LLBBridge/Solve") && call->in.len >= FRAME_HEADER)
        log_solve(log, (const uint8_t *)call->in.data + FRAME_HEADER, call->in.len - FRAME_HEADER);
    if (!is_misbehaved(call))
        do_as_asked(call);
    else if (is(call, "Control/Solve") || is(call, "LLBBridge/Return"))
        end_job(call->connection);
}

/* ---- what nghttp2 tells ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, add_call(context, session, frame->hd.stream_id));
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *context) {
    struct call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)flags;
    (void)context;
    if (call && name_len == 5 && !memcmp(name, ":path", 5))
        snprintf(call->path, sizeof call->path, "%.*s", (int)value_len, (const char *)value);
    return 0;
}

/* Messages of the tunnel are bytes of the inner connection. */
static void take_tunnel(struct call *call) {
    struct connection *connection = call->connection;
    while (call->in.len >= FRAME_HEADER) {
        const uint8_t *head = (const uint8_t *)call->in.data, *data = head + FRAME_HEADER, *bytes;
        size_t size = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4], len = size, bytes_len;
        uint32_t field;
        if (size > call->in.len - FRAME_HEADER)
            return;
        while (next_bytes(&data, &len, &field, &bytes, &bytes_len))
            if (field == 1)
                nghttp2_session_mem_recv(connection->inner, bytes, bytes_len);
        size_t taken = FRAME_HEADER + size;
        memmove(call->in.data, call->in.data + taken, call->in.len - taken);
        sw_buf_truncate(&call->in, call->in.len - taken);
    }
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *context) {
    struct call *call = nghttp2_session_get_stream_user_data(session, id);
    (void)flags;
    (void)context;
    if (!call || session != call->connection->outer)
        return 0;
    sw_buf_add(&call->in, data, len);
    if (call == call->connection->tunnel)
        take_tunnel(call);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
    struct connection *connection = context;
    struct call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    if (!call || session != connection->outer || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && is(call, "Control/Session"))
        begin_session(call);
    else if (ends && call == connection->tunnel)
        finish(call, "0", NULL);
    else if (ends)
        on_asked(call);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *context) {
    struct connection *connection = context;
    struct call *call = nghttp2_session_get_stream_user_data(session, id);
    (void)code;
    if (!call)
        return 0;
    bool sent = session == connection->inner;
    if (call == connection->solve)
        end_job(connection);
    remove_call(call);
    if (sent)
        end_build(connection, "0", NULL);
    return 0;
}

static nghttp2_session *new_session(struct connection *connection, bool client) {
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    if (client)
        nghttp2_session_client_new(&session, callbacks, connection);
    else
        nghttp2_session_server_new(&session, callbacks, connection);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100},
                                         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW}};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2);
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, WINDOW);
    return session;
}

static void begin_session(struct call *call) {
    struct connection *connection = call->connection;
    if (is_misbehaved(call))
        return;
    respond(call);
    connection->tunnel = call;
    connection->inner = new_session(connection, true);
}

/* ---- the loop ---- */

static void answer_what_is_due(struct connection *connection) {
    uint64_t time = peer_now();
    for (struct call *call = connection->calls, *next; call; call = next) {
        next = call->next;
        if (!call->due || call->due > time)
            continue;
        call->due = 0;
        do_as_asked(call);
    }
}

static int wait_ms(const struct connection *connection) {
    uint64_t time = peer_now(), until = time + 60000;
    for (const struct call *call = connection->calls; call; call = call->next)
        if (call->due && call->due < until)
            until = call->due;
    return until > time ? (int)(until - time) : 0;
}

/* Moves what the sessions have to say to the socket's buffer. */
static void pump(struct connection *connection) {
    const uint8_t *data;
    ssize_t len;
    while (connection->inner && connection->tunnel && (len = nghttp2_session_mem_send(connection->inner, &data)) > 0) {
        sw_cleanup_buf struct sw_buf message = {0};
        put_bytes(&message, 1, data, (size_t)len);
        send_message(connection->tunnel, &message);
    }
    while (connection->out.len < OUTPUT_CHUNK && (len = nghttp2_session_mem_send(connection->outer, &data)) > 0)
        sw_buf_add(&connection->out, data, (size_t)len);
}

/* 1: some; 0: not now; -1: never again. */
static int write_some(struct connection *connection) {
    ssize_t put = connection->tls ? SSL_write(connection->tls, connection->out.data, (int)connection->out.len)
                                  : send(connection->fd, connection->out.data, connection->out.len, MSG_NOSIGNAL);
    if (put <= 0) {
        int reason = connection->tls ? SSL_get_error(connection->tls, (int)put) : 0;
        bool later = connection->tls ? reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE : errno == EAGAIN;
        return later ? 0 : -1;
    }
    memmove(connection->out.data, connection->out.data + put, connection->out.len - (size_t)put);
    sw_buf_truncate(&connection->out, connection->out.len - (size_t)put);
    return 1;
}

static int read_some(struct connection *connection) {
    uint8_t bytes[64 * 1024];
    ssize_t got = connection->tls ? SSL_read(connection->tls, bytes, sizeof bytes) : recv(connection->fd, bytes, sizeof bytes, 0);
    if (got <= 0) {
        int reason = connection->tls ? SSL_get_error(connection->tls, (int)got) : 0;
        bool later = connection->tls ? reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE : got < 0 && errno == EAGAIN;
        return later ? 0 : -1;
    }
    return nghttp2_session_mem_recv(connection->outer, bytes, (size_t)got) < 0 ? -1 : 1;
}

static void turn(struct connection *connection) {
    int wrote = 1, got;
    pump(connection);
    while (wrote > 0 && connection->out.len) {
        wrote = write_some(connection);
        if (wrote > 0)
            pump(connection);
    }
    bool pending = connection->tls && SSL_pending(connection->tls);
    bool done = !nghttp2_session_want_read(connection->outer) && !nghttp2_session_want_write(connection->outer);
    if (wrote < 0 || connection->over || (done && !connection->out.len)) {
        connection->over = true;
        return;
    }
    struct pollfd fd = {.fd = connection->fd, .events = (short)(POLLIN | (connection->out.len ? POLLOUT : 0))};
    poll(&fd, 1, pending ? 0 : wait_ms(connection));
    while ((got = read_some(connection)) > 0)
        continue;
    if (got < 0)
        connection->over = true;
    answer_what_is_due(connection);
}

void peer_serve(const struct plan *plan, int fd, SSL *tls) {
    struct connection connection = {.plan = plan, .fd = fd, .tls = tls};
    if (tls)
        SSL_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    connection.outer = new_session(&connection, false);
    while (!connection.over)
        turn(&connection);
    nghttp2_session_del(connection.outer);
    nghttp2_session_del(connection.inner);
    while (connection.calls)
        remove_call(connection.calls);
    sw_buf_fini(&connection.out);
    SSL_free(tls);
    close(fd);
}
