#include "core/template/parser.h"

#include "core/template/quote.h"
#include "core/template/unicode.h"

enum { CUT = 10 };

struct sw_node *sw_parser_fail_with(struct sw_parser *parser, struct sw_str message) {
    struct sw_parsing *shared = parser->shared;
    if (shared->failed)
        return NULL;
    shared->failed = true;
    shared->error_line = parser->tokens[0].line;
    sw_buf_puts(shared->error, "template: ");
    sw_buf_add_str(shared->error, shared->source->name);
    sw_buf_printf(shared->error, ":%u: ", shared->error_line);
    sw_buf_add_str(shared->error, message);
    return NULL;
}

struct sw_node *sw_parser_fail(struct sw_parser *parser, const char *message) {
    return sw_parser_fail_with(parser, sw_str_of(message));
}

/* Fails with a quoted name between two texts. */
struct sw_node *sw_parser_fail_name(struct sw_parser *parser, const char *before, struct sw_str name, const char *after) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, before);
    sw_quote(&text, name, SW_UNICODE);
    sw_buf_puts(&text, after);
    return sw_parser_fail_with(parser, (struct sw_str){text.data, text.len});
}

static void write_token(struct sw_buf *out, struct sw_token token) {
    if (token.kind == SW_TOKEN_EOF) {
        sw_buf_puts(out, "EOF");
    } else if (token.kind >= SW_TOKEN_BLOCK) {
        sw_buf_putc(out, '<');
        sw_buf_add_str(out, token.text);
        sw_buf_putc(out, '>');
    } else if (token.text.len > CUT) {
        size_t end = 0, width;
        for (int i = 0; i < CUT && end < token.text.len; i++, end += width)
            sw_rune_decode(token.text.data + end, token.text.len - end, &width);
        sw_quote(out, sw_str_slice(token.text, 0, end), SW_UNICODE);
        sw_buf_puts(out, "...");
    } else {
        sw_quote(out, token.text, SW_UNICODE);
    }
}

void sw_parser_unexpected(struct sw_parser *parser, struct sw_token token, const char *context) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (token.kind != SW_TOKEN_ERROR) {
        sw_buf_puts(&text, "unexpected ");
        write_token(&text, token);
        sw_buf_printf(&text, " in %s", context);
    } else {
        sw_buf_add_str(&text, token.text);
        if (parser->action_line && parser->action_line != token.line) {
            bool action = sw_str_has_suffix(token.text, sw_str_of(" action"));
            sw_buf_printf(&text, "%s started at ", action ? "" : " in action");
            sw_buf_add_str(&text, parser->shared->source->name);
            sw_buf_printf(&text, ":%u", parser->action_line);
        }
    }
    sw_parser_fail_with(parser, (struct sw_str){text.data, text.len});
}

struct sw_node *sw_parser_unexpected_node(struct sw_parser *parser, const struct sw_node *node, const char *before,
                                          const char *after) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, before);
    sw_node_write(&text, node);
    sw_buf_puts(&text, after);
    return sw_parser_fail_with(parser, (struct sw_str){text.data, text.len});
}

struct sw_token sw_parser_next(struct sw_parser *parser) {
    if (parser->peeked > 0)
        parser->peeked--;
    else
        parser->tokens[0] = sw_lex(&parser->shared->lexer);
    return parser->tokens[parser->peeked];
}

void sw_parser_back(struct sw_parser *parser) {
    parser->peeked++;
}

struct sw_token sw_parser_peek(struct sw_parser *parser) {
    if (parser->peeked > 0)
        return parser->tokens[parser->peeked - 1];
    parser->peeked = 1;
    return parser->tokens[0] = sw_lex(&parser->shared->lexer);
}

struct sw_token sw_parser_next_solid(struct sw_parser *parser) {
    struct sw_token token;
    do
        token = sw_parser_next(parser);
    while (token.kind == SW_TOKEN_SPACE);
    return token;
}

struct sw_token sw_parser_peek_solid(struct sw_parser *parser) {
    struct sw_token token = sw_parser_next_solid(parser);
    sw_parser_back(parser);
    return token;
}

bool sw_parser_expect(struct sw_parser *parser, enum sw_token_kind kind, const char *context, struct sw_token *token) {
    *token = sw_parser_next_solid(parser);
    if (token->kind == kind)
        return true;
    sw_parser_unexpected(parser, *token, context);
    return false;
}

struct sw_node *sw_parser_new_node(struct sw_parser *parser, enum sw_node_kind kind, struct sw_token token) {
    return sw_node_new(parser->shared->arena, kind, parser->shared->source, token.pos, token.line);
}
