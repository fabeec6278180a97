#include "core/runtime/progress.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/renderer.h"
#include "core/runtime/text.h"
#include "core/runtime/timer.h"

enum {
    TICK_MS = 100,
    BYTES_MS = 200, /* at most one event about a vertex' bytes in this time */
    SILENCE_MS = 30000,
};

static struct {
    pthread_mutex_t lock;
    struct sw_progress_options options;
    struct sw_renderer *renderer; /* NULL: not shown */
    struct sw_running running;
    struct sw_timer *tick;
    uint64_t last_id;
    uint64_t active; /* time of the last event, or line about silence */
    uint64_t event;  /* time of the last event */
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool sw_progress_parse(const char *text, enum sw_progress_mode *mode) {
    static const char *const names[] = {"auto", "tty", "plain", "json", "quiet"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(text, names[i])) {
            *mode = (enum sw_progress_mode)i;
            return true;
        }
    return false;
}

static bool is_live_terminal(int fd) {
    const char *term = getenv("TERM");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

static struct sw_renderer *make_renderer(enum sw_progress_mode mode, int fd) {
    switch (mode) {
    case SW_PROGRESS_TTY:
        return sw_renderer_tty();
    case SW_PROGRESS_PLAIN:
        return sw_renderer_plain();
    case SW_PROGRESS_JSON:
        return sw_renderer_json();
    case SW_PROGRESS_QUIET:
        return sw_renderer_quiet();
    case SW_PROGRESS_AUTO:
        break;
    }
    return is_live_terminal(fd) ? sw_renderer_tty() : sw_renderer_plain();
}

static void note_event(struct sw_vertex *vertex) {
    progress.event = progress.active = sw_loop_now();
    if (vertex)
        vertex->active = progress.event;
}

static void log_sink(uint32_t level, const char *source, const char *text) {
    pthread_mutex_lock(&progress.lock);
    if (progress.renderer) {
        note_event(NULL);
        progress.renderer->on_log(progress.renderer, level, source, text);
    }
    pthread_mutex_unlock(&progress.lock);
}

static void schedule_tick(void);

static void on_tick(void *context) {
    (void)context;
    pthread_mutex_lock(&progress.lock);
    struct sw_renderer *renderer = progress.renderer;
    uint64_t now = sw_loop_now();
    uint64_t silence = progress.options.silence_ms ? progress.options.silence_ms : SILENCE_MS;
    if (progress.running.first && now - progress.active >= silence) {
        progress.active = now;
        renderer->on_silence(renderer, now - progress.event);
    }
    if (renderer->on_tick)
        renderer->on_tick(renderer);
    pthread_mutex_unlock(&progress.lock);
    schedule_tick();
}

static void schedule_tick(void) {
    progress.tick = sw_timer_after(TICK_MS, on_tick, NULL);
    sw_timer_background(progress.tick);
}

void sw_progress_start(const struct sw_progress_options *options) {
    assert(!progress.renderer);
    pthread_mutex_lock(&progress.lock);
    if (!progress.running.first)
        progress.last_id = 0; /* numbers begin with what is shown */
    progress.options = *options;
    progress.renderer = make_renderer(options->mode, options->fd);
    progress.renderer->options = &progress.options;
    progress.renderer->running = &progress.running;
    progress.renderer->started = sw_loop_now();
    note_event(NULL);
    pthread_mutex_unlock(&progress.lock);
    sw_log_set_sink(log_sink);
    schedule_tick();
}

void sw_progress_end(void) {
    if (!progress.renderer)
        return;
    sw_log_set_sink(NULL);
    sw_timer_stop(progress.tick);
    progress.tick = NULL;
    pthread_mutex_lock(&progress.lock);
    progress.renderer->free(progress.renderer);
    progress.renderer = NULL;
    pthread_mutex_unlock(&progress.lock);
}

struct sw_vertex *sw_vertex_start(struct sw_vertex *parent, const char *title) {
    struct sw_vertex *vertex = sw_new(sizeof *vertex);
    vertex->title = sw_mask_text(title ? title : "");
    vertex->started = sw_loop_now();
    pthread_mutex_lock(&progress.lock);
    vertex->id = ++progress.last_id;
    vertex->parent = parent ? parent->id : 0;
    vertex->depth = parent ? parent->depth + 1 : 0;
    vertex->previous = progress.running.last;
    *(vertex->previous ? &vertex->previous->next : &progress.running.first) = vertex;
    progress.running.last = vertex;
    note_event(vertex);
    if (progress.renderer)
        progress.renderer->on_start(progress.renderer, vertex);
    pthread_mutex_unlock(&progress.lock);
    return vertex;
}

static void keep_in_tail(struct sw_vertex *vertex, const char *line, size_t len) {
    if (vertex->tail.len < SW_TAIL_LINES) {
        sw_strlist_take(&vertex->tail, sw_strndup(line, len));
        return;
    }
    char **slot = &vertex->tail.items[vertex->tail_next];
    free(*slot);
    *slot = sw_strndup(line, len);
    vertex->tail_next = (vertex->tail_next + 1) % SW_TAIL_LINES;
}

struct line_context {
    struct sw_vertex *vertex;
    int stream;
};

static void on_line(void *context, const char *line, size_t len) {
    struct line_context *where = context;
    keep_in_tail(where->vertex, line, len);
    if (progress.renderer)
        progress.renderer->on_output(progress.renderer, where->vertex, where->stream, line, len);
}

void sw_vertex_output(struct sw_vertex *vertex, int stream, struct sw_bytes bytes) {
    if (!vertex || !bytes.len)
        return;
    stream = stream == 2 ? 2 : 1;
    pthread_mutex_lock(&progress.lock);
    note_event(vertex);
    sw_lines_feed(&vertex->lines[stream - 1], bytes.data, bytes.len, on_line, &(struct line_context){vertex, stream});
    pthread_mutex_unlock(&progress.lock);
}

void sw_vertex_bytes(struct sw_vertex *vertex, uint64_t done, uint64_t total) {
    if (!vertex)
        return;
    pthread_mutex_lock(&progress.lock);
    note_event(vertex);
    vertex->bytes_done = done;
    vertex->bytes_total = total;
    if (progress.renderer && (done == total || vertex->active - vertex->bytes_shown >= BYTES_MS)) {
        vertex->bytes_shown = vertex->active;
        progress.renderer->on_bytes(progress.renderer, vertex);
    }
    pthread_mutex_unlock(&progress.lock);
}

static void free_vertex(struct sw_vertex *vertex) {
    sw_lines_fini(&vertex->lines[0]);
    sw_lines_fini(&vertex->lines[1]);
    sw_strlist_fini(&vertex->tail);
    free(vertex->title);
    free(vertex);
}

void sw_vertex_finish(struct sw_vertex *vertex, uint32_t state) {
    if (!vertex)
        return;
    pthread_mutex_lock(&progress.lock);
    for (int stream = 1; stream <= 2; stream++)
        sw_lines_flush(&vertex->lines[stream - 1], on_line, &(struct line_context){vertex, stream});
    *(vertex->previous ? &vertex->previous->next : &progress.running.first) = vertex->next;
    *(vertex->next ? &vertex->next->previous : &progress.running.last) = vertex->previous;
    note_event(vertex);
    vertex->state = state;
    vertex->ended = vertex->active;
    if (progress.renderer)
        progress.renderer->on_finish(progress.renderer, vertex);
    pthread_mutex_unlock(&progress.lock);
    free_vertex(vertex);
}

uint64_t sw_vertex_id(const struct sw_vertex *vertex) {
    return vertex ? vertex->id : 0;
}

char *sw_vertex_tail(struct sw_vertex *vertex) {
    struct sw_buf text = {0};
    pthread_mutex_lock(&progress.lock);
    for (int stream = 1; stream <= 2; stream++)
        sw_lines_flush(&vertex->lines[stream - 1], on_line, &(struct line_context){vertex, stream});
    size_t count = vertex->tail.len;
    for (size_t i = 0; i < count; i++)
        sw_buf_printf(&text, "%s%s", i ? "\n" : "", vertex->tail.items[(vertex->tail_next + i) % count]);
    pthread_mutex_unlock(&progress.lock);
    return sw_buf_take(&text);
}

static void print_tree(struct sw_buf *out, uint64_t parent, uint32_t depth, uint64_t now) {
    for (const struct sw_vertex *vertex = progress.running.first; vertex; vertex = vertex->next) {
        bool orphan = depth == 0 && vertex->parent;
        for (const struct sw_vertex *other = progress.running.first; orphan && other; other = other->next)
            orphan = other->id != vertex->parent; /* its parent has ended: it is shown as a root */
        if (vertex->parent != parent && !orphan)
            continue;
        sw_buf_printf(out, "\n%*s#%llu %s (", (int)(2 + 2 * depth), "", (unsigned long long)vertex->id, vertex->title);
        sw_text_duration(out, now - vertex->started);
        sw_buf_puts(out, ", last event ");
        sw_text_duration(out, now - vertex->active);
        sw_buf_puts(out, " ago)");
        print_tree(out, vertex->id, depth + 1, now);
    }
}

void sw_progress_show_running(void) {
    sw_cleanup_buf struct sw_buf text = {0};
    pthread_mutex_lock(&progress.lock);
    sw_buf_puts(&text, progress.running.first ? "running:" : "nothing is running");
    print_tree(&text, 0, 0, sw_loop_now());
    pthread_mutex_unlock(&progress.lock);
    sw_log_text(SW_LOG_WARN, NULL, text.data);
}
