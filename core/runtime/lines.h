/* lines.h - makes lines of a step's output, which comes in pieces of any size; values of secrets are masked on the way.
 *
 * A line that is rewritten in place by carriage returns (a progress bar) counts once, as it stood at its end. */
#ifndef CORE_RUNTIME_LINES_H
#define CORE_RUNTIME_LINES_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/runtime/mask.h"

struct sw_lines { /* a zeroed one is ready */
    struct sw_mask_stream mask;
    struct sw_buf line;
    bool returned; /* the last byte was a carriage return */
};

/* Called with a line without its end; valid for the call. */
typedef void (*sw_line_visit)(void *context, const char *line, size_t len);

void sw_lines_fini(struct sw_lines *lines);
void sw_lines_feed(struct sw_lines *lines, const void *data, size_t len, sw_line_visit visit, void *context);

/* Gives out the last line, if it has no end. */
void sw_lines_flush(struct sw_lines *lines, sw_line_visit visit, void *context);

#endif
