#include "plugins/buildkit/pack.h"

#include <string.h>

void sw_pack(const ProtobufCMessage *message, struct sw_buf *out) {
    size_t len = protobuf_c_message_get_packed_size(message);
    sw_buf_reserve(out, len);
    protobuf_c_message_pack(message, (uint8_t *)out->data + out->len);
    out->len += len;
    out->data[out->len] = '\0';
}

Sw__Entry **sw_pack_entries(struct sw_arena *arena, struct sw_pairs pairs) {
    Sw__Entry **entries = sw_arena_new(arena, (pairs.count + 1) * sizeof *entries);
    for (size_t i = 0; i < pairs.count; i++) {
        entries[i] = sw_arena_new(arena, sizeof **entries);
        sw__entry__init(entries[i]);
        entries[i]->key = (char *)pairs.items[i].key;
        entries[i]->value = (char *)pairs.items[i].value;
    }
    return entries;
}

const char *sw_entry_value(Sw__Entry *const *entries, size_t count, const char *key) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(entries[i]->key, key))
            return entries[i]->value;
    return NULL;
}
