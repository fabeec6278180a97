/* lex.h - template text into tokens.
 *
 * Trim markers and comments are dealt with here; the parser never sees them. After an error token the input counts as ended. */
#ifndef CORE_TEMPLATE_LEX_H
#define CORE_TEMPLATE_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/template/value.h"

enum sw_token_kind {
    SW_TOKEN_ERROR, /* `text` is the message */
    SW_TOKEN_BOOL,
    SW_TOKEN_CHAR, /* printable ASCII that is nothing else */
    SW_TOKEN_CHAR_CONSTANT,
    SW_TOKEN_COMPLEX,
    SW_TOKEN_ASSIGN,
    SW_TOKEN_DECLARE,
    SW_TOKEN_EOF,
    SW_TOKEN_FIELD,
    SW_TOKEN_IDENTIFIER,
    SW_TOKEN_LEFT_DELIM,
    SW_TOKEN_LEFT_PAREN,
    SW_TOKEN_NUMBER,
    SW_TOKEN_PIPE,
    SW_TOKEN_RAW_STRING,
    SW_TOKEN_RIGHT_DELIM,
    SW_TOKEN_RIGHT_PAREN,
    SW_TOKEN_SPACE,
    SW_TOKEN_STRING,
    SW_TOKEN_TEXT,
    SW_TOKEN_VARIABLE,
    SW_TOKEN_BLOCK, /* keywords from here on */
    SW_TOKEN_BREAK,
    SW_TOKEN_CONTINUE,
    SW_TOKEN_DOT,
    SW_TOKEN_DEFINE,
    SW_TOKEN_ELSE,
    SW_TOKEN_END,
    SW_TOKEN_IF,
    SW_TOKEN_NIL,
    SW_TOKEN_RANGE,
    SW_TOKEN_TEMPLATE,
    SW_TOKEN_WITH,
};

struct sw_token {
    enum sw_token_kind kind;
    size_t pos; /* in bytes, from the input's start */
    uint32_t line;
    struct sw_str text; /* part of the input, or in the arena */
};

struct sw_lexer {
    struct sw_arena *arena; /* for messages */
    struct sw_str input;
    size_t pos;
    size_t start; /* of the current token */
    uint32_t line;
    uint32_t start_line;
    int paren_depth;
    bool inside_action;
};

void sw_lexer_init(struct sw_lexer *lexer, struct sw_arena *arena, struct sw_str input);
struct sw_token sw_lex(struct sw_lexer *lexer);

#endif
