#include "plugins/dockerfile/shell.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/pattern.h"
#include "plugins/dockerfile/text.h"

enum { END = 0, DEPTH_LIMIT = 256 };

struct lexer {
    const struct sw_df_shell *shell;
    const struct sw_df_env *env;
    struct sw_df_failure *failure;
    const char *at;
    bool raw_escapes;
    unsigned depth;
    size_t limit;        /* how long a text may become */
    struct sw_buf word;  /* the word being read; the reference has one for all levels, and so must this */
    struct sw_vec found; /* names */
    struct sw_vec missing;
};

/* Whether an escape inside quotes is doubled, because what comes out is read again as a pattern. */
enum quoting { QUOTE_TEXT, QUOTE_PATTERN };

static uint32_t peek(const struct lexer *lexer) {
    uint32_t rune;
    return sw_df_rune(lexer->at, &rune) ? rune : END;
}

static uint32_t next(struct lexer *lexer) {
    uint32_t rune;
    size_t len = sw_df_rune(lexer->at, &rune);
    lexer->at += len;
    return len ? rune : END;
}

struct words {
    struct sw_vec list;
    bool inside;
};

static void flush_word(struct lexer *lexer, struct words *words) {
    if (lexer->word.len == 0)
        return;
    const char *text = sw_arena_strn(lexer->failure->arena, lexer->word.data, lexer->word.len);
    sw_vec_push(&words->list, &text);
    sw_buf_truncate(&lexer->word, 0);
    words->inside = false;
}

static void add_raw_rune(struct lexer *lexer, struct words *words, uint32_t rune) {
    sw_df_put_rune(&lexer->word, rune);
    words->inside = true;
}

static void add_rune(struct lexer *lexer, struct words *words, uint32_t rune) {
    if (!sw_df_is_space(rune))
        add_raw_rune(lexer, words, rune);
    else if (words->inside)
        flush_word(lexer, words);
}

static void add_text(struct lexer *lexer, struct words *words, const char *text) {
    uint32_t rune;
    for (size_t len; (len = sw_df_rune(text, &rune)) > 0; text += len)
        add_rune(lexer, words, rune);
}

static void add_raw_text(struct lexer *lexer, struct words *words, const char *text) {
    sw_buf_puts(&lexer->word, text);
    words->inside = true;
}

static bool process(struct lexer *lexer, uint32_t stop, bool raw_escapes, enum quoting quoting, struct sw_buf *out,
                    struct words *words);
static bool dollar(struct lexer *lexer, struct sw_buf *out);

static bool single_quoted(struct lexer *lexer, enum quoting quoting, struct sw_buf *out) {
    if (lexer->shell->raw_quotes)
        sw_buf_putc(out, '\'');
    for (next(lexer);;) {
        uint32_t rune = next(lexer);
        if (rune == END)
            return sw_df_fail(lexer->failure, "unexpected end of statement while looking for matching single-quote");
        if (rune == '\'')
            break;
        if (quoting == QUOTE_PATTERN && rune == (unsigned char)lexer->shell->escape)
            sw_df_put_rune(out, rune);
        sw_df_put_rune(out, rune);
    }
    if (lexer->shell->raw_quotes)
        sw_buf_putc(out, '\'');
    return true;
}

/* The escape that was just read inside double quotes. */
static void escaped_in_quotes(struct lexer *lexer, enum quoting quoting, struct sw_buf *out) {
    uint32_t escape = (unsigned char)lexer->shell->escape, rune = peek(lexer);
    if (rune == END)
        return;
    bool special = rune == '"' || rune == '$' || rune == escape;
    if (special && lexer->raw_escapes)
        sw_df_put_rune(out, escape);
    if (!special && lexer->raw_escapes && (!lexer->shell->raw_quotes || quoting == QUOTE_PATTERN))
        sw_df_put_rune(out, escape);
    sw_df_put_rune(out, special ? next(lexer) : escape);
}

static bool double_quoted(struct lexer *lexer, enum quoting quoting, struct sw_buf *out) {
    if (lexer->shell->raw_quotes)
        sw_buf_putc(out, '"');
    next(lexer);
    for (uint32_t rune; (rune = peek(lexer)) != '"';) {
        if (rune == END)
            return sw_df_fail(lexer->failure, "unexpected end of statement while looking for matching double-quote");
        if (rune == '$') {
            if (!dollar(lexer, out))
                return false;
            continue;
        }
        next(lexer);
        if (rune == (unsigned char)lexer->shell->escape)
            escaped_in_quotes(lexer, quoting, out);
        else
            sw_df_put_rune(out, rune);
    }
    next(lexer);
    if (lexer->shell->raw_quotes)
        sw_buf_putc(out, '"');
    return true;
}

/* The name at the reading position; "" when there is none. */
static const char *read_name(struct lexer *lexer) {
    const char *start = lexer->at;
    uint32_t rune = peek(lexer);
    if (rune != END && strchr("@*#?-$!", (int)(rune < 0x80 ? rune : 'x'))) {
        next(lexer);
    } else if (sw_df_is_digit(rune)) {
        while (sw_df_is_digit(peek(lexer)))
            next(lexer);
    } else {
        while ((rune = peek(lexer)) != END && (sw_df_is_letter(rune) || sw_df_is_digit(rune) || rune == '_'))
            next(lexer);
    }
    return sw_arena_strn(lexer->failure->arena, start, (size_t)(lexer->at - start));
}

static void remember(struct sw_vec *names, const char *name) {
    for (size_t i = 0; i < names->len; i++)
        if (strcmp(*(const char **)sw_vec_at(names, i), name) == 0)
            return;
    sw_vec_push(names, &name);
}

/* The variable's value, or NULL when it is not set. */
static const char *look_up(struct lexer *lexer, const char *name) {
    const char *value = lexer->env ? sw_df_env_get(lexer->env, name) : NULL;
    remember(value ? &lexer->found : &lexer->missing, name);
    return value;
}

/* Processes an operand of `${…}` up to `stop`; `missing` is the message when the text ends before. */
static const char *operand(struct lexer *lexer, uint32_t stop, bool raw_escapes, enum quoting quoting, const char *missing) {
    sw_cleanup_buf struct sw_buf out = {0};
    struct words words = {.list = {.width = sizeof(char *)}};
    bool ok = process(lexer, stop, raw_escapes, quoting, &out, &words);
    sw_vec_fini(&words.list);
    if (ok)
        return sw_arena_str(lexer->failure->arena, sw_buf_text(&out));
    if (peek(lexer) == END)
        sw_df_fail(lexer->failure, "%s", missing);
    return NULL;
}

static bool put(struct sw_buf *out, const char *text) {
    if (text)
        sw_buf_puts(out, text);
    return text != NULL;
}

/* `${name/pattern/replacement}` and `${name//…}`, from behind the first slash. */
static bool replace(struct lexer *lexer, const char *name, struct sw_buf *out) {
    bool all = peek(lexer) == '/';
    if (all)
        next(lexer);
    const char *pattern = operand(lexer, '/', true, QUOTE_PATTERN, "syntax error: missing '/' in ${}");
    const char *replacement = pattern ? operand(lexer, '}', true, QUOTE_TEXT, "syntax error: missing '}'") : NULL;
    if (!replacement)
        return false;
    const char *value = look_up(lexer, name);
    if (!value && lexer->shell->keep_unset) {
        sw_buf_printf(out, "${%s/%s/%s}", name, pattern, replacement);
        return true;
    }
    value = value ? value : "";
    return put(out, all ? sw_df_replace_all(pattern, value, replacement, lexer->failure)
                        : sw_df_replace_first(pattern, value, replacement, lexer->failure));
}

static bool required(struct lexer *lexer, const char *name, const char *value, bool null_is_unset, const char *message,
                     struct sw_buf *out) {
    if (!value)
        return sw_df_fail(lexer->failure, "%s: %s", name, *message ? message : "is not allowed to be unset");
    if (null_is_unset && !*value)
        return sw_df_fail(lexer->failure, "%s: %s", name, *message ? message : "is not allowed to be empty");
    return put(out, value);
}

static bool cut(struct lexer *lexer, const char *value, char side, const char *pattern, struct sw_buf *out) {
    enum sw_df_greed greed = *pattern == side ? SW_DF_LONGEST : SW_DF_SHORTEST;
    pattern += greed == SW_DF_LONGEST;
    value = value ? value : "";
    return put(out, side == '%' ? sw_df_cut_suffix(pattern, value, greed, lexer->failure)
                                : sw_df_cut_prefix(pattern, value, greed, lexer->failure));
}

static bool unsupported(struct lexer *lexer, const char *colon, uint32_t rune) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, colon);
    sw_df_put_rune(&text, rune == END ? SW_DF_RUNE_BAD : rune);
    return sw_df_fail(lexer->failure, "unsupported modifier (%s) in substitution", sw_buf_text(&text));
}

/* `${name…}` from behind the name. */
static bool modified(struct lexer *lexer, const char *name, struct sw_buf *out) {
    uint32_t rune = next(lexer);
    bool null_is_unset = rune == ':';
    if (rune == '/')
        return replace(lexer, name, out);
    if (rune == '}') {
        const char *value = look_up(lexer, name);
        if (!value && lexer->shell->keep_unset)
            sw_buf_printf(out, "${%s}", name);
        return put(out, value ? value : "");
    }
    const char *colon = null_is_unset ? ":" : "";
    if (null_is_unset)
        rune = next(lexer);
    bool cuts = rune == '#' || rune == '%';
    if (!null_is_unset && !cuts && rune != '+' && rune != '-' && rune != '?')
        return unsupported(lexer, colon, rune);
    if (null_is_unset && cuts)
        return unsupported(lexer, colon, rune);
    const char *word = operand(lexer, '}', cuts, cuts ? QUOTE_PATTERN : QUOTE_TEXT, "syntax error: missing '}'");
    if (!word)
        return false;
    const char *value = look_up(lexer, name);
    if (!value && lexer->shell->keep_unset) {
        sw_buf_printf(out, "${%s%s", name, colon);
        sw_df_put_rune(out, rune);
        sw_buf_printf(out, "%s}", word);
        return true;
    }
    bool set = value && !(null_is_unset && !*value);
    if (rune == '-')
        return put(out, set ? value : word);
    if (rune == '+')
        return put(out, set ? word : "");
    if (rune == '?')
        return required(lexer, name, value, null_is_unset, word, out);
    if (cuts)
        return cut(lexer, value, (char)rune, word, out);
    return unsupported(lexer, colon, rune);
}

static bool dollar(struct lexer *lexer, struct sw_buf *out) {
    next(lexer);
    if (peek(lexer) != '{') {
        const char *name = read_name(lexer);
        if (!*name) {
            sw_buf_putc(out, '$');
            return true;
        }
        const char *value = look_up(lexer, name);
        if (!value && lexer->shell->keep_unset)
            sw_buf_printf(out, "$%s", name);
        return put(out, value ? value : "");
    }
    next(lexer);
    uint32_t rune = peek(lexer);
    if (rune == END)
        return sw_df_fail(lexer->failure, "syntax error: missing '}'");
    if (rune == '{' || rune == '}' || rune == ':')
        return sw_df_fail(lexer->failure, "syntax error: bad substitution");
    if (lexer->depth >= DEPTH_LIMIT)
        return sw_df_fail(lexer->failure, "too many substitutions inside each other");
    lexer->depth++;
    bool ok = modified(lexer, read_name(lexer), out);
    lexer->depth--;
    return ok;
}

/* `<<` and the blanks behind it belong together. */
static void less_than(struct lexer *lexer, struct sw_buf *out) {
    next(lexer);
    sw_buf_putc(out, '<');
    if (peek(lexer) != '<')
        return;
    next(lexer);
    sw_buf_putc(out, '<');
    for (uint32_t rune = peek(lexer); rune == '\t' || rune == '\r' || rune == ' '; rune = peek(lexer))
        sw_df_put_rune(out, next(lexer));
}

/* One rune that is not special, or an escaped one. False at the end of the text. */
static bool ordinary(struct lexer *lexer, struct sw_buf *out, struct words *words) {
    uint32_t rune = next(lexer);
    if (rune != (unsigned char)lexer->shell->escape) {
        add_rune(lexer, words, rune);
        sw_df_put_rune(out, rune);
        return true;
    }
    if (lexer->raw_escapes) {
        add_raw_rune(lexer, words, rune);
        sw_df_put_rune(out, rune);
    }
    rune = next(lexer);
    if (rune == END)
        return false;
    add_raw_rune(lexer, words, rune);
    sw_df_put_rune(out, rune);
    return true;
}

/* Whatever begins with `rune`, a special character. */
static bool special(struct lexer *lexer, uint32_t rune, enum quoting quoting, struct sw_buf *out, struct words *words) {
    sw_cleanup_buf struct sw_buf piece = {0};
    bool ok = true;
    if (rune == '$')
        ok = dollar(lexer, &piece);
    else if (rune == '<')
        less_than(lexer, &piece);
    else if (rune == '\'')
        ok = single_quoted(lexer, quoting, &piece);
    else
        ok = double_quoted(lexer, quoting, &piece);
    if (!ok)
        return false;
    if (piece.len > lexer->limit || out->len > lexer->limit - piece.len)
        return sw_df_fail(lexer->failure, "the text grows too large by substitutions");
    sw_buf_puts(out, sw_buf_text(&piece));
    if (rune == '$')
        add_text(lexer, words, sw_buf_text(&piece));
    else
        add_raw_text(lexer, words, sw_buf_text(&piece));
    return true;
}

/* Reads up to `stop` (END: the end of the text), which is taken too. */
static bool process(struct lexer *lexer, uint32_t stop, bool raw_escapes, enum quoting quoting, struct sw_buf *out,
                    struct words *words) {
    bool raw_before = lexer->raw_escapes, quotes = !lexer->shell->no_quotes, ok = true;
    lexer->raw_escapes = raw_escapes;
    sw_buf_truncate(&lexer->word, 0);
    uint32_t rune;
    while (ok && (rune = peek(lexer)) != END && rune != stop) {
        if (rune == '$' || rune == '<' || (quotes && (rune == '\'' || rune == '"')))
            ok = special(lexer, rune, quoting, out, words);
        else
            ordinary(lexer, out, words);
    }
    if (ok && stop != END && next(lexer) != stop)
        ok = sw_df_fail(lexer->failure, "unexpected end of statement while looking for matching %c", (char)stop);
    flush_word(lexer, words);
    lexer->raw_escapes = raw_before;
    return ok;
}

static struct sw_strings in_arena(struct sw_arena *arena, struct sw_vec *names) {
    struct sw_strings strings = {0};
    if (names->len > 0)
        strings = (struct sw_strings){sw_arena_copy(arena, names->data, names->len * sizeof(char *)), names->len};
    sw_vec_fini(names);
    return strings;
}

bool sw_df_expand(const struct sw_df_shell *shell, const char *word, const struct sw_df_env *env, struct sw_df_expansion *expansion,
                  struct sw_df_failure *failure) {
    struct lexer lexer = {.shell = shell,
                          .env = env,
                          .failure = failure,
                          .limit = strlen(word) + SW_DF_GROWTH_LIMIT,
                          .at = sw_df_has_prefix(word, "\xEF\xBB\xBF") ? word + 3 : word,
                          .found = {.width = sizeof(char *)},
                          .missing = {.width = sizeof(char *)}};
    struct words words = {.list = {.width = sizeof(char *)}};
    sw_cleanup_buf struct sw_buf out = {0};
    bool ok = process(&lexer, END, shell->raw_escapes, QUOTE_TEXT, &out, &words);
    if (!ok)
        sw_df_fail_prefix(failure, "failed to process %s: ", sw_df_quote(failure->arena, word));
    *expansion = (struct sw_df_expansion){.text = ok ? sw_arena_str(failure->arena, sw_buf_text(&out)) : "",
                                          .words = in_arena(failure->arena, &words.list),
                                          .matched = in_arena(failure->arena, &lexer.found),
                                          .unmatched = in_arena(failure->arena, &lexer.missing)};
    sw_buf_fini(&lexer.word);
    return ok;
}
