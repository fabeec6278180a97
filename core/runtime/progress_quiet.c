/* Shows errors only. */
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/runtime/log.h"
#include "core/runtime/renderer.h"

static void on_vertex(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    (void)renderer, (void)vertex;
}

static void on_output(struct sw_renderer *renderer, const struct sw_vertex *vertex, int stream, const char *line, size_t len) {
    (void)renderer, (void)vertex, (void)stream, (void)line, (void)len;
}

static void on_log(struct sw_renderer *renderer, uint32_t level, const char *source, const char *text) {
    if (level < SW_LOG_ERROR)
        return;
    sw_cleanup_buf struct sw_buf line = {0};
    sw_log_render(&line, SW_LOG_TEXT, level, source, text);
    sw_log_write(renderer->options->fd, line.data, line.len);
}

static void on_silence(struct sw_renderer *renderer, uint64_t silent_ms) {
    (void)renderer, (void)silent_ms;
}

static void free_renderer(struct sw_renderer *renderer) {
    free(renderer);
}

struct sw_renderer *sw_renderer_quiet(void) {
    struct sw_renderer *renderer = sw_new(sizeof *renderer);
    *renderer = (struct sw_renderer){
        .on_start = on_vertex,
        .on_output = on_output,
        .on_bytes = on_vertex,
        .on_finish = on_vertex,
        .on_log = on_log,
        .on_silence = on_silence,
        .free = free_renderer,
    };
    return renderer;
}
