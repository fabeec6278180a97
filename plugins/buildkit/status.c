#include "plugins/buildkit/status.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/buildkit/pack.h"

enum { PATIENCE_MS = 5000, HURRY_MS = 200, LULL_MS = 200, TAIL_BYTES = 8 * 1024, TAIL_LINES = 20 };

/* One vertex of the daemon. */
struct line {
    struct sw_vertex *vertex; /* NULL: not begun, or ended */
    char *name;
    struct sw_buf tail; /* of its output */
    bool ended;
    bool again;  /* it began anew behind its end: shown when it has something to show */
    bool ending; /* it has ended as `state`, but output of it may still come */
    uint32_t state;
};

struct sw_status {
    const struct sw_host *host;
    struct sw_vertex *parent;
    struct sw_call *call; /* NULL: over */
    struct sw_map lines;  /* digest -> struct line */
    char *failed_digest;
    char *failed_message;
    bool ran;
    bool came;              /* something, since patience began */
    struct sw_timer *lull;  /* lines that have ended are waiting for output */
    struct sw_timer *timer; /* the end is waited for */
    uint32_t end_state;
    void (*done)(void *context);
    void *context;
};

static void free_line(void *value) {
    struct line *line = value;
    if (!line)
        return;
    sw_buf_fini(&line->tail);
    free(line->name);
    free(line);
}

static struct line *line_of(struct sw_status *status, const char *digest) {
    struct line *line = sw_map_get(&status->lines, digest);
    if (line)
        return line;
    line = sw_new(sizeof *line);
    sw_map_set(&status->lines, digest, line);
    return line;
}

static void finish_line(struct sw_status *status, struct line *line, uint32_t state) {
    if (line->vertex)
        status->host->progress->finish(line->vertex, state);
    line->vertex = NULL;
    line->ended = true;
    line->ending = false;
}

static void begin_line(struct sw_status *status, struct line *line) {
    line->ended = false;
    line->again = false;
    if (!line->vertex && line->name)
        line->vertex = status->host->progress->start(status->parent, line->name);
}

/* ---- what comes ---- */

static bool is_cancelled(const char *message) {
    return strstr(message, "context canceled") || strstr(message, "Canceled");
}

static void note_failure(struct sw_status *status, const Sw__Vertex *vertex) {
    if (status->failed_digest || is_cancelled(vertex->error))
        return;
    status->failed_digest = sw_strdup(vertex->digest);
    status->failed_message = sw_strdup(vertex->error);
}

static void take_vertex(struct sw_status *status, const Sw__Vertex *vertex) {
    struct line *line = line_of(status, vertex->digest);
    if (*vertex->name && !line->name)
        line->name = sw_strdup(vertex->name);
    bool failed = *vertex->error != '\0';
    /* Daemons look into a source several times before they take it, and each time it begins and ends. */
    if (vertex->started && !vertex->completed && (line->ended || line->ending))
        line->again = true;
    else if (vertex->started && !vertex->completed)
        begin_line(status, line);
    if (!vertex->completed || (line->ending && !failed) || (line->ended && !(line->again && failed)))
        return;
    begin_line(status, line);
    status->ran = status->ran || !vertex->cached;
    line->state = failed           ? is_cancelled(vertex->error) ? SW_VERTEX_CANCELLED : SW_VERTEX_FAILED
                  : vertex->cached ? SW_VERTEX_CACHED
                                   : SW_VERTEX_DONE;
    line->ending = true;
}

/* Ends the lines whose steps have ended. */
static void end_lines(struct sw_status *status) {
    for (size_t i = 0; i < status->lines.len; i++) {
        struct line *line = status->lines.entries[i].key ? status->lines.entries[i].value : NULL;
        if (line && line->ending)
            finish_line(status, line, line->state);
    }
}

static void take_bytes(struct sw_status *status, const Sw__VertexStatus *item) {
    struct line *line = line_of(status, item->vertex);
    if (line->again && item->total > 0)
        begin_line(status, line);
    if (line->vertex && item->total > 0 && item->current >= 0)
        status->host->progress->bytes(line->vertex, (uint64_t)item->current, (uint64_t)item->total);
}

static void take_log(struct sw_status *status, const Sw__VertexLog *log) {
    struct line *line = line_of(status, log->vertex);
    if (line->again)
        begin_line(status, line);
    if (line->vertex)
        status->host->progress->output(line->vertex, log->stream == 2 ? 2 : 1, (struct sw_bytes){log->msg.data, log->msg.len});
    sw_buf_add(&line->tail, log->msg.data, log->msg.len);
    if (line->tail.len > 2 * TAIL_BYTES) {
        memmove(line->tail.data, line->tail.data + line->tail.len - TAIL_BYTES, TAIL_BYTES);
        sw_buf_truncate(&line->tail, TAIL_BYTES);
    }
}

static void on_lull(void *context) {
    struct sw_status *status = context;
    status->lull = NULL;
    end_lines(status);
}

static void wait_for_more(struct sw_status *status) {
    if (status->lull)
        status->host->timers->stop(status->lull);
    status->lull = status->host->timers->after(LULL_MS, on_lull, status);
}

/* What a daemon has collected comes in pieces of a mebibyte of output; all that is no output is in the first one. So a step may have ended
 * long before its last words come, and its line ends when a piece comes that is no more of the same, or none for a while. */
static void on_message(void *context, struct sw_bytes message) {
    struct sw_status *status = context;
    Sw__StatusResponse *response = sw__status_response__unpack(NULL, message.len, message.data);
    if (!response)
        return;
    status->came = true;
    if (response->n_vertexes || response->n_statuses || !response->n_logs)
        end_lines(status);
    /* Names and beginnings, then output, then ends. */
    for (size_t i = 0; i < response->n_vertexes; i++)
        if (!response->vertexes[i]->completed)
            take_vertex(status, response->vertexes[i]);
    for (size_t i = 0; i < response->n_logs; i++)
        take_log(status, response->logs[i]);
    for (size_t i = 0; i < response->n_statuses; i++)
        take_bytes(status, response->statuses[i]);
    for (size_t i = 0; i < response->n_vertexes; i++) {
        const Sw__Vertex *vertex = response->vertexes[i];
        if (vertex->completed)
            take_vertex(status, vertex);
        if (*vertex->error)
            note_failure(status, vertex);
    }
    if (!response->n_logs)
        end_lines(status);
    else
        wait_for_more(status);
    sw__status_response__free_unpacked(response, NULL);
}

/* ---- the end ---- */

static void end(void *context) {
    struct sw_status *status = context;
    if (status->lull)
        status->host->timers->stop(status->lull);
    end_lines(status);
    for (size_t i = 0; i < status->lines.len; i++)
        if (status->lines.entries[i].key)
            finish_line(status, status->lines.entries[i].value, status->end_state);
    status->done(status->context);
    sw_map_fini(&status->lines, free_line);
    free(status->failed_digest);
    free(status->failed_message);
    free(status);
}

/* Whoever still sends is listened to. */
static void on_patience_over(void *context) {
    struct sw_status *status = context;
    status->timer = NULL;
    if (status->came && status->end_state != SW_VERTEX_CANCELLED) {
        status->came = false;
        status->timer = status->host->timers->after(PATIENCE_MS, on_patience_over, status);
        return;
    }
    sw_call_cancel(status->call);
}

static void on_closed(void *context, const struct sw_grpc_status *how) {
    struct sw_status *status = context;
    (void)how;
    status->call = NULL;
    if (!status->done)
        return;
    if (status->timer)
        status->host->timers->stop(status->timer);
    status->host->timers->after(0, end, status);
}

static const struct sw_call_events status_events = {.message = on_message, .closed = on_closed};

struct sw_status *sw_status_follow(struct sw_daemon *daemon, const char *ref, struct sw_vertex *parent) {
    struct sw_status *status = sw_new(sizeof *status);
    status->host = daemon->host;
    status->parent = parent;
    status->call = sw_call_start(daemon->host, daemon->h2, "/moby.buildkit.v1.Control/Status", (struct sw_pairs){0}, 0,
                                 &status_events, status);
    Sw__StatusRequest request = SW__STATUS_REQUEST__INIT;
    sw_cleanup_buf struct sw_buf packed = {0};
    request.ref = (char *)ref;
    sw_pack(&request.base, &packed);
    sw_call_send(status->call, (struct sw_bytes){packed.data, packed.len});
    sw_call_half_close(status->call);
    return status;
}

void sw_status_end(struct sw_status *status, uint32_t state, void (*done)(void *context), void *context) {
    status->end_state = state;
    status->came = false;
    status->done = done;
    status->context = context;
    if (!status->call)
        status->host->timers->after(0, end, status);
    else /* whoever is cancelled, or never began, has nothing more to say */
        status->timer = status->host->timers->after(state == SW_VERTEX_CANCELLED || !status->lines.len ? HURRY_MS : PATIENCE_MS,
                                                    on_patience_over, status);
}

const char *sw_status_failed_digest(const struct sw_status *status) {
    return status->failed_digest;
}

const char *sw_status_failed_message(const struct sw_status *status) {
    return status->failed_message;
}

const char *sw_status_failed_output(const struct sw_status *status) {
    const struct line *line = status->failed_digest ? sw_map_get(&status->lines, status->failed_digest) : NULL;
    if (!line)
        return NULL;
    const char *text = sw_buf_text(&line->tail);
    const char *at = text + strlen(text);
    for (int lines = 0; at > text && lines <= TAIL_LINES; at--)
        lines += at[-1] == '\n';
    while (*at == '\n')
        at++;
    return *at ? at : NULL;
}

bool sw_status_ran(const struct sw_status *status) {
    return status->ran;
}
