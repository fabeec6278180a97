#include "core/build/needles.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"

/* Lines of a value are shorter than values, and more likely to be text of everybody's. */
enum { SHORTEST_LINE = 16 };

static void add(struct sw_needles *needles, const char *id, const char *bytes, size_t len) {
    if (len < SW_NEEDLE_SHORTEST)
        return;
    for (size_t i = 0; i < needles->items.len; i++) {
        const struct sw_needle *other = sw_vec_at(&needles->items, i);
        if (other->len == len && memcmp(other->bytes, bytes, len) == 0)
            return;
    }
    needles->items.width = sizeof(struct sw_needle);
    sw_vec_push(&needles->items, &(struct sw_needle){sw_strdup(id), sw_memdup(bytes, len), len});
    if (len > needles->longest)
        needles->longest = len;
}

static void add_and_wipe(struct sw_needles *needles, const char *id, struct sw_buf *form) {
    add(needles, id, form->data, form->len);
    if (form->data)
        explicit_bzero(form->data, form->cap);
    sw_buf_fini(form);
}

/* The groups of three bytes that are whole: the last digits depend on what comes behind. */
static void add_base64(struct sw_needles *needles, const char *id, const unsigned char *data, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct sw_buf form = {0};
    for (size_t i = 0; i + 3 <= len; i += 3) {
        uint32_t group = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
        for (unsigned k = 0; k < 4; k++)
            sw_buf_putc(&form, digits[group >> (18 - 6 * k) & 63]);
    }
    add_and_wipe(needles, id, &form);
}

static void add_hex(struct sw_needles *needles, const char *id, const unsigned char *data, size_t len, const char *format) {
    struct sw_buf form = {0};
    for (size_t i = 0; i < len; i++)
        sw_buf_printf(&form, format, data[i]);
    add_and_wipe(needles, id, &form);
}

static void add_url(struct sw_needles *needles, const char *id, const unsigned char *data, size_t len) {
    struct sw_buf form = {0};
    for (size_t i = 0; i < len; i++) {
        bool plain = (data[i] >= 'a' && data[i] <= 'z') || (data[i] >= 'A' && data[i] <= 'Z') ||
                     (data[i] >= '0' && data[i] <= '9') || (data[i] && strchr("-._~", data[i]));
        if (plain)
            sw_buf_putc(&form, (char)data[i]);
        else
            sw_buf_printf(&form, "%%%02X", data[i]);
    }
    add_and_wipe(needles, id, &form);
}

static void add_lines(struct sw_needles *needles, const char *id, const char *data, size_t len) {
    for (size_t start = 0; start < len;) {
        const char *end = memchr(data + start, '\n', len - start);
        size_t line = end ? (size_t)(end - data) - start : len - start;
        size_t text = line && data[start + line - 1] == '\r' ? line - 1 : line;
        bool frame = text >= 5 && memcmp(data + start, "-----", 5) == 0; /* of a key: the same in all of them */
        if (text >= SHORTEST_LINE && !frame)
            add(needles, id, data + start, text);
        start += line + 1;
    }
}

void sw_needles_add(struct sw_needles *needles, const char *id, struct sw_bytes value) {
    const char *data = value.data;
    size_t len = value.len;
    while (len && (data[len - 1] == '\n' || data[len - 1] == '\r'))
        len--;
    if (len < SW_NEEDLE_SHORTEST)
        return;
    const unsigned char *bytes = (const unsigned char *)data;
    add(needles, id, data, len);
    add_base64(needles, id, bytes, len);
    add_hex(needles, id, bytes, len, "%02x");
    add_hex(needles, id, bytes, len, "%02X");
    add_url(needles, id, bytes, len);
    if (memchr(data, '\n', len))
        add_lines(needles, id, data, len);
}

void sw_needles_fini(struct sw_needles *needles) {
    for (size_t i = 0; i < needles->items.len; i++) {
        struct sw_needle *needle = sw_vec_at(&needles->items, i);
        explicit_bzero(needle->bytes, needle->len);
        free(needle->bytes);
        free(needle->id);
    }
    sw_vec_fini(&needles->items);
    *needles = (struct sw_needles){0};
}

const char *sw_needles_find(const struct sw_needles *needles, const char *text, size_t len) {
    for (size_t i = 0; i < needles->items.len; i++) {
        const struct sw_needle *needle = sw_vec_at(&needles->items, i);
        if (needle->len <= len && memmem(text, len, needle->bytes, needle->len))
            return needle->id;
    }
    return NULL;
}
