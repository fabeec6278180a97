#include "core/runtime/renderer.h"

#include <stdbool.h>
#include <string.h>

#include "core/runtime/loop.h"
#include "core/runtime/text.h"

const char *sw_vertex_state_name(uint32_t state) {
    static const char *const names[] = {"running", "done", "cached", "failed", "cancelled"};
    return state < sizeof names / sizeof *names ? names[state] : "done";
}

/* Whether something that runs stands below `vertex`: then it is that one which is waited for. */
static bool has_child(const struct sw_vertex *vertex) {
    for (const struct sw_vertex *other = vertex->next; other; other = other->next)
        if (other->parent == vertex->id)
            return true;
    return false;
}

void sw_render_waiting(struct sw_buf *out, const struct sw_running *running, uint64_t silent_ms) {
    uint64_t now = sw_loop_now();
    const char *separator = "";
    sw_buf_puts(out, "silent for ");
    sw_text_duration(out, silent_ms);
    sw_buf_puts(out, ", waiting for: ");
    for (const struct sw_vertex *vertex = running->first; vertex; vertex = vertex->next) {
        if (has_child(vertex))
            continue;
        sw_buf_puts(out, separator);
        sw_text_plain(out, vertex->title, strlen(vertex->title), SIZE_MAX, SW_TEXT_UTF8);
        sw_buf_puts(out, " (");
        sw_text_duration(out, now - vertex->started);
        sw_buf_putc(out, ')');
        separator = "; ";
    }
}
