#include "core/runtime/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/runtime/mask.h"
#include "core/runtime/text.h"

static _Atomic uint32_t shown = SW_LOG_INFO;
static enum sw_log_format shown_format = SW_LOG_TEXT;
static void (*_Atomic line_sink)(uint32_t level, const char *source, const char *text);

void sw_log_set(enum sw_log_level least, enum sw_log_format format) {
    atomic_store(&shown, (uint32_t)least);
    shown_format = format;
}

void sw_log_set_sink(void (*sink)(uint32_t level, const char *source, const char *text)) {
    atomic_store(&line_sink, sink);
}

void sw_log(enum sw_log_level level, const char *source, const char *format, ...) {
    if ((uint32_t)level < atomic_load(&shown))
        return;
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    sw_log_text(level, source, text);
}

void sw_log_text(uint32_t level, const char *source, const char *text) {
    if (level < atomic_load(&shown))
        return;
    sw_cleanup_free char *masked = sw_mask_text(text);
    void (*sink)(uint32_t, const char *, const char *) = atomic_load(&line_sink);
    if (sink) {
        sink(level, source, masked);
        return;
    }
    sw_cleanup_buf struct sw_buf line = {0};
    sw_log_render(&line, shown_format, level, source, masked);
    sw_log_write(STDERR_FILENO, line.data, line.len);
}

static const char *level_name(uint32_t level) {
    static const char *const names[] = {"debug", "info", "warning", "error"};
    return names[level < SW_LOG_ERROR ? level : SW_LOG_ERROR];
}

static void render_text(struct sw_buf *out, uint32_t level, const char *source, const char *text) {
    if (level != SW_LOG_INFO)
        sw_buf_printf(out, "%s: ", level_name(level));
    if (source && *source)
        sw_buf_printf(out, "%s: ", source);
    for (const char *line = text; *line;) { /* several lines (an excerpt) stay several, but nothing in them can move the cursor */
        size_t len = strcspn(line, "\n");
        sw_text_plain(out, line, len, SIZE_MAX, SW_TEXT_UTF8);
        line += len;
        if (*line && *++line)
            sw_buf_putc(out, '\n');
    }
    sw_buf_putc(out, '\n');
}

void sw_log_render(struct sw_buf *out, enum sw_log_format format, uint32_t level, const char *source, const char *text) {
    if (format == SW_LOG_TEXT) {
        render_text(out, level, source, text);
        return;
    }
    sw_buf_puts(out, "{\"v\":1,\"time\":\"");
    sw_text_now(out);
    sw_buf_printf(out, "\",\"event\":\"log\",\"level\":\"%s\",\"source\":", level_name(level));
    sw_text_json(out, source ? source : "slipway", strlen(source ? source : "slipway"));
    sw_buf_puts(out, ",\"text\":");
    sw_text_json(out, text, strlen(text));
    sw_buf_puts(out, "}\n");
}

void sw_log_write(int fd, const char *data, size_t len) {
    while (len) {
        ssize_t written = write(fd, data, len);
        if (written < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
            continue;
        }
        if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            data += written;
            len -= (size_t)written;
        }
    }
}
