#include "core/template/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/template/quote.h"
#include "core/template/unicode.h"

enum { END = -1, DELIM_LEN = 2, MARKER_LEN = 2 };

static bool is_space(int rune) {
    return rune == ' ' || rune == '\t' || rune == '\r' || rune == '\n';
}

static bool is_alphanumeric(int rune) {
    return rune == '_' || (rune >= 0 && (sw_rune_is_letter((uint32_t)rune) || sw_rune_is_digit((uint32_t)rune)));
}

static bool at(const struct sw_lexer *lexer, size_t pos, const char *text) {
    size_t len = strlen(text);
    return pos + len <= lexer->input.len && memcmp(lexer->input.data + pos, text, len) == 0;
}

/* "- " behind a left delimiter. */
static bool left_marker_at(const struct sw_lexer *lexer, size_t pos) {
    return pos + 2 <= lexer->input.len && lexer->input.data[pos] == '-' && is_space(lexer->input.data[pos + 1]);
}

/* " -" before a right delimiter. */
static bool right_marker_at(const struct sw_lexer *lexer, size_t pos) {
    return pos + 2 <= lexer->input.len && is_space(lexer->input.data[pos]) && lexer->input.data[pos + 1] == '-';
}

static bool right_delim_at(const struct sw_lexer *lexer, size_t pos, bool *trim) {
    *trim = right_marker_at(lexer, pos) && at(lexer, pos + MARKER_LEN, "}}");
    return *trim || at(lexer, pos, "}}");
}

static size_t find(const struct sw_lexer *lexer, size_t from, const char *text) {
    ptrdiff_t offset = sw_str_find(sw_str_slice(lexer->input, from, lexer->input.len), sw_str_of(text));
    return offset < 0 ? lexer->input.len : from + (size_t)offset;
}

static void count_lines(struct sw_lexer *lexer, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        lexer->line += lexer->input.data[i] == '\n';
}

static int peek(const struct sw_lexer *lexer, size_t *width) {
    if (lexer->pos >= lexer->input.len) {
        *width = 0;
        return END;
    }
    return (int)sw_rune_decode(lexer->input.data + lexer->pos, lexer->input.len - lexer->pos, width);
}

static int next(struct sw_lexer *lexer) {
    size_t width;
    int rune = peek(lexer, &width);
    lexer->pos += width;
    lexer->line += rune == '\n';
    return rune;
}

static struct sw_token make(struct sw_lexer *lexer, enum sw_token_kind kind) {
    struct sw_token token = {kind, lexer->start, lexer->start_line, sw_str_slice(lexer->input, lexer->start, lexer->pos)};
    lexer->start = lexer->pos;
    lexer->start_line = lexer->line;
    return token;
}

/* Passes over what lies before the position, which was not read by next(). */
static void ignore(struct sw_lexer *lexer) {
    count_lines(lexer, lexer->start, lexer->pos);
    lexer->start = lexer->pos;
    lexer->start_line = lexer->line;
}

static struct sw_token fail(struct sw_lexer *lexer, const char *message) {
    struct sw_token token = {SW_TOKEN_ERROR, lexer->start, lexer->start_line, sw_str_of(message)};
    lexer->start = lexer->pos = lexer->input.len = 0;
    return token;
}

static struct sw_token fail_at_rune(struct sw_lexer *lexer, const char *message, int rune) {
    struct sw_buf text = {0};
    sw_buf_printf(&text, "%s U+%04X", message, (unsigned)rune);
    if (sw_rune_is_print((uint32_t)rune)) {
        sw_buf_puts(&text, " '");
        sw_buf_add_rune(&text, (uint32_t)rune);
        sw_buf_putc(&text, '\'');
    }
    return fail(lexer, sw_str_take(lexer->arena, &text).data);
}

void sw_lexer_init(struct sw_lexer *lexer, struct sw_arena *arena, struct sw_str input) {
    *lexer = (struct sw_lexer){.arena = arena, .input = input, .line = 1, .start_line = 1};
}

static struct sw_token lex_left_delim(struct sw_lexer *lexer, bool trim) {
    lexer->pos += DELIM_LEN;
    struct sw_token token = make(lexer, SW_TOKEN_LEFT_DELIM);
    lexer->inside_action = true;
    lexer->pos += trim ? MARKER_LEN : 0;
    ignore(lexer);
    lexer->paren_depth = 0;
    return token;
}

static void skip_space(struct sw_lexer *lexer) {
    while (lexer->pos < lexer->input.len && is_space(lexer->input.data[lexer->pos]))
        lexer->pos++;
}

/* Passes over a comment, whose left delimiter stands at the position. False: `*error` is set. */
static bool skip_comment(struct sw_lexer *lexer, size_t marker, struct sw_token *error) {
    lexer->pos += DELIM_LEN + marker;
    ignore(lexer);
    size_t end = find(lexer, lexer->pos + 2, "*/");
    bool trim;
    if (end >= lexer->input.len) {
        *error = fail(lexer, "unclosed comment");
        return false;
    }
    lexer->pos = end + 2;
    if (!right_delim_at(lexer, lexer->pos, &trim)) {
        *error = fail(lexer, "comment ends before closing delimiter");
        return false;
    }
    lexer->pos += DELIM_LEN + (trim ? MARKER_LEN : 0);
    if (trim)
        skip_space(lexer);
    ignore(lexer);
    return true;
}

/* The text up to the next action, less what that one trims; false when nothing is left of it. */
static bool lex_plain(struct sw_lexer *lexer, size_t delim, struct sw_token *token) {
    size_t end = delim;
    if (delim < lexer->input.len && left_marker_at(lexer, delim + DELIM_LEN))
        while (end > lexer->start && is_space(lexer->input.data[end - 1]))
            end--;
    lexer->pos = end;
    count_lines(lexer, lexer->start, end);
    *token = make(lexer, SW_TOKEN_TEXT);
    lexer->pos = delim;
    ignore(lexer);
    return token->text.len > 0;
}

static struct sw_token lex_text(struct sw_lexer *lexer) {
    for (;;) {
        struct sw_token token;
        size_t delim = find(lexer, lexer->pos, "{{");
        if (delim > lexer->pos && lex_plain(lexer, delim, &token))
            return token;
        if (delim >= lexer->input.len)
            return make(lexer, SW_TOKEN_EOF);
        bool trim = left_marker_at(lexer, delim + DELIM_LEN);
        size_t marker = trim ? MARKER_LEN : 0;
        if (!at(lexer, delim + DELIM_LEN + marker, "/*"))
            return lex_left_delim(lexer, trim);
        if (!skip_comment(lexer, marker, &token))
            return token;
    }
}

static struct sw_token lex_right_delim(struct sw_lexer *lexer) {
    bool trim;
    right_delim_at(lexer, lexer->pos, &trim);
    if (trim) {
        lexer->pos += MARKER_LEN;
        ignore(lexer);
    }
    lexer->pos += DELIM_LEN;
    struct sw_token token = make(lexer, SW_TOKEN_RIGHT_DELIM);
    if (trim) {
        skip_space(lexer);
        ignore(lexer);
    }
    lexer->inside_action = false;
    return token;
}

/* A run of spaces; a last one that begins a trim marker is left for the delimiter. */
static struct sw_token lex_space(struct sw_lexer *lexer) {
    size_t width, count = 0;
    for (; is_space(peek(lexer, &width)); count++)
        next(lexer);
    size_t last = lexer->pos - 1;
    if (right_marker_at(lexer, last) && at(lexer, last + MARKER_LEN, "}}")) {
        lexer->line -= lexer->input.data[last] == '\n';
        lexer->pos = last;
        if (count == 1)
            return lex_right_delim(lexer);
    }
    return make(lexer, SW_TOKEN_SPACE);
}

/* Whether what follows may stand behind an identifier. */
static bool at_terminator(const struct sw_lexer *lexer) {
    size_t width;
    int rune = peek(lexer, &width);
    if (is_space(rune) || rune == END || rune == '.' || rune == ',' || rune == '|' || rune == ':' || rune == ')' || rune == '(')
        return true;
    return at(lexer, lexer->pos, "}}");
}

static enum sw_token_kind word_kind(struct sw_str word) {
    static const struct {
        const char *word;
        enum sw_token_kind kind;
    } words[] = {
        {"block", SW_TOKEN_BLOCK},   {"break", SW_TOKEN_BREAK}, {"continue", SW_TOKEN_CONTINUE},
        {"define", SW_TOKEN_DEFINE}, {"else", SW_TOKEN_ELSE},   {"end", SW_TOKEN_END},
        {"if", SW_TOKEN_IF},         {"range", SW_TOKEN_RANGE}, {"nil", SW_TOKEN_NIL},
        {"true", SW_TOKEN_BOOL},     {"false", SW_TOKEN_BOOL},  {"template", SW_TOKEN_TEMPLATE},
        {"with", SW_TOKEN_WITH},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sw_str_is(word, words[i].word))
            return words[i].kind;
    return SW_TOKEN_IDENTIFIER;
}

static struct sw_token lex_word(struct sw_lexer *lexer, enum sw_token_kind kind) {
    size_t width;
    int rune;
    while (is_alphanumeric(rune = peek(lexer, &width)))
        lexer->pos += width;
    if (!at_terminator(lexer))
        return fail_at_rune(lexer, "bad character", rune);
    if (kind == SW_TOKEN_IDENTIFIER)
        kind = word_kind(sw_str_slice(lexer->input, lexer->start, lexer->pos));
    return make(lexer, kind);
}

/* Behind "." or "$". */
static struct sw_token lex_field_or_variable(struct sw_lexer *lexer, enum sw_token_kind kind) {
    if (at_terminator(lexer))
        return make(lexer, kind == SW_TOKEN_FIELD ? SW_TOKEN_DOT : SW_TOKEN_VARIABLE);
    return lex_word(lexer, kind);
}

/* A literal whose first quote has been read. */
static struct sw_token lex_quoted(struct sw_lexer *lexer, int quote, enum sw_token_kind kind, const char *unterminated) {
    for (;;) {
        int rune = next(lexer);
        if (rune == quote)
            return make(lexer, kind);
        if (rune == '\\' && quote != '`')
            rune = next(lexer);
        if (rune == END || (rune == '\n' && quote != '`'))
            return fail(lexer, unterminated);
    }
}

static bool accept(struct sw_lexer *lexer, const char *set) {
    if (lexer->pos >= lexer->input.len || !lexer->input.data[lexer->pos] || !strchr(set, lexer->input.data[lexer->pos]))
        return false;
    lexer->pos++;
    return true;
}

static void accept_run(struct sw_lexer *lexer, const char *set) {
    while (accept(lexer, set))
        continue;
}

static bool scan_number(struct sw_lexer *lexer) {
    static const char decimal[] = "0123456789_", hex[] = "0123456789abcdefABCDEF_";
    const char *digits = decimal;
    accept(lexer, "+-");
    if (accept(lexer, "0")) {
        if (accept(lexer, "xX"))
            digits = hex;
        else if (accept(lexer, "oO"))
            digits = "01234567_";
        else if (accept(lexer, "bB"))
            digits = "01_";
    }
    accept_run(lexer, digits);
    if (accept(lexer, "."))
        accept_run(lexer, digits);
    if ((digits == decimal && accept(lexer, "eE")) || (digits == hex && accept(lexer, "pP"))) {
        accept(lexer, "+-");
        accept_run(lexer, decimal);
    }
    accept(lexer, "i");
    size_t width;
    if (!is_alphanumeric(peek(lexer, &width)))
        return true;
    lexer->pos += width;
    return false;
}

static struct sw_token bad_number(struct sw_lexer *lexer) {
    struct sw_buf text = {0};
    sw_buf_puts(&text, "bad number syntax: ");
    sw_quote(&text, sw_str_slice(lexer->input, lexer->start, lexer->pos), SW_UNICODE);
    return fail(lexer, sw_str_take(lexer->arena, &text).data);
}

static struct sw_token lex_number(struct sw_lexer *lexer) {
    if (!scan_number(lexer))
        return bad_number(lexer);
    size_t width;
    int sign = peek(lexer, &width);
    if (sign != '+' && sign != '-')
        return make(lexer, SW_TOKEN_NUMBER);
    if (!scan_number(lexer) || lexer->input.data[lexer->pos - 1] != 'i')
        return bad_number(lexer);
    return make(lexer, SW_TOKEN_COMPLEX);
}

static struct sw_token lex_paren(struct sw_lexer *lexer, int rune) {
    lexer->paren_depth += rune == '(' ? 1 : -1;
    if (lexer->paren_depth < 0)
        return fail(lexer, "unexpected right paren");
    return make(lexer, rune == '(' ? SW_TOKEN_LEFT_PAREN : SW_TOKEN_RIGHT_PAREN);
}

static struct sw_token lex_declare(struct sw_lexer *lexer) {
    return next(lexer) == '=' ? make(lexer, SW_TOKEN_DECLARE) : fail(lexer, "expected :=");
}

/* "." begins a number when a digit follows; at the very end it does too, as in the reference implementation. */
static bool begins_number(const struct sw_lexer *lexer, int rune) {
    if (rune == '.')
        return lexer->pos >= lexer->input.len || (lexer->input.data[lexer->pos] >= '0' && lexer->input.data[lexer->pos] <= '9');
    return rune == '+' || rune == '-' || (rune >= '0' && rune <= '9');
}

static struct sw_token lex_action(struct sw_lexer *lexer) {
    bool trim;
    if (right_delim_at(lexer, lexer->pos, &trim))
        return lexer->paren_depth ? fail(lexer, "unclosed left paren") : lex_right_delim(lexer);
    size_t width;
    int rune = peek(lexer, &width);
    if (rune == END)
        return fail(lexer, "unclosed action");
    if (is_space(rune))
        return lex_space(lexer);
    lexer->pos += width;
    switch (rune) {
    case '=':
        return make(lexer, SW_TOKEN_ASSIGN);
    case ':':
        return lex_declare(lexer);
    case '|':
        return make(lexer, SW_TOKEN_PIPE);
    case '"':
        return lex_quoted(lexer, rune, SW_TOKEN_STRING, "unterminated quoted string");
    case '`':
        return lex_quoted(lexer, rune, SW_TOKEN_RAW_STRING, "unterminated raw quoted string");
    case '\'':
        return lex_quoted(lexer, rune, SW_TOKEN_CHAR_CONSTANT, "unterminated character constant");
    case '$':
        return lex_field_or_variable(lexer, SW_TOKEN_VARIABLE);
    case '(':
    case ')':
        return lex_paren(lexer, rune);
    default:
        break;
    }
    if (begins_number(lexer, rune)) {
        lexer->pos -= width;
        return lex_number(lexer);
    }
    if (rune == '.')
        return lex_field_or_variable(lexer, SW_TOKEN_FIELD);
    if (is_alphanumeric(rune))
        return lex_word(lexer, SW_TOKEN_IDENTIFIER);
    if (rune < 0x80 && sw_rune_is_print((uint32_t)rune))
        return make(lexer, SW_TOKEN_CHAR);
    return fail_at_rune(lexer, "unrecognized character in action:", rune);
}

struct sw_token sw_lex(struct sw_lexer *lexer) {
    return lexer->inside_action ? lex_action(lexer) : lex_text(lexer);
}
