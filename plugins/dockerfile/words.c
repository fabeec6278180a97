#include "plugins/dockerfile/words.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/text.h"

const char *sw_df_cut_blank(struct sw_arena *arena, const char *text, const char **word) {
    size_t len = 0;
    while (text[len] && !sw_df_is_blank(text[len]))
        len++;
    *word = sw_arena_strn(arena, text, len);
    if (!text[len])
        return NULL;
    while (sw_df_is_blank(text[len]))
        len++;
    return text + len;
}

static struct sw_strings in_arena(struct sw_arena *arena, const struct sw_vec *items) {
    if (items->len == 0)
        return (struct sw_strings){0};
    return (struct sw_strings){sw_arena_copy(arena, items->data, items->len * sizeof(char *)), items->len};
}

struct sw_strings sw_df_fields(struct sw_arena *arena, const char *text) {
    sw_cleanup_vec struct sw_vec fields = {.width = sizeof(char *)};
    while (text) {
        const char *word;
        text = sw_df_cut_blank(arena, text, &word);
        sw_vec_push(&fields, &word);
    }
    return in_arena(arena, &fields);
}

static void push_word(struct sw_arena *arena, struct sw_vec *words, struct sw_buf *word, bool quoted) {
    if (word->len > 0 || quoted) {
        const char *text = sw_arena_strn(arena, sw_buf_text(word), word->len);
        sw_vec_push(words, &text);
    }
    sw_buf_truncate(word, 0);
}

/* The reference walks over this text byte by byte, and takes each byte for a rune: what is not ASCII comes out as if it had been
 * Latin-1. Results of equal builds must be equal, so it is kept. */
const char *sw_df_flags(struct sw_arena *arena, const char *text, char escape, struct sw_strings *flags) {
    sw_cleanup_vec struct sw_vec found = {.width = sizeof(char *)};
    sw_cleanup_buf struct sw_buf word = {0};
    char quote = 0;
    bool in_word = false, quoted = false;
    const char *rest = NULL;
    for (; !rest; text++) {
        unsigned char c = (unsigned char)*text;
        if (!in_word) {
            if (c && sw_df_is_space(c))
                continue;
            if (text[0] != '-' || text[1] != '-') {
                rest = text;
                break;
            }
            in_word = true;
        }
        if (!c) {
            if (strcmp(sw_buf_text(&word), "--") != 0)
                push_word(arena, &found, &word, quoted);
            rest = "";
            break;
        }
        if (!quote && sw_df_is_space(c)) {
            in_word = false;
            if (strcmp(sw_buf_text(&word), "--") == 0) {
                rest = text;
                break;
            }
            push_word(arena, &found, &word, quoted);
            quoted = false;
        } else if (!quote && (c == '\'' || c == '"')) {
            quote = (char)c;
            quoted = true;
        } else if (quote && c == (unsigned char)quote) {
            quote = 0;
        } else if (c == (unsigned char)escape) {
            if (text[1])
                sw_df_put_rune(&word, (unsigned char)*++text);
            else
                quote = 0;
        } else {
            sw_df_put_rune(&word, c);
        }
    }
    *flags = in_arena(arena, &found);
    return rest;
}

/* The escape at `text`, and the rune behind it. Returns the bytes taken; an escape at the very end is dropped. */
static size_t keep_escaped(const char *text, struct sw_buf *word) {
    uint32_t rune;
    size_t len = sw_df_rune(text + 1, &rune);
    if (len == 0)
        return 1;
    sw_buf_putc(word, *text);
    sw_df_put_rune(word, rune);
    return 1 + len;
}

struct sw_strings sw_df_words(struct sw_arena *arena, const char *text, char escape) {
    sw_cleanup_vec struct sw_vec words = {.width = sizeof(char *)};
    sw_cleanup_buf struct sw_buf word = {0};
    char quote = 0;
    bool quoted = false;
    while (*text) {
        uint32_t rune;
        size_t len = sw_df_rune(text, &rune);
        if (!quote && sw_df_is_space(rune)) {
            push_word(arena, &words, &word, quoted);
            quoted = false;
        } else if (*text == escape && quote != '\'') {
            len = keep_escaped(text, &word);
        } else {
            if (quote && *text == quote) {
                quote = 0;
            } else if (!quote && (*text == '\'' || *text == '"')) {
                quote = *text;
                quoted = true;
            }
            sw_df_put_rune(&word, rune);
        }
        text += len;
    }
    push_word(arena, &words, &word, quoted);
    return in_arena(arena, &words);
}
