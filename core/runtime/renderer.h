/* renderer.h - between progress.c, which keeps the vertices, and the three ways to show them. All calls are made under progress.c's
 * lock, on any thread. */
#ifndef CORE_RUNTIME_RENDERER_H
#define CORE_RUNTIME_RENDERER_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/runtime/lines.h"
#include "core/runtime/progress.h"

enum { SW_TAIL_LINES = 40 };

struct sw_vertex {
    struct sw_vertex *previous; /* running ones, in order of their start */
    struct sw_vertex *next;
    uint64_t id;
    uint64_t parent; /* id, 0: none */
    uint32_t depth;
    uint32_t state;   /* enum sw_vertex_state */
    uint64_t started; /* sw_loop_now() */
    uint64_t ended;   /* 0: it runs */
    uint64_t active;  /* of the last event */
    uint64_t bytes_done;
    uint64_t bytes_total;
    uint64_t bytes_shown; /* time of the last event about bytes */
    char *title;
    struct sw_lines lines[2];
    struct sw_strlist tail; /* the last lines; a ring once it is full */
    size_t tail_next;
};

/* The running vertices, in order of their start. */
struct sw_running {
    struct sw_vertex *first;
    struct sw_vertex *last;
};

struct sw_renderer {
    const struct sw_progress_options *options;
    const struct sw_running *running;
    uint64_t started; /* time of sw_progress_start */
    void (*on_start)(struct sw_renderer *renderer, const struct sw_vertex *vertex);
    void (*on_output)(struct sw_renderer *renderer, const struct sw_vertex *vertex, int stream, const char *line, size_t len);
    void (*on_bytes)(struct sw_renderer *renderer, const struct sw_vertex *vertex);
    void (*on_finish)(struct sw_renderer *renderer, const struct sw_vertex *vertex);
    void (*on_log)(struct sw_renderer *renderer, uint32_t level, const char *source, const char *text);
    /* Nothing has happened for `silent_ms`. */
    void (*on_silence)(struct sw_renderer *renderer, uint64_t silent_ms);
    void (*on_tick)(struct sw_renderer *renderer); /* each 100 ms; may be NULL */
    void (*free)(struct sw_renderer *renderer);
};

struct sw_renderer *sw_renderer_tty(void);
struct sw_renderer *sw_renderer_plain(void);
struct sw_renderer *sw_renderer_json(void);
struct sw_renderer *sw_renderer_quiet(void);

/* "done", "cached", … */
const char *sw_vertex_state_name(uint32_t state);

/* Appends "waiting for …": the vertices that nothing runs below, with their times. */
void sw_render_waiting(struct sw_buf *out, const struct sw_running *running, uint64_t silent_ms);

#endif
