#include "core/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

void sw_buf_fini(struct sw_buf *buf) {
    free(buf->data);
    *buf = (struct sw_buf){0};
}

void sw_buf_reserve(struct sw_buf *buf, size_t more) {
    if (buf->cap - buf->len > more)
        return;
    size_t cap = buf->cap ? buf->cap * 2 : 64;
    if (cap < buf->len + more + 1)
        cap = buf->len + more + 1;
    buf->data = sw_resize(buf->data, cap, 1);
    buf->cap = cap;
}

void sw_buf_add(struct sw_buf *buf, const void *data, size_t len) {
    sw_buf_reserve(buf, len);
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void sw_buf_puts(struct sw_buf *buf, const char *text) {
    sw_buf_add(buf, text, strlen(text));
}

void sw_buf_putc(struct sw_buf *buf, char c) {
    sw_buf_add(buf, &c, 1);
}

void sw_buf_printf(struct sw_buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    sw_buf_puts(buf, text);
}

void sw_buf_truncate(struct sw_buf *buf, size_t len) {
    if (len >= buf->len)
        return;
    buf->len = len;
    buf->data[len] = '\0';
}

const char *sw_buf_text(const struct sw_buf *buf) {
    return buf->data ? buf->data : "";
}

char *sw_buf_take(struct sw_buf *buf) {
    char *text = buf->data ? buf->data : sw_strdup("");
    *buf = (struct sw_buf){0};
    return text;
}
