/* parser.h - the parser of one tree: tokens, failures, and what stands inside actions. Internal to this room.
 *
 * A parser that has failed returns NULL or false from everything; the first message stands. */
#ifndef CORE_TEMPLATE_PARSER_H
#define CORE_TEMPLATE_PARSER_H

#include "core/template/lex.h"
#include "core/template/parse.h"

/* What all trees of one text share. */
struct sw_parsing {
    struct sw_arena *arena;
    const struct sw_source *source;
    const struct sw_map *functions;
    struct sw_lexer lexer;
    struct sw_vec *trees;
    size_t first_tree; /* of this text */
    int blocks;        /* how deep control structures nest */
    bool failed;
    struct sw_buf *error;
    uint32_t error_line;
};

/* The parser of one tree. A failed one returns NULL from everything; the first message stands. */
struct sw_parser {
    struct sw_parsing *shared;
    struct sw_str name;
    struct sw_token tokens[3]; /* read ahead */
    int peeked;
    struct sw_vec vars; /* struct sw_str: names of variables known here */
    uint32_t action_line;
    int range_depth;
    int paren_depth;
};

/* Failures. All return NULL. `name` is quoted between the texts. */
struct sw_node *sw_parser_fail_with(struct sw_parser *parser, struct sw_str message);
struct sw_node *sw_parser_fail(struct sw_parser *parser, const char *message);
struct sw_node *sw_parser_fail_name(struct sw_parser *parser, const char *before, struct sw_str name, const char *after);
struct sw_node *sw_parser_unexpected_node(struct sw_parser *parser, const struct sw_node *node, const char *before,
                                          const char *after);
void sw_parser_unexpected(struct sw_parser *parser, struct sw_token token, const char *context);

/* Tokens: taken, put back, looked at; "solid" passes over spaces. */
struct sw_token sw_parser_next(struct sw_parser *parser);
void sw_parser_back(struct sw_parser *parser);
struct sw_token sw_parser_peek(struct sw_parser *parser);
struct sw_token sw_parser_next_solid(struct sw_parser *parser);
struct sw_token sw_parser_peek_solid(struct sw_parser *parser);
bool sw_parser_expect(struct sw_parser *parser, enum sw_token_kind kind, const char *context, struct sw_token *token);

struct sw_node *sw_parser_new_node(struct sw_parser *parser, enum sw_node_kind kind, struct sw_token token);

/* The content of a string token. */
bool sw_parser_unquote(struct sw_parser *parser, struct sw_token token, struct sw_str *content);

/* A pipeline up to its end, which is taken; `context` names it in messages. */
struct sw_node *sw_parser_pipeline(struct sw_parser *parser, const char *context, enum sw_token_kind end);

#endif
