#include "core/runtime/mask.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/vec.h"

enum { MIN_LINE = 4 }; /* shorter lines of a longer value ("}") say nothing and would mask half of a log */

struct value {
    char *data;
    size_t len;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sw_vec values = {.width = sizeof(struct value)}; /* the longest first */
static bool starts[256];                                       /* bytes that a value starts with */

static void add_form(const char *data, size_t len) {
    if (!len)
        return;
    size_t at = 0;
    for (; at < values.len; at++) {
        const struct value *other = sw_vec_at(&values, at);
        if (other->len == len && !memcmp(other->data, data, len))
            return;
        if (other->len < len)
            break;
    }
    sw_vec_push(&values, NULL);
    struct value *list = values.data;
    memmove(&list[at + 1], &list[at], (values.len - 1 - at) * sizeof *list);
    list[at] = (struct value){sw_memdup(data, len), len};
    starts[(unsigned char)data[0]] = true;
}

static void add_and_wipe(struct sw_buf *form) {
    add_form(form->data, form->len);
    if (form->data)
        explicit_bzero(form->data, form->cap);
    sw_buf_fini(form);
}

static void add_base64(const unsigned char *data, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct sw_buf text = {0};
    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)data[i] << 16 | (uint32_t)(i + 1 < len ? data[i + 1] : 0) << 8 | (i + 2 < len ? data[i + 2] : 0);
        size_t count = len - i >= 3 ? 4 : len - i + 1; /* without padding, which some leave out */
        for (size_t k = 0; k < count; k++)
            sw_buf_putc(&text, digits[group >> (18 - 6 * k) & 63]);
    }
    add_and_wipe(&text);
}

static void add_url(const unsigned char *data, size_t len) {
    struct sw_buf text = {0};
    for (size_t i = 0; i < len; i++) {
        bool plain = (data[i] >= 'a' && data[i] <= 'z') || (data[i] >= 'A' && data[i] <= 'Z') ||
                     (data[i] >= '0' && data[i] <= '9') || (data[i] && strchr("-._~", data[i]));
        if (plain)
            sw_buf_putc(&text, (char)data[i]);
        else
            sw_buf_printf(&text, "%%%02X", data[i]);
    }
    add_and_wipe(&text);
}

static void add_lines(const char *data, size_t len) {
    for (size_t start = 0; start < len;) {
        const char *end = memchr(data + start, '\n', len - start);
        size_t line = end ? (size_t)(end - data) - start : len - start;
        size_t text = line && data[start + line - 1] == '\r' ? line - 1 : line;
        if (text >= MIN_LINE)
            add_form(data + start, text);
        start += line + 1;
    }
}

void sw_mask_add(const void *value, size_t len) {
    const char *data = value;
    while (len && (data[len - 1] == '\n' || data[len - 1] == '\r'))
        len--;
    if (!len)
        return;
    pthread_mutex_lock(&lock);
    add_form(data, len);
    if (len >= MIN_LINE) {
        add_base64(value, len);
        add_url(value, len);
    }
    if (memchr(data, '\n', len))
        add_lines(data, len);
    pthread_mutex_unlock(&lock);
}

void sw_mask_clear(void) {
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < values.len; i++) {
        struct value *value = sw_vec_at(&values, i);
        explicit_bzero(value->data, value->len);
        free(value->data);
    }
    sw_vec_fini(&values);
    values = (struct sw_vec){.width = sizeof(struct value)};
    memset(starts, 0, sizeof starts);
    pthread_mutex_unlock(&lock);
}

void sw_mask_stream_fini(struct sw_mask_stream *stream) {
    sw_buf_fini(&stream->held);
}

/* Length of the value that stands at `text`; 0: none; -1: one may begin here, but the text ends before that is known. */
static ptrdiff_t match(const char *text, size_t len) {
    bool may = false;
    for (size_t i = 0; i < values.len; i++) {
        const struct value *value = sw_vec_at(&values, i);
        size_t common = value->len < len ? value->len : len;
        if (memcmp(text, value->data, common))
            continue;
        if (common == value->len)
            return may ? -1 : (ptrdiff_t)value->len; /* a longer value may still come: wait for it */
        may = true;
    }
    return may ? -1 : 0;
}

/* Masks `text` into `out`; returns how many of its last bytes are not certain yet. */
static size_t scan(const char *text, size_t len, bool last, struct sw_buf *out) {
    size_t done = 0, at = 0;
    while (at < len) {
        if (!starts[(unsigned char)text[at]]) {
            at++;
            continue;
        }
        ptrdiff_t found = match(text + at, len - at);
        if (found < 0 && !last)
            break;
        if (found < 0) /* at the end only whole values count */
            for (size_t i = 0; i < values.len && found < 0; i++) {
                const struct value *value = sw_vec_at(&values, i);
                if (value->len <= len - at && !memcmp(text + at, value->data, value->len))
                    found = (ptrdiff_t)value->len;
            }
        if (found <= 0) {
            at++;
            continue;
        }
        sw_buf_add(out, text + done, at - done);
        sw_buf_puts(out, "***");
        at += (size_t)found;
        done = at;
    }
    sw_buf_add(out, text + done, at - done);
    return len - at;
}

void sw_mask_feed(struct sw_mask_stream *stream, const void *data, size_t len, struct sw_buf *out) {
    if (!len)
        return;
    pthread_mutex_lock(&lock);
    if (!stream->held.len) {
        size_t rest = scan(data, len, false, out);
        sw_buf_add(&stream->held, (const char *)data + len - rest, rest);
    } else {
        sw_buf_add(&stream->held, data, len);
        size_t rest = scan(stream->held.data, stream->held.len, false, out);
        memmove(stream->held.data, stream->held.data + stream->held.len - rest, rest);
        sw_buf_truncate(&stream->held, rest);
    }
    pthread_mutex_unlock(&lock);
}

void sw_mask_flush(struct sw_mask_stream *stream, struct sw_buf *out) {
    if (!stream->held.len)
        return;
    pthread_mutex_lock(&lock);
    scan(stream->held.data, stream->held.len, true, out);
    sw_buf_truncate(&stream->held, 0);
    pthread_mutex_unlock(&lock);
}

char *sw_mask_text(const char *text) {
    if (!text)
        return NULL;
    struct sw_mask_stream stream = {0};
    struct sw_buf out = {0};
    sw_mask_feed(&stream, text, strlen(text), &out);
    sw_mask_flush(&stream, &out);
    sw_mask_stream_fini(&stream);
    return sw_buf_take(&out);
}
