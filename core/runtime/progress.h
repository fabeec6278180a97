/* progress.h - what a build is doing: one stream of events, shown by one renderer.
 *
 * A vertex is a line of progress: it starts below a parent, may have output and bytes, and ends in a state. The renderer is chosen
 * once: `tty` (a live display), `plain` (a line an event, for logs), `json` (a JSON object an event: docs/progress.md) or `quiet`.
 * Everything goes to standard error. Output comes line by line, with the values of secrets masked. Without sw_progress_start all
 * functions work and show nothing. */
#ifndef CORE_RUNTIME_PROGRESS_H
#define CORE_RUNTIME_PROGRESS_H

#include "slipway/host.h"

enum sw_progress_mode { SW_PROGRESS_AUTO, SW_PROGRESS_TTY, SW_PROGRESS_PLAIN, SW_PROGRESS_JSON, SW_PROGRESS_QUIET };

/* Reads "auto", "tty", "plain", "json", "quiet". False: it is none of them. */
bool sw_progress_parse(const char *text, enum sw_progress_mode *mode);

struct sw_progress_options {
    enum sw_progress_mode mode; /* AUTO: tty when `fd` is a terminal that can do it, else plain */
    int fd;                     /* usually STDERR_FILENO */
    uint32_t silence_ms;        /* after so much silence a line says who is waited for; 0: 30 s */
    uint32_t width;             /* columns of the terminal; 0: asked for at each redraw */
    uint32_t height;
};

/* Starts to show progress, and takes over the log's lines. [loop] */
void sw_progress_start(const struct sw_progress_options *options);

/* Shows the last state and lets go of the terminal. Vertices that still run stay valid. [loop] */
void sw_progress_end(void);

/* The functions of struct sw_host_progress: see slipway/host.h. */
struct sw_vertex *sw_vertex_start(struct sw_vertex *parent, const char *title);
void sw_vertex_output(struct sw_vertex *vertex, int stream, struct sw_bytes bytes);
void sw_vertex_bytes(struct sw_vertex *vertex, uint64_t done, uint64_t total);
void sw_vertex_finish(struct sw_vertex *vertex, uint32_t state);

/* Number of a vertex, unique among those that are shown. [any] */
uint64_t sw_vertex_id(const struct sw_vertex *vertex);

/* The last lines of a vertex' output, at most 40, joined by line breaks. To be freed. [any] */
char *sw_vertex_tail(struct sw_vertex *vertex);

/* Prints all that runs, as a tree with times. [loop] */
void sw_progress_show_running(void);

#endif
