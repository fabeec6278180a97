/* wire.h - protobuf's wire format by hand, for what must have canonical bytes (LLB) and for what is sent by the thousand (file
 * packets).
 *
 * The writer leaves defaults out, as proto3 does; callers write fields in ascending order. The reader trusts nothing. Pure. */
#ifndef PLUGINS_BUILDKIT_WIRE_H
#define PLUGINS_BUILDKIT_WIRE_H

#include "core/base/buf.h"
#include "slipway/types.h"

/* ---- writing ---- */

void sw_wire_uint(struct sw_buf *buf, uint32_t field, uint64_t value);
void sw_wire_int(struct sw_buf *buf, uint32_t field, int64_t value); /* negative values take ten bytes */
void sw_wire_bool(struct sw_buf *buf, uint32_t field, bool value);
void sw_wire_text(struct sw_buf *buf, uint32_t field, const char *text); /* NULL is "" */
void sw_wire_bytes(struct sw_buf *buf, uint32_t field, struct sw_bytes bytes);

/* As above, but there even when empty: elements of repeated fields, members of oneofs, sub-messages. */
void sw_wire_text_always(struct sw_buf *buf, uint32_t field, const char *text);
void sw_wire_bytes_always(struct sw_buf *buf, uint32_t field, struct sw_bytes bytes);
void sw_wire_message(struct sw_buf *buf, uint32_t field, const struct sw_buf *message);

/* One entry of a map<string,string>: key and value are both there. */
void sw_wire_entry(struct sw_buf *buf, uint32_t field, const char *key, const char *value);

/* ---- reading ---- */

enum sw_wire_type { SW_WIRE_VARINT = 0, SW_WIRE_FIXED64 = 1, SW_WIRE_BYTES = 2, SW_WIRE_FIXED32 = 5 };

struct sw_wire_field {
    uint32_t number;
    uint32_t type;         /* enum sw_wire_type */
    uint64_t value;        /* of all but BYTES */
    struct sw_bytes bytes; /* borrowed from the message */
};

/* Takes the next field off `*rest`. 1: `field` is filled; 0: the end; -1: malformed. */
int sw_wire_next(struct sw_bytes *rest, struct sw_wire_field *field);

#endif
