#include "plugins/buildkit/packet.h"

#include "plugins/buildkit/wire.h"

void sw_packet_put_stat(struct sw_buf *out, const struct sw_packet_stat *stat) {
    if (!stat)
        return;
    sw_cleanup_buf struct sw_buf inner = {0};
    sw_wire_text(&inner, 1, stat->path);
    sw_wire_uint(&inner, 2, stat->mode);
    sw_wire_uint(&inner, 3, stat->uid);
    sw_wire_uint(&inner, 4, stat->gid);
    sw_wire_int(&inner, 5, stat->size);
    sw_wire_int(&inner, 6, stat->mtime);
    sw_wire_text(&inner, 7, stat->linkname);
    sw_wire_message(out, 2, &inner);
}

void sw_packet_put_data(struct sw_buf *out, uint32_t id, struct sw_bytes data) {
    sw_wire_uint(out, 1, SW_PACKET_DATA);
    sw_wire_uint(out, 3, id);
    sw_wire_bytes(out, 4, data);
}

void sw_packet_put(struct sw_buf *out, enum sw_packet_type type, const char *text) {
    sw_wire_uint(out, 1, type);
    sw_wire_text(out, 4, text);
}

bool sw_packet_read(struct sw_bytes message, struct sw_packet *packet) {
    struct sw_wire_field field;
    int got;
    *packet = (struct sw_packet){0};
    while ((got = sw_wire_next(&message, &field)) > 0) {
        if (field.number == 1 && field.type == SW_WIRE_VARINT)
            packet->type = (uint32_t)field.value;
        else if (field.number == 2 && field.type == SW_WIRE_BYTES)
            packet->has_stat = true;
        else if (field.number == 3 && field.type == SW_WIRE_VARINT)
            packet->id = (uint32_t)field.value;
        else if (field.number == 4 && field.type == SW_WIRE_BYTES)
            packet->data = field.bytes;
    }
    return got == 0 && packet->type <= SW_PACKET_ERR;
}

int sw_packet_path_order(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    int left = *a == '/' ? 1 : *a ? (unsigned char)*a + 1 : 0;
    int right = *b == '/' ? 1 : *b ? (unsigned char)*b + 1 : 0;
    return left - right;
}
