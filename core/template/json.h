/* json.h - JSON as Go's encoding/json reads and writes it. */
#ifndef CORE_TEMPLATE_JSON_H
#define CORE_TEMPLATE_JSON_H

#include "core/template/value.h"

struct sw_engine;

enum sw_json_read {
    SW_JSON_READ,
    SW_JSON_PARTLY, /* a number was out of range and is nil in the value; the message says so */
    SW_JSON_BAD,
};

/* Reads a text into lists, maps, float64, strings, bools and nil. */
enum sw_json_read sw_json_parse(struct sw_arena *arena, struct sw_str text, struct sw_datum *out, struct sw_buf *error);

enum sw_json_style { SW_JSON_COMPACT, SW_JSON_PRETTY, SW_JSON_RAW /* compact, without escapes for HTML */ };

/* Appends a value's JSON; false with Go's message for what has none. */
bool sw_json_write(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value, enum sw_json_style style,
                   struct sw_buf *error);

#endif
