#include "core/runtime/lines.h"

#include <string.h>

enum { MAX_LINE = 64 * 1024 }; /* what is longer comes in several pieces */

void sw_lines_fini(struct sw_lines *lines) {
    sw_mask_stream_fini(&lines->mask);
    sw_buf_fini(&lines->line);
}

static void give(struct sw_lines *lines, sw_line_visit visit, void *context) {
    visit(context, sw_buf_text(&lines->line), lines->line.len);
    sw_buf_truncate(&lines->line, 0);
}

static void add_run(struct sw_lines *lines, const char *text, size_t len, sw_line_visit visit, void *context) {
    while (len) {
        size_t part = MAX_LINE - lines->line.len < len ? MAX_LINE - lines->line.len : len;
        sw_buf_add(&lines->line, text, part);
        text += part;
        len -= part;
        if (lines->line.len == MAX_LINE)
            give(lines, visit, context);
    }
}

static void split(struct sw_lines *lines, const char *text, size_t len, sw_line_visit visit, void *context) {
    for (size_t at = 0; at < len;) {
        size_t run = 0;
        while (at + run < len && text[at + run] != '\n' && text[at + run] != '\r')
            run++;
        if (run && lines->returned) /* what stood there is overwritten */
            sw_buf_truncate(&lines->line, 0);
        if (run)
            lines->returned = false;
        add_run(lines, text + at, run, visit, context);
        at += run;
        if (at == len)
            break;
        lines->returned = text[at] == '\r';
        if (text[at] == '\n')
            give(lines, visit, context);
        at++;
    }
}

void sw_lines_feed(struct sw_lines *lines, const void *data, size_t len, sw_line_visit visit, void *context) {
    sw_cleanup_buf struct sw_buf masked = {0};
    sw_mask_feed(&lines->mask, data, len, &masked);
    split(lines, sw_buf_text(&masked), masked.len, visit, context);
}

void sw_lines_flush(struct sw_lines *lines, sw_line_visit visit, void *context) {
    sw_cleanup_buf struct sw_buf masked = {0};
    sw_mask_flush(&lines->mask, &masked);
    split(lines, sw_buf_text(&masked), masked.len, visit, context);
    if (lines->line.len)
        give(lines, visit, context);
    lines->returned = false;
}
