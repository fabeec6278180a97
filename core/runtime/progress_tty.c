/* A live display: what has ended scrolls by above, what runs is redrawn in place below, cut to the terminal's width and height. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/base/alloc.h"
#include "core/runtime/color.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/renderer.h"
#include "core/runtime/text.h"

enum { DEFAULT_WIDTH = 80, DEFAULT_HEIGHT = 24, MIN_WIDTH = 20 };

struct look {
    const char *done, *cached, *failed, *cancelled, *output;
};
static const struct look utf8_look = {"✓", "=", "✗", "-", "│"};
static const struct look ascii_look = {"+", "=", "x", "-", "|"};

struct tty {
    struct sw_renderer base;
    enum sw_text_set set;
    const struct look *look;
    bool color;
    size_t drawn;        /* lines of the live part that are on the screen */
    struct sw_buf above; /* what is to scroll by at the next drawing */
    struct sw_buf screen;
    uint32_t done, cached, failed;
};

static size_t terminal_width(const struct tty *tty, size_t *height) {
    struct winsize size = {0};
    const struct sw_progress_options *options = tty->base.options;
    ioctl(options->fd, TIOCGWINSZ, &size);
    size_t width = options->width ? options->width : size.ws_col ? size.ws_col : DEFAULT_WIDTH;
    *height = options->height ? options->height : size.ws_row ? size.ws_row : DEFAULT_HEIGHT;
    return width < MIN_WIDTH ? MIN_WIDTH : width;
}

static void color(const struct tty *tty, struct sw_buf *out, const char *code) {
    if (tty->color)
        sw_buf_printf(out, "\x1b[%sm", code);
}

static void pad(struct sw_buf *out, size_t columns) {
    for (size_t i = 0; i < columns; i++)
        sw_buf_putc(out, ' ');
}

static void add_text(const struct tty *tty, struct sw_buf *out, const char *text, size_t width) {
    sw_text_plain(out, text, strlen(text), width, tty->set);
}

/* "TITLE          TIME", within `width`. */
static void add_title(const struct tty *tty, struct sw_buf *out, const struct sw_vertex *vertex, uint64_t ms, size_t width) {
    sw_cleanup_buf struct sw_buf right = {0};
    if (vertex->bytes_done && !vertex->ended) {
        sw_text_bytes(&right, vertex->bytes_done);
        if (vertex->bytes_total) {
            sw_buf_puts(&right, " of ");
            sw_text_bytes(&right, vertex->bytes_total);
        }
        sw_buf_puts(&right, "  ");
    }
    sw_text_duration(&right, ms);
    size_t room = width > right.len + 1 ? width - right.len - 1 : 0;
    size_t used = sw_text_plain(out, vertex->title, strlen(vertex->title), room, tty->set);
    pad(out, room - used + 1);
    sw_buf_puts(out, right.data);
}

static const char *last_line(const struct sw_vertex *vertex) {
    if (!vertex->tail.len)
        return NULL;
    size_t last = vertex->tail.len < SW_TAIL_LINES ? vertex->tail.len - 1 : (vertex->tail_next + SW_TAIL_LINES - 1) % SW_TAIL_LINES;
    return vertex->tail.items[last];
}

static size_t count_running(const struct sw_running *running) {
    size_t count = 0;
    for (const struct sw_vertex *vertex = running->first; vertex; vertex = vertex->next)
        count++;
    return count;
}

static void draw_summary(struct tty *tty, uint64_t now, size_t running, size_t width) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, "[");
    sw_text_duration(&text, now - tty->base.started);
    sw_buf_printf(&text, "] %zu running, %u done", running, tty->done);
    if (tty->cached)
        sw_buf_printf(&text, ", %u cached", tty->cached);
    if (tty->failed)
        sw_buf_printf(&text, ", %u failed", tty->failed);
    color(tty, &tty->screen, "1");
    add_text(tty, &tty->screen, text.data, width);
    color(tty, &tty->screen, "0");
    sw_buf_putc(&tty->screen, '\n');
}

/* Draws one running vertex in at most `lines` lines; returns how many it took. */
static size_t draw_vertex(struct tty *tty, const struct sw_vertex *vertex, uint64_t now, size_t width, size_t lines) {
    size_t indent = 1 + 2 * (size_t)(vertex->depth < 4 ? vertex->depth : 4);
    pad(&tty->screen, indent);
    add_title(tty, &tty->screen, vertex, now - vertex->started, width - indent);
    sw_buf_putc(&tty->screen, '\n');
    const char *line = last_line(vertex);
    if (lines < 2 || !line)
        return 1;
    pad(&tty->screen, indent);
    color(tty, &tty->screen, "2");
    sw_buf_printf(&tty->screen, "%s ", tty->look->output);
    add_text(tty, &tty->screen, line, width - indent - 2);
    color(tty, &tty->screen, "0");
    sw_buf_putc(&tty->screen, '\n');
    return 2;
}

static void draw_running(struct tty *tty, size_t width, size_t height) {
    uint64_t now = sw_loop_now();
    const struct sw_running *running = tty->base.running;
    size_t count = count_running(running);
    if (!count)
        return;
    draw_summary(tty, now, count, width);
    tty->drawn = 1;
    size_t room = height > 4 ? height - 3 : 1;
    size_t spare = room > count ? room - count : 0; /* lines left for output, once each vertex has its own */
    size_t shown = 0;
    for (const struct sw_vertex *vertex = running->first; vertex && shown < room; vertex = vertex->next, shown++) {
        size_t lines = draw_vertex(tty, vertex, now, width, spare ? 2 : 1);
        spare -= lines - 1;
        tty->drawn += lines;
    }
    if (shown < count) {
        sw_buf_printf(&tty->screen, " and %zu more\n", count - shown);
        tty->drawn++;
    }
}

/* Wipes the live part, lets what has ended scroll by, draws the live part anew: all in one write. */
static void draw(struct tty *tty) {
    size_t height, width = terminal_width(tty, &height) - 1; /* the last column would wrap on some terminals */
    sw_buf_truncate(&tty->screen, 0);
    if (tty->drawn)
        sw_buf_printf(&tty->screen, "\r\x1b[%zuA\x1b[J", tty->drawn);
    tty->drawn = 0;
    sw_buf_add(&tty->screen, sw_buf_text(&tty->above), tty->above.len);
    sw_buf_truncate(&tty->above, 0);
    draw_running(tty, width, height);
    sw_log_write(tty->base.options->fd, sw_buf_text(&tty->screen), tty->screen.len);
}

static void on_nothing(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    (void)renderer, (void)vertex; /* seen at the next tick */
}

static void on_output(struct sw_renderer *renderer, const struct sw_vertex *vertex, int stream, const char *line, size_t len) {
    (void)renderer, (void)vertex, (void)stream, (void)line, (void)len; /* as above */
}

/* The last output of a step that failed, since its live line is gone now. */
static void add_tail(struct tty *tty, const struct sw_vertex *vertex, size_t width) {
    for (size_t i = 0; i < vertex->tail.len; i++) {
        sw_buf_printf(&tty->above, "  %s ", tty->look->output);
        add_text(tty, &tty->above, vertex->tail.items[(vertex->tail_next + i) % vertex->tail.len], width - 4);
        sw_buf_putc(&tty->above, '\n');
    }
}

static void on_finish(struct sw_renderer *renderer, const struct sw_vertex *vertex) {
    struct tty *tty = (struct tty *)renderer;
    const char *marks[] = {"", tty->look->done, tty->look->cached, tty->look->failed, tty->look->cancelled};
    static const char *const colors[] = {"0", "32", "36", "31", "33"};
    uint32_t state = vertex->state && vertex->state < sizeof marks / sizeof *marks ? vertex->state : SW_VERTEX_DONE;
    size_t height, width = terminal_width(tty, &height) - 1;
    tty->done += state == SW_VERTEX_DONE;
    tty->cached += state == SW_VERTEX_CACHED;
    tty->failed += state == SW_VERTEX_FAILED;
    color(tty, &tty->above, colors[state]);
    sw_buf_puts(&tty->above, marks[state]);
    color(tty, &tty->above, "0");
    sw_buf_putc(&tty->above, ' ');
    add_title(tty, &tty->above, vertex, vertex->ended - vertex->started, width - 2);
    sw_buf_putc(&tty->above, '\n');
    if (state == SW_VERTEX_FAILED)
        add_tail(tty, vertex, width);
}

static void on_log(struct sw_renderer *renderer, uint32_t level, const char *source, const char *text) {
    struct tty *tty = (struct tty *)renderer;
    color(tty, &tty->above, level == SW_LOG_ERROR ? "31" : level == SW_LOG_WARN ? "33" : "0");
    sw_log_render(&tty->above, SW_LOG_TEXT, level, source, text);
    color(tty, &tty->above, "0");
    draw(tty);
}

static void on_silence(struct sw_renderer *renderer, uint64_t silent_ms) {
    struct tty *tty = (struct tty *)renderer;
    sw_render_waiting(&tty->above, renderer->running, silent_ms);
    sw_buf_putc(&tty->above, '\n');
}

static void on_tick(struct sw_renderer *renderer) {
    struct tty *tty = (struct tty *)renderer;
    if (renderer->running->first || tty->drawn || tty->above.len)
        draw(tty);
}

static void free_renderer(struct sw_renderer *renderer) {
    struct tty *tty = (struct tty *)renderer;
    static const struct sw_running nothing;
    renderer->running = &nothing;
    draw(tty);
    sw_buf_fini(&tty->above);
    sw_buf_fini(&tty->screen);
    free(tty);
}

static bool is_utf8(void) {
    const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

struct sw_renderer *sw_renderer_tty(void) {
    struct tty *tty = sw_new(sizeof *tty);
    tty->base = (struct sw_renderer){
        .on_start = on_nothing,
        .on_output = on_output,
        .on_bytes = on_nothing,
        .on_finish = on_finish,
        .on_log = on_log,
        .on_silence = on_silence,
        .on_tick = on_tick,
        .free = free_renderer,
    };
    tty->set = is_utf8() ? SW_TEXT_UTF8 : SW_TEXT_ASCII;
    tty->look = tty->set == SW_TEXT_UTF8 ? &utf8_look : &ascii_look;
    tty->color = sw_color_wanted();
    return &tty->base;
}
