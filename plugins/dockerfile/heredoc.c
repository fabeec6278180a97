#include "plugins/dockerfile/heredoc.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/shell.h"
#include "plugins/dockerfile/text.h"

static size_t count_quotes(const char *text) {
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\'' || *text == '"';
    return count;
}

static bool is_regexp_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

bool sw_df_heredoc_parse(const char *word, struct sw_df_heredoc *heredoc, struct sw_df_failure *failure) {
    *heredoc = (struct sw_df_heredoc){0};
    for (; *word >= '0' && *word <= '9'; word++)
        if (heredoc->descriptor < UINT64_MAX / 10 - 9)
            heredoc->descriptor = heredoc->descriptor * 10 + (uint64_t)(*word - '0');
    if (word[0] != '<' || word[1] != '<')
        return false;
    word += 2;
    heredoc->chomp = *word == '-';
    word += heredoc->chomp;
    while (is_regexp_space(*word))
        word++;
    if (!*word || strchr(word, '<'))
        return false;

    /* The name is read with and without its quotes: if that makes a difference, a part of it was quoted. */
    struct sw_df_shell plain = {.escape = '\\', .keep_unset = true}, raw = plain;
    struct sw_df_expansion name, quoted;
    raw.raw_quotes = true;
    if (!sw_df_expand(&plain, word, NULL, &name, failure))
        return false;
    if (name.words.count != 1)
        return false;
    if (!sw_df_expand(&raw, word, NULL, &quoted, failure))
        return false;
    if (quoted.words.count != 1)
        return sw_df_fail(failure, "internal lexing of heredoc produced inconsistent results: %s", word);
    heredoc->name = name.words.items[0];
    heredoc->content = "";
    heredoc->expand = count_quotes(name.words.items[0]) == count_quotes(quoted.words.items[0]);
    return true;
}

bool sw_df_heredocs_of_line(const char *line, struct sw_df_heredoc **heredocs, size_t *count, struct sw_df_failure *failure) {
    struct sw_df_shell raw = {.escape = '\\', .raw_quotes = true, .raw_escapes = true, .keep_unset = true};
    struct sw_df_expansion expansion;
    struct sw_df_failure ignored = {.arena = failure->arena};
    *heredocs = NULL;
    *count = 0;
    if (!sw_df_expand(&raw, line, NULL, &expansion, &ignored))
        return true;
    *heredocs = sw_arena_new(failure->arena, (expansion.words.count + 1) * sizeof(**heredocs));
    for (size_t i = 0; i < expansion.words.count; i++) {
        if (sw_df_heredoc_parse(expansion.words.items[i], &(*heredocs)[*count], failure))
            ++*count;
        else if (failure->text)
            return false;
    }
    return true;
}

const char *sw_df_chomp(struct sw_arena *arena, const char *content) {
    sw_cleanup_buf struct sw_buf out = {0};
    bool start = true;
    for (; *content; content++) {
        if (start && *content == '\t')
            continue;
        sw_buf_putc(&out, *content);
        start = *content == '\n';
    }
    return sw_arena_str(arena, sw_buf_text(&out));
}
