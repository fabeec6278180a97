/* text.h - text for terminals and for JSON: strange bytes in it must break neither. */
#ifndef CORE_RUNTIME_TEXT_H
#define CORE_RUNTIME_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

/* Appends `text` as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void sw_text_json(struct sw_buf *out, const char *text, size_t len);

/* Appends `text` without escape sequences and control characters (a tab becomes spaces), cut to `width` columns of a terminal;
 * SIZE_MAX: not cut. What was cut ends in "…", or "~" when `ascii`. Returns the columns used. */
enum sw_text_set { SW_TEXT_UTF8, SW_TEXT_ASCII };
size_t sw_text_plain(struct sw_buf *out, const char *text, size_t len, size_t width, enum sw_text_set set);

/* Appends a duration: "0.3s", "12.5s", "3m04s", "1h02m". */
void sw_text_duration(struct sw_buf *out, uint64_t ms);

/* Appends a number of bytes: "512 B", "1.5 MB". */
void sw_text_bytes(struct sw_buf *out, uint64_t bytes);

/* Appends the wall clock as RFC 3339 with milliseconds, UTC. */
void sw_text_now(struct sw_buf *out);

#endif
