#include "plugins/buildkit/wire.h"

#include <string.h>

/* ---- writing ---- */

static void put_varint(struct sw_buf *buf, uint64_t value) {
    while (value >= 0x80) {
        sw_buf_putc(buf, (char)(value | 0x80));
        value >>= 7;
    }
    sw_buf_putc(buf, (char)value);
}

static void put_tag(struct sw_buf *buf, uint32_t field, enum sw_wire_type type) {
    put_varint(buf, (uint64_t)field << 3 | type);
}

void sw_wire_uint(struct sw_buf *buf, uint32_t field, uint64_t value) {
    if (!value)
        return;
    put_tag(buf, field, SW_WIRE_VARINT);
    put_varint(buf, value);
}

void sw_wire_int(struct sw_buf *buf, uint32_t field, int64_t value) {
    sw_wire_uint(buf, field, (uint64_t)value);
}

void sw_wire_bool(struct sw_buf *buf, uint32_t field, bool value) {
    sw_wire_uint(buf, field, value);
}

void sw_wire_bytes_always(struct sw_buf *buf, uint32_t field, struct sw_bytes bytes) {
    put_tag(buf, field, SW_WIRE_BYTES);
    put_varint(buf, bytes.len);
    if (bytes.len)
        sw_buf_add(buf, bytes.data, bytes.len);
}

void sw_wire_bytes(struct sw_buf *buf, uint32_t field, struct sw_bytes bytes) {
    if (bytes.len)
        sw_wire_bytes_always(buf, field, bytes);
}

void sw_wire_text_always(struct sw_buf *buf, uint32_t field, const char *text) {
    sw_wire_bytes_always(buf, field, (struct sw_bytes){text, text ? strlen(text) : 0});
}

void sw_wire_text(struct sw_buf *buf, uint32_t field, const char *text) {
    if (text && *text)
        sw_wire_text_always(buf, field, text);
}

void sw_wire_message(struct sw_buf *buf, uint32_t field, const struct sw_buf *message) {
    sw_wire_bytes_always(buf, field, (struct sw_bytes){message->data, message->len});
}

void sw_wire_entry(struct sw_buf *buf, uint32_t field, const char *key, const char *value) {
    sw_cleanup_buf struct sw_buf entry = {0};
    sw_wire_text_always(&entry, 1, key);
    sw_wire_text_always(&entry, 2, value);
    sw_wire_message(buf, field, &entry);
}

/* ---- reading ---- */

static bool take_varint(struct sw_bytes *rest, uint64_t *value) {
    const uint8_t *data = rest->data;
    *value = 0;
    for (size_t i = 0; i < rest->len && i < 10; i++) {
        *value |= (uint64_t)(data[i] & 0x7f) << (7 * i);
        if (data[i] & 0x80)
            continue;
        *rest = (struct sw_bytes){data + i + 1, rest->len - i - 1};
        return true;
    }
    return false;
}

static bool take_bytes(struct sw_bytes *rest, uint64_t len, struct sw_bytes *bytes) {
    if (len > rest->len)
        return false;
    *bytes = (struct sw_bytes){rest->data, (size_t)len};
    *rest = (struct sw_bytes){(const uint8_t *)rest->data + len, rest->len - (size_t)len};
    return true;
}

static bool take_fixed(struct sw_bytes *rest, size_t len, uint64_t *value) {
    struct sw_bytes bytes;
    if (!take_bytes(rest, len, &bytes))
        return false;
    *value = 0;
    for (size_t i = 0; i < len; i++)
        *value |= (uint64_t)((const uint8_t *)bytes.data)[i] << (8 * i);
    return true;
}

int sw_wire_next(struct sw_bytes *rest, struct sw_wire_field *field) {
    uint64_t tag, len;
    if (!rest->len)
        return 0;
    if (!take_varint(rest, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return -1;
    *field = (struct sw_wire_field){.number = (uint32_t)(tag >> 3), .type = tag & 7};
    switch (field->type) {
    case SW_WIRE_VARINT:
        return take_varint(rest, &field->value) ? 1 : -1;
    case SW_WIRE_FIXED64:
        return take_fixed(rest, 8, &field->value) ? 1 : -1;
    case SW_WIRE_FIXED32:
        return take_fixed(rest, 4, &field->value) ? 1 : -1;
    case SW_WIRE_BYTES:
        return take_varint(rest, &len) && take_bytes(rest, len, &field->bytes) ? 1 : -1;
    default:
        return -1;
    }
}
