/* text.h - runes and the few string functions of Go that the Dockerfile dialect is defined by.
 *
 * The dialect's reference is a Go program: what is a space, a letter or a digit, how text is trimmed and quoted, follows Go's
 * `unicode`, `strings` and `strconv`. Bytes that are no UTF-8 read as U+FFFD. Results live in the arena that is given. */
#ifndef PLUGINS_DOCKERFILE_TEXT_H
#define PLUGINS_DOCKERFILE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "slipway/types.h"

enum { SW_DF_RUNE_BAD = 0xFFFD };

/* Stands for a NUL, since texts end at one here: no text that is UTF-8 has these bytes. */
#define SW_DF_NUL "\xC0\x80"

/* Reads one rune; returns its length in bytes, 0 at the end of the text. */
size_t sw_df_rune(const char *text, uint32_t *rune);
void sw_df_put_rune(struct sw_buf *buf, uint32_t rune);

bool sw_df_is_space(uint32_t rune);
bool sw_df_is_letter(uint32_t rune);
bool sw_df_is_digit(uint32_t rune);

/* White space of the instruction splitter: `[\t\v\f\r ]`. */
bool sw_df_is_blank(char c);

/* Text without white space (Unicode's) at its start, or at both ends. */
const char *sw_df_skip_space(const char *text);
char *sw_df_trim(struct sw_arena *arena, const char *text);

/* A copy with each `from` replaced by `to`. */
char *sw_df_translate(struct sw_arena *arena, const char *text, char from, char to);

/* ASCII case only: every keyword and name of the dialect is ASCII. */
char *sw_df_lower(struct sw_arena *arena, const char *text);
char *sw_df_upper(struct sw_arena *arena, const char *text);
bool sw_df_equal_fold(const char *a, const char *b);

bool sw_df_has_prefix(const char *text, const char *prefix);
bool sw_df_has_suffix(const char *text, const char *suffix);

/* Splits at every `separator`: always at least one part. */
struct sw_strings sw_df_split(struct sw_arena *arena, const char *text, char separator);
char *sw_df_join(struct sw_arena *arena, struct sw_strings strings, const char *separator);

/* The items of a list in an array of the arena that can be changed. */
const char **sw_df_clone(struct sw_arena *arena, struct sw_strings strings);

/* Go's %q of a string. */
char *sw_df_quote(struct sw_arena *arena, const char *text);

/* Go's strconv.ParseBool. False when `text` is no boolean. */
bool sw_df_parse_bool(const char *text, bool *value);

#endif
