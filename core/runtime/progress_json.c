/* A JSON object an event and line. Members are only ever added; "v" counts changes that readers must know of. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/renderer.h"
#include "core/runtime/text.h"

struct json {
    struct sw_renderer base;
    struct sw_buf line;
};

static void begin(struct json *json, const char *event) {
    sw_buf_truncate(&json->line, 0);
    sw_buf_puts(&json->line, "{\"v\":1,\"time\":\"");
    sw_text_now(&json->line);
    sw_buf_printf(&json->line, "\",\"event\":\"%s\"", event);
}

static void add_number(struct json *json, const char *name, uint64_t value) {
    sw_buf_printf(&json->line, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void add_text(struct json *json, const char *name, const char *text, size_t len) {
    sw_buf_printf(&json->line, ",\"%s\":", name);
    sw_text_json(&json->line, text, len);
}

static void end(struct json *json) {
    sw_buf_puts(&json->line, "}\n");
    sw_log_write(json->base.options->fd, json->line.data, json->line.len);
}

static void on_start(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    struct json *json = (struct json *)renderer;
    begin(json, "start");
    add_number(json, "id", vertex->id);
    add_number(json, "parent", vertex->parent);
    add_text(json, "title", vertex->title, strlen(vertex->title));
    end(json);
}

static void on_output(struct sw_renderer *renderer, const struct sw_vertex *vertex, int stream, const char *line, size_t len) {
    struct json *json = (struct json *)renderer;
    begin(json, "output");
    add_number(json, "id", vertex->id);
    add_number(json, "stream", (uint64_t)stream);
    add_text(json, "text", line, len);
    end(json);
}

static void on_bytes(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    struct json *json = (struct json *)renderer;
    begin(json, "bytes");
    add_number(json, "id", vertex->id);
    add_number(json, "done", vertex->bytes_done);
    add_number(json, "total", vertex->bytes_total);
    end(json);
}

static void on_finish(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    struct json *json = (struct json *)renderer;
    const char *state = sw_vertex_state_name(vertex->state);
    begin(json, "finish");
    add_number(json, "id", vertex->id);
    add_text(json, "state", state, strlen(state));
    add_number(json, "ms", vertex->ended - vertex->started);
    end(json);
}

static void on_log(struct sw_renderer *renderer, uint32_t level, const char *source, const char *text) {
    struct json *json = (struct json *)renderer;
    sw_buf_truncate(&json->line, 0);
    sw_log_render(&json->line, SW_LOG_JSON, level, source, text);
    sw_log_write(renderer->options->fd, json->line.data, json->line.len);
}

static void on_silence(struct sw_renderer *renderer, uint64_t silent_ms) {
    struct json *json = (struct json *)renderer;
    begin(json, "silence");
    add_number(json, "ms", silent_ms);
    sw_buf_puts(&json->line, ",\"running\":[");
    for (const struct sw_vertex *vertex = renderer->running->first; vertex; vertex = vertex->next)
        sw_buf_printf(&json->line, "%s%llu", vertex == renderer->running->first ? "" : ",", (unsigned long long)vertex->id);
    sw_buf_putc(&json->line, ']');
    end(json);
}

static void free_renderer(struct sw_renderer *renderer) {
    struct json *json = (struct json *)renderer;
    sw_buf_fini(&json->line);
    free(json);
}

struct sw_renderer *sw_renderer_json(void) {
    struct json *json = sw_new(sizeof *json);
    json->base = (struct sw_renderer){
        .on_start = on_start,
        .on_output = on_output,
        .on_bytes = on_bytes,
        .on_finish = on_finish,
        .on_log = on_log,
        .on_silence = on_silence,
        .free = free_renderer,
    };
    return &json->base;
}
