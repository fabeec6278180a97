/* A line an event, each with the number of its vertex: for logs of CI systems, where nothing can be redrawn. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/renderer.h"
#include "core/runtime/text.h"

enum { BYTES_MS = 5000 }; /* a line about bytes this often */

struct plain {
    struct sw_renderer base;
    struct sw_buf line;
};

static void begin(struct plain *plain, const struct sw_vertex *vertex) {
    sw_buf_truncate(&plain->line, 0);
    sw_buf_printf(&plain->line, "#%llu ", (unsigned long long)vertex->id);
}

static void end(struct plain *plain) {
    sw_buf_putc(&plain->line, '\n');
    sw_log_write(plain->base.options->fd, plain->line.data, plain->line.len);
}

static void on_start(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    struct plain *plain = (struct plain *)renderer;
    begin(plain, vertex);
    sw_text_plain(&plain->line, vertex->title, strlen(vertex->title), SIZE_MAX, SW_TEXT_UTF8);
    end(plain);
}

static void on_output(struct sw_renderer *renderer, const struct sw_vertex *vertex, int stream, const char *line, size_t len) {
    (void)stream;
    struct plain *plain = (struct plain *)renderer;
    begin(plain, vertex);
    sw_text_duration(&plain->line, sw_loop_now() - vertex->started);
    sw_buf_putc(&plain->line, ' ');
    sw_text_plain(&plain->line, line, len, SIZE_MAX, SW_TEXT_UTF8);
    end(plain);
}

static void add_bytes(struct plain *plain, const struct sw_vertex *vertex) {
    sw_text_bytes(&plain->line, vertex->bytes_done);
    if (!vertex->bytes_total || vertex->bytes_total == vertex->bytes_done)
        return;
    sw_buf_puts(&plain->line, " of ");
    sw_text_bytes(&plain->line, vertex->bytes_total);
}

static void on_bytes(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    struct plain *plain = (struct plain *)renderer;
    uint64_t running = vertex->active - vertex->started;
    if (running < BYTES_MS || running % BYTES_MS > 200 || vertex->bytes_done == vertex->bytes_total)
        return; /* about once in the time; the sum is said at the end */
    begin(plain, vertex);
    add_bytes(plain, vertex);
    end(plain);
}

static void on_finish(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    struct plain *plain = (struct plain *)renderer;
    begin(plain, vertex);
    sw_buf_printf(&plain->line, "%s ", sw_vertex_state_name(vertex->state));
    sw_text_duration(&plain->line, vertex->ended - vertex->started);
    if (vertex->bytes_done) {
        sw_buf_puts(&plain->line, ", ");
        add_bytes(plain, vertex);
    }
    end(plain);
}

static void on_log(struct sw_renderer *renderer, uint32_t level, const char *source, const char *text) {
    struct plain *plain = (struct plain *)renderer;
    sw_buf_truncate(&plain->line, 0);
    sw_log_render(&plain->line, SW_LOG_TEXT, level, source, text);
    sw_log_write(renderer->options->fd, plain->line.data, plain->line.len);
}

static void on_silence(struct sw_renderer *renderer, uint64_t silent_ms) {
    struct plain *plain = (struct plain *)renderer;
    sw_buf_truncate(&plain->line, 0);
    sw_render_waiting(&plain->line, renderer->running, silent_ms);
    end(plain);
}

static void free_renderer(struct sw_renderer *renderer) {
    struct plain *plain = (struct plain *)renderer;
    sw_buf_fini(&plain->line);
    free(plain);
}

struct sw_renderer *sw_renderer_plain(void) {
    struct plain *plain = sw_new(sizeof *plain);
    plain->base = (struct sw_renderer){
        .on_start = on_start,
        .on_output = on_output,
        .on_bytes = on_bytes,
        .on_finish = on_finish,
        .on_log = on_log,
        .on_silence = on_silence,
        .free = free_renderer,
    };
    return &plain->base;
}
