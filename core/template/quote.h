/* quote.h - Go's string and character literals (strconv.Quote and Unquote). */
#ifndef CORE_TEMPLATE_QUOTE_H
#define CORE_TEMPLATE_QUOTE_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/template/value.h"

enum sw_charset { SW_UNICODE, SW_ASCII_ONLY };

/* "…" with escapes for what cannot be printed. */
void sw_quote(struct sw_buf *out, struct sw_str text, enum sw_charset charset);
/* '…' of one code point. */
void sw_quote_rune(struct sw_buf *out, uint32_t rune, enum sw_charset charset);

/* Whether `text` can stand between backquotes. */
bool sw_can_backquote(struct sw_str text);

/* The content of a literal in double quotes or backquotes, appended to `out`; false for bad syntax. */
bool sw_unquote(struct sw_str literal, struct sw_buf *out);

/* Takes the first character, maybe an escape, off `*text`. `*single_byte` says that it is a byte, not a code point. */
bool sw_unquote_char(struct sw_str *text, char quote, uint32_t *rune, bool *single_byte);

#endif
