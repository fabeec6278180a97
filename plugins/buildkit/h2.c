#include "plugins/buildkit/h2.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/vec.h"

enum {
    WINDOW = 4 * 1024 * 1024,
    MAX_STREAMS = 256,
    CARRIER_LIMIT = 256 * 1024, /* bytes in the carrier above which nothing more is given to it */
    LOW_WATER = 64 * 1024,
    HEADERS_LIMIT = 1024 * 1024, /* bytes of one block of headers: FileSync's patterns come as headers */
};

struct sw_h2_stream {
    struct sw_h2 *h2;
    int32_t id;
    const struct sw_h2_events *events;
    void *context;
    struct sw_arena arena; /* of the block of headers that is coming in */
    struct sw_vec headers; /* of struct sw_pair */
    size_t header_bytes;
    struct sw_buf out;
    size_t out_at;
    bool finished; /* all to be written is in `out` */
    bool deferred; /* nghttp2 waits for us */
    bool full;     /* the queue was above the mark: `drained` is due */
    struct sw_arena trailer_arena;
    struct sw_vec trailers;
    struct sw_h2_stream *next, **link;
};

struct sw_h2 {
    nghttp2_session *session;
    enum sw_h2_role role;
    struct sw_h2_carrier carrier;
    void (*accept)(void *context, struct sw_h2_stream *stream, struct sw_pairs headers);
    void (*lost_event)(void *context, const char *why);
    void *context;
    struct sw_h2_stream *streams;
    bool lost;
    bool losing; /* all streams are to be closed */
    bool doomed;
    unsigned busy;
};

/* ---- streams ---- */

static struct sw_h2_stream *add_stream(struct sw_h2 *h2, int32_t id) {
    struct sw_h2_stream *stream = sw_new(sizeof *stream);
    stream->h2 = h2;
    stream->id = id;
    stream->headers.width = stream->trailers.width = sizeof(struct sw_pair);
    stream->next = h2->streams;
    stream->link = &h2->streams;
    if (stream->next)
        stream->next->link = &stream->next;
    h2->streams = stream;
    return stream;
}

static void close_stream(struct sw_h2_stream *stream, uint32_t code) {
    *stream->link = stream->next;
    if (stream->next)
        stream->next->link = stream->link;
    if (stream->events)
        stream->events->closed(stream->context, code);
    sw_arena_fini(&stream->arena);
    sw_arena_fini(&stream->trailer_arena);
    sw_vec_fini(&stream->headers);
    sw_vec_fini(&stream->trailers);
    sw_buf_fini(&stream->out);
    free(stream);
}

static nghttp2_nv *to_nv(struct sw_pairs headers) {
    nghttp2_nv *nv = sw_new_array(headers.count + 1, sizeof *nv);
    for (size_t i = 0; i < headers.count; i++)
        nv[i] = (nghttp2_nv){(uint8_t *)headers.items[i].key, (uint8_t *)headers.items[i].value, strlen(headers.items[i].key),
                             strlen(headers.items[i].value), NGHTTP2_NV_FLAG_NONE};
    return nv;
}

/* ---- what nghttp2 asks and tells ---- */

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t len, uint32_t *flags,
                       nghttp2_data_source *source, void *context) {
    struct sw_h2_stream *stream = source->ptr;
    (void)context;
    size_t queued = sw_h2_queued(stream), take = queued < len ? queued : len;
    if (!take && !stream->finished) {
        stream->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (take)
        memcpy(buffer, stream->out.data + stream->out_at, take);
    stream->out_at += take;
    if (stream->out_at == stream->out.len) {
        sw_buf_truncate(&stream->out, 0);
        stream->out_at = 0;
    }
    if (!sw_h2_queued(stream) && stream->finished) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (stream->trailers.len) {
            nghttp2_nv *nv = to_nv((struct sw_pairs){stream->trailers.data, stream->trailers.len});
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            nghttp2_submit_trailer(session, id, nv, stream->trailers.len);
            free(nv);
        }
    }
    return (ssize_t)take;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
    struct sw_h2 *h2 = context;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    struct sw_h2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!stream && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        stream = add_stream(h2, frame->hd.stream_id);
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
    }
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *context) {
    struct sw_h2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)flags;
    (void)context;
    if (!stream)
        return 0;
    stream->header_bytes += name_len + value_len;
    if (stream->header_bytes > HEADERS_LIMIT)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    struct sw_pair pair = {sw_arena_strn(&stream->arena, (const char *)name, name_len),
                           sw_arena_strn(&stream->arena, (const char *)value, value_len)};
    sw_vec_push(&stream->headers, &pair);
    return 0;
}

static void headers_came(struct sw_h2 *h2, struct sw_h2_stream *stream, bool is_request) {
    struct sw_pairs headers = {stream->headers.data, stream->headers.len};
    if (is_request && h2->accept)
        h2->accept(h2->context, stream, headers);
    else if (stream->events)
        stream->events->headers(stream->context, headers);
    if (is_request && !stream->events)
        sw_h2_reset(stream, NGHTTP2_REFUSED_STREAM);
    sw_arena_fini(&stream->arena);
    stream->headers.len = 0;
    stream->header_bytes = 0;
}

static void say_lost(struct sw_h2 *h2, const char *why) {
    if (h2->lost)
        return;
    h2->lost = true;
    if (h2->lost_event)
        h2->lost_event(h2->context, why);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
    struct sw_h2 *h2 = context;
    struct sw_h2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        say_lost(h2, frame->goaway.error_code ? nghttp2_http2_strerror(frame->goaway.error_code) : "the daemon shuts down");
        /* A build needs calls that can no longer be made, so what runs is given up at once: another daemon may take it. */
        h2->losing = h2->losing || h2->role == SW_H2_CLIENT;
        return 0;
    }
    if (!stream)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS)
        headers_came(h2, stream, frame->headers.cat == NGHTTP2_HCAT_REQUEST);
    bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) && frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    if (ends && stream->events && stream->events->end)
        stream->events->end(stream->context);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *context) {
    struct sw_h2_stream *stream = nghttp2_session_get_stream_user_data(session, id);
    (void)flags;
    (void)context;
    if (stream && stream->events)
        stream->events->data(stream->context, (struct sw_bytes){data, len});
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *context) {
    struct sw_h2_stream *stream = nghttp2_session_get_stream_user_data(session, id);
    (void)context;
    if (!stream)
        return 0;
    nghttp2_session_set_stream_user_data(session, id, NULL);
    close_stream(stream, code);
    return 0;
}

/* ---- the connection ---- */

static nghttp2_session *new_session(struct sw_h2 *h2, enum sw_h2_role role) {
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    if (role == SW_H2_CLIENT)
        nghttp2_session_client_new(&session, callbacks, h2);
    else
        nghttp2_session_server_new(&session, callbacks, h2);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

struct sw_h2 *sw_h2_new(enum sw_h2_role role, const struct sw_h2_carrier *carrier,
                        void (*accept)(void *context, struct sw_h2_stream *stream, struct sw_pairs headers),
                        void (*lost)(void *context, const char *why), void *context) {
    struct sw_h2 *h2 = sw_new(sizeof *h2);
    h2->role = role;
    h2->carrier = *carrier;
    h2->accept = accept;
    h2->lost_event = lost;
    h2->context = context;
    h2->session = new_session(h2, role);
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
    };
    /* A server must not speak of pushing. */
    nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, role == SW_H2_CLIENT ? 3 : 2);
    nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0, WINDOW);
    return h2;
}

static void destroy(struct sw_h2 *h2) {
    nghttp2_session_del(h2->session);
    free(h2);
}

static void close_all(struct sw_h2 *h2) {
    while (h2->streams) {
        struct sw_h2_stream *stream = h2->streams;
        nghttp2_session_set_stream_user_data(h2->session, stream->id, NULL);
        close_stream(stream, NGHTTP2_CONNECT_ERROR);
    }
}

static void enter(struct sw_h2 *h2) {
    h2->busy++;
}

static void leave(struct sw_h2 *h2) {
    if (h2->busy == 1 && (h2->doomed || h2->losing))
        close_all(h2);
    if (--h2->busy == 0 && h2->doomed)
        destroy(h2);
}

void sw_h2_free(struct sw_h2 *h2) {
    if (!h2 || h2->doomed)
        return;
    enter(h2);
    h2->doomed = h2->lost = true;
    leave(h2);
}

bool sw_h2_is_lost(const struct sw_h2 *h2) {
    return h2->lost;
}

void sw_h2_lose(struct sw_h2 *h2) {
    enter(h2);
    say_lost(h2, "the connection was closed");
    h2->losing = true;
    leave(h2);
}

/* Callbacks may do anything to other streams: after each, the search begins anew. */
static void tell_drained(struct sw_h2 *h2) {
    struct sw_h2_stream *stream = h2->streams;
    while (stream && !h2->doomed) {
        bool due = stream->full && sw_h2_queued(stream) <= LOW_WATER;
        if (!due) {
            stream = stream->next;
            continue;
        }
        stream->full = false;
        if (stream->events && stream->events->drained)
            stream->events->drained(stream->context);
        stream = h2->streams;
    }
}

static void write_out(struct sw_h2 *h2) {
    const uint8_t *data;
    while (!h2->doomed && h2->carrier.pending(h2->carrier.context) < CARRIER_LIMIT) {
        ssize_t len = nghttp2_session_mem_send(h2->session, &data);
        if (len <= 0)
            return;
        h2->carrier.write(h2->carrier.context, (struct sw_bytes){data, (size_t)len});
    }
}

void sw_h2_pump(struct sw_h2 *h2) {
    if (h2->busy || h2->doomed)
        return; /* whoever is in here pumps on its way out */
    enter(h2);
    write_out(h2);
    if (!h2->doomed) {
        tell_drained(h2);
        write_out(h2);
    }
    /* nghttp2 has said goodbye, because the peer broke the rules or had said it first. */
    if (!h2->doomed && !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session)) {
        say_lost(h2, "the peer broke the rules of HTTP/2");
        h2->losing = true;
    }
    leave(h2);
}

void sw_h2_receive(struct sw_h2 *h2, struct sw_bytes bytes) {
    if (h2->doomed)
        return;
    enter(h2);
    ssize_t taken = nghttp2_session_mem_recv(h2->session, bytes.data, bytes.len);
    if (taken < 0 && !h2->doomed) {
        say_lost(h2, nghttp2_strerror((int)taken));
        write_out(h2); /* the GOAWAY that says why */
        h2->losing = true;
    }
    bool alive = !h2->doomed;
    leave(h2);
    if (alive && !h2->busy)
        sw_h2_pump(h2);
}

/* ---- using streams ---- */

static nghttp2_data_provider provider_of(struct sw_h2_stream *stream) {
    return (nghttp2_data_provider){.source.ptr = stream, .read_callback = on_read};
}

struct sw_h2_stream *sw_h2_request(struct sw_h2 *h2, struct sw_pairs headers, const struct sw_h2_events *events, void *context) {
    if (h2->lost || h2->doomed)
        return NULL;
    struct sw_h2_stream *stream = add_stream(h2, 0);
    nghttp2_data_provider provider = provider_of(stream);
    nghttp2_nv *nv = to_nv(headers);
    stream->events = events;
    stream->context = context;
    stream->id = nghttp2_submit_request(h2->session, NULL, nv, headers.count, &provider, stream);
    free(nv);
    if (stream->id < 0) {
        stream->events = NULL;
        close_stream(stream, 0);
        return NULL;
    }
    return stream;
}

void sw_h2_listen(struct sw_h2_stream *stream, const struct sw_h2_events *events, void *context) {
    stream->events = events;
    stream->context = context;
}

void sw_h2_respond(struct sw_h2_stream *stream, struct sw_pairs headers) {
    nghttp2_data_provider provider = provider_of(stream);
    nghttp2_nv *nv = to_nv(headers);
    nghttp2_submit_response(stream->h2->session, stream->id, nv, headers.count, &provider);
    free(nv);
}

static void resume(struct sw_h2_stream *stream) {
    if (stream->deferred) {
        stream->deferred = false;
        nghttp2_session_resume_data(stream->h2->session, stream->id);
    }
    sw_h2_pump(stream->h2);
}

size_t sw_h2_queued(const struct sw_h2_stream *stream) {
    return stream->out.len - stream->out_at;
}

void sw_h2_write(struct sw_h2_stream *stream, struct sw_bytes bytes) {
    if (stream->finished)
        return;
    if (stream->out_at > LOW_WATER && stream->out_at > sw_h2_queued(stream)) {
        memmove(stream->out.data, stream->out.data + stream->out_at, sw_h2_queued(stream));
        sw_buf_truncate(&stream->out, sw_h2_queued(stream));
        stream->out_at = 0;
    }
    sw_buf_add(&stream->out, bytes.data, bytes.len);
    stream->full = stream->full || sw_h2_queued(stream) > LOW_WATER;
    resume(stream);
}

void sw_h2_finish(struct sw_h2_stream *stream, struct sw_pairs trailers) {
    if (stream->finished)
        return;
    struct sw_pairs copy = sw_arena_pairs(&stream->trailer_arena, trailers);
    for (size_t i = 0; i < copy.count; i++)
        sw_vec_push(&stream->trailers, &copy.items[i]);
    stream->finished = true;
    resume(stream);
}

void sw_h2_reset(struct sw_h2_stream *stream, uint32_t code) {
    nghttp2_submit_rst_stream(stream->h2->session, NGHTTP2_FLAG_NONE, stream->id, code);
    sw_h2_pump(stream->h2);
}
