/* words.h - cutting an instruction's text into flags and arguments, before anything is expanded. */
#ifndef PLUGINS_DOCKERFILE_WORDS_H
#define PLUGINS_DOCKERFILE_WORDS_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "slipway/types.h"

/* Cuts `text` at the first run of blanks: the first word (to *word), and the rest, or NULL when there is no such run. */
const char *sw_df_cut_blank(struct sw_arena *arena, const char *text, const char **word);

/* Cuts at every run of blanks. */
struct sw_strings sw_df_fields(struct sw_arena *arena, const char *text);

/* Takes flags (`--name[=value]`) off the front; quotes and escapes are resolved. Returns what is left. */
const char *sw_df_flags(struct sw_arena *arena, const char *text, char escape, struct sw_strings *flags);

/* Words in the manner of ENV, LABEL and ARG: quotes group and stay, an escape keeps itself and the next rune together. */
struct sw_strings sw_df_words(struct sw_arena *arena, const char *text, char escape);

/* A JSON array of strings. */
enum sw_df_array {
    SW_DF_ARRAY_NONE,  /* the text is no JSON array */
    SW_DF_ARRAY_MIXED, /* it is one, but not of strings only */
    SW_DF_ARRAY_STRINGS,
};
enum sw_df_array sw_df_json_strings(struct sw_arena *arena, const char *text, struct sw_strings *strings);

#endif
