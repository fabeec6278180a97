/* pack.h - protobuf-c messages to bytes, and maps of strings. */
#ifndef PLUGINS_BUILDKIT_PACK_H
#define PLUGINS_BUILDKIT_PACK_H

#include <protobuf-c/protobuf-c.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "messages.pb-c.h"

/* Appends `message`. */
void sw_pack(const ProtobufCMessage *message, struct sw_buf *out);

/* Pairs as the entries of a map; all memory is `arena`'s but the strings, which are borrowed. */
Sw__Entry **sw_pack_entries(struct sw_arena *arena, struct sw_pairs pairs);

/* Value of `key` in a map that came; NULL: not there. */
const char *sw_entry_value(Sw__Entry *const *entries, size_t count, const char *key);

#endif
