/* mask.h - keeps the values of secrets out of what is shown.
 *
 * Values are registered when they are first read. From then on every text that passes through here has "***" in their place, in
 * their plain form, in base64, and URL-encoded; a value of several lines also line by line. */
#ifndef CORE_RUNTIME_MASK_H
#define CORE_RUNTIME_MASK_H

#include <stddef.h>

#include "core/base/buf.h"

/* Registers a value; a final line break is not part of it. [any] */
void sw_mask_add(const void *value, size_t len);

/* Forgets and wipes all values. [any] */
void sw_mask_clear(void);

/* A text as it passes in pieces: what may be the beginning of a value is held back until the next piece. A zeroed one is ready. */
struct sw_mask_stream {
    struct sw_buf held;
};

void sw_mask_stream_fini(struct sw_mask_stream *stream);

/* Appends to `out` what of the text so far is certain. [any] */
void sw_mask_feed(struct sw_mask_stream *stream, const void *data, size_t len, struct sw_buf *out);

/* Appends what was held back: the text is over, or must be shown now. [any] */
void sw_mask_flush(struct sw_mask_stream *stream, struct sw_buf *out);

/* A whole text, masked. To be freed. NULL stays NULL. [any] */
char *sw_mask_text(const char *text);

#endif
