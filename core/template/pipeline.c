/* What stands inside actions: pipelines, commands, operands. */
#include <string.h>

#include "core/template/literal.h"
#include "core/template/parser.h"
#include "core/template/quote.h"

enum { MAX_PARENTHESES = 10000 };

/* Splits ".a.b" behind `skip` bytes into the node's names. */
static void set_names(struct sw_parser *parser, struct sw_node *node, struct sw_str text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '.';
    node->names = sw_arena_new(parser->shared->arena, (count + 1) * sizeof *node->names);
    for (size_t i = 0; i < text.len;) {
        size_t end = i + 1;
        while (end < text.len && text.data[end] != '.')
            end++;
        node->names[node->name_count++] = sw_str_slice(text, i + 1, end);
        i = end;
    }
}

static struct sw_node *new_variable(struct sw_parser *parser, struct sw_token token) {
    struct sw_node *node = sw_parser_new_node(parser, SW_NODE_VARIABLE, token);
    node->text = token.text;
    return node;
}

static struct sw_node *use_variable(struct sw_parser *parser, struct sw_token token) {
    for (size_t i = 0; i < parser->vars.len; i++)
        if (sw_str_equal(*(struct sw_str *)sw_vec_at(&parser->vars, i), token.text))
            return new_variable(parser, token);
    return sw_parser_fail_name(parser, "undefined variable ", token.text, "");
}

static struct sw_node *parse_function(struct sw_parser *parser, struct sw_token token) {
    struct sw_node *node = sw_parser_new_node(parser, SW_NODE_IDENTIFIER, token);
    node->text = token.text;
    node->function = sw_map_get(parser->shared->functions, sw_str_z(parser->shared->arena, token.text));
    return node->function ? node : sw_parser_fail_name(parser, "function ", token.text, " not defined");
}

static struct sw_node *parse_number(struct sw_parser *parser, struct sw_token token) {
    struct sw_number number;
    sw_cleanup_buf struct sw_buf error = {0};
    if (!sw_number_parse(token, &number, &error))
        return sw_parser_fail_with(parser, (struct sw_str){error.data, error.len});
    struct sw_node *node = sw_parser_new_node(parser, SW_NODE_NUMBER, token);
    node->text = token.text;
    node->number = sw_arena_copy(parser->shared->arena, &number, sizeof number);
    return node;
}

/* The content of a string token. */
bool sw_parser_unquote(struct sw_parser *parser, struct sw_token token, struct sw_str *content) {
    struct sw_buf text = {0};
    bool good = sw_unquote(token.text, &text);
    *content = sw_str_take(parser->shared->arena, &text);
    if (!good)
        sw_parser_fail(parser, "invalid syntax");
    return good;
}

static struct sw_node *parse_string(struct sw_parser *parser, struct sw_token token) {
    struct sw_node *node = sw_parser_new_node(parser, SW_NODE_STRING, token);
    node->text = token.text;
    return sw_parser_unquote(parser, token, &node->content) ? node : NULL;
}

static struct sw_node *parse_parentheses(struct sw_parser *parser) {
    if (parser->paren_depth >= MAX_PARENTHESES)
        return sw_parser_fail(parser, "max expression depth exceeded");
    parser->paren_depth++;
    struct sw_node *node = sw_parser_pipeline(parser, "parenthesized pipeline", SW_TOKEN_RIGHT_PAREN);
    parser->paren_depth--;
    return node;
}

/* NULL without failure: the next token begins no term. */
static struct sw_node *parse_term(struct sw_parser *parser) {
    struct sw_token token = sw_parser_next_solid(parser);
    struct sw_node *node;
    switch (token.kind) {
    case SW_TOKEN_IDENTIFIER:
        return parse_function(parser, token);
    case SW_TOKEN_DOT:
        return sw_parser_new_node(parser, SW_NODE_DOT, token);
    case SW_TOKEN_NIL:
        return sw_parser_new_node(parser, SW_NODE_NIL, token);
    case SW_TOKEN_VARIABLE:
        return use_variable(parser, token);
    case SW_TOKEN_FIELD:
        node = sw_parser_new_node(parser, SW_NODE_FIELD, token);
        set_names(parser, node, token.text);
        return node;
    case SW_TOKEN_BOOL:
        node = sw_parser_new_node(parser, SW_NODE_BOOL, token);
        node->flag = sw_str_is(token.text, "true");
        return node;
    case SW_TOKEN_CHAR_CONSTANT:
    case SW_TOKEN_COMPLEX:
    case SW_TOKEN_NUMBER:
        return parse_number(parser, token);
    case SW_TOKEN_LEFT_PAREN:
        return parse_parentheses(parser);
    case SW_TOKEN_STRING:
    case SW_TOKEN_RAW_STRING:
        return parse_string(parser, token);
    default:
        sw_parser_back(parser);
        return NULL;
    }
}

/* Puts the names that follow a term behind it: onto a field or variable itself, else into a chain. */
static struct sw_node *parse_chain(struct sw_parser *parser, struct sw_node *term) {
    struct sw_token first = sw_parser_peek(parser);
    sw_cleanup_buf struct sw_buf names = {0};
    if (term->kind == SW_NODE_FIELD) {
        sw_buf_putc(&names, '.');
        sw_buf_add_str(&names, term->names[0]);
    }
    while (sw_parser_peek(parser).kind == SW_TOKEN_FIELD)
        sw_buf_add_str(&names, sw_parser_next(parser).text);
    struct sw_str text = sw_str_copy(parser->shared->arena, (struct sw_str){names.data, names.len});
    struct sw_node *node;
    switch (term->kind) {
    case SW_NODE_FIELD:
    case SW_NODE_VARIABLE:
        node = sw_parser_new_node(parser, term->kind, first);
        node->text = term->text;
        break;
    case SW_NODE_BOOL:
    case SW_NODE_STRING:
    case SW_NODE_NUMBER:
    case SW_NODE_NIL:
    case SW_NODE_DOT:
        names.len = 0;
        sw_node_write(&names, term);
        return sw_parser_fail_name(parser, "unexpected . after term ", (struct sw_str){names.data, names.len}, "");
    default:
        node = sw_parser_new_node(parser, SW_NODE_CHAIN, first);
        node->pipe = term;
        break;
    }
    set_names(parser, node, text);
    return node;
}

static struct sw_node *parse_operand(struct sw_parser *parser) {
    struct sw_node *node = parse_term(parser);
    if (node && sw_parser_peek(parser).kind == SW_TOKEN_FIELD)
        return parse_chain(parser, node);
    return node;
}

/* Operands up to a pipe, which is taken, or to the end, which is left. */
static struct sw_node *parse_command(struct sw_parser *parser) {
    struct sw_node *command = sw_parser_new_node(parser, SW_NODE_COMMAND, sw_parser_peek_solid(parser));
    for (;;) {
        sw_parser_peek_solid(parser);
        struct sw_node *operand = parse_operand(parser);
        if (parser->shared->failed)
            return NULL;
        if (operand)
            sw_nodes_add(parser->shared->arena, &command->nodes, operand);
        struct sw_token token = sw_parser_next(parser);
        if (token.kind == SW_TOKEN_SPACE)
            continue;
        if (token.kind == SW_TOKEN_RIGHT_DELIM || token.kind == SW_TOKEN_RIGHT_PAREN)
            sw_parser_back(parser);
        else if (token.kind != SW_TOKEN_PIPE)
            sw_parser_unexpected(parser, token, "operand");
        break;
    }
    if (command->nodes.len == 0)
        sw_parser_fail(parser, "empty command");
    return parser->shared->failed ? NULL : command;
}

static void declare(struct sw_parser *parser, struct sw_node *pipe, struct sw_token variable) {
    sw_parser_next_solid(parser);
    sw_nodes_add(parser->shared->arena, &pipe->decl, new_variable(parser, variable));
    sw_vec_push(&parser->vars, &variable.text);
}

/* The variables before ":=" or "=", if any. */
static bool parse_declarations(struct sw_parser *parser, struct sw_node *pipe, const char *context) {
    while (sw_parser_peek_solid(parser).kind == SW_TOKEN_VARIABLE) {
        struct sw_token variable = sw_parser_next_solid(parser);
        struct sw_token adjacent = sw_parser_peek(parser);
        struct sw_token following = sw_parser_peek_solid(parser);
        if (following.kind == SW_TOKEN_ASSIGN || following.kind == SW_TOKEN_DECLARE) {
            pipe->flag = following.kind == SW_TOKEN_ASSIGN;
            declare(parser, pipe, variable);
            return true;
        }
        if (following.kind != SW_TOKEN_CHAR || !sw_str_is(following.text, ",")) {
            parser->tokens[1] = variable; /* an operand after all: put it back, with the space behind it */
            parser->peeked = 2;
            if (adjacent.kind == SW_TOKEN_SPACE) {
                parser->tokens[1] = adjacent;
                parser->tokens[2] = variable;
                parser->peeked = 3;
            }
            return true;
        }
        declare(parser, pipe, variable);
        if (strcmp(context, "range") != 0 || pipe->decl.len >= 2) {
            sw_cleanup_buf struct sw_buf text = {0};
            sw_buf_printf(&text, "too many declarations in %s", context);
            return sw_parser_fail(parser, text.data);
        }
        enum sw_token_kind kind = sw_parser_peek_solid(parser).kind;
        if (kind != SW_TOKEN_VARIABLE && kind != SW_TOKEN_RIGHT_DELIM && kind != SW_TOKEN_RIGHT_PAREN)
            return sw_parser_fail(parser, "range can only initialize variables");
    }
    return true;
}

static bool check_pipeline(struct sw_parser *parser, const struct sw_node *pipe, const char *context) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (pipe->nodes.len == 0) {
        sw_buf_printf(&text, "missing value for %s", context);
        return sw_parser_fail(parser, text.data);
    }
    for (size_t i = 1; i < pipe->nodes.len; i++) {
        enum sw_node_kind kind = pipe->nodes.items[i]->nodes.items[0]->kind;
        if (kind != SW_NODE_BOOL && kind != SW_NODE_DOT && kind != SW_NODE_NIL && kind != SW_NODE_NUMBER && kind != SW_NODE_STRING)
            continue;
        sw_buf_printf(&text, "non executable command in pipeline stage %zu", i + 1);
        return sw_parser_fail(parser, text.data);
    }
    return true;
}

static bool begins_command(enum sw_token_kind kind) {
    switch (kind) {
    case SW_TOKEN_BOOL:
    case SW_TOKEN_CHAR_CONSTANT:
    case SW_TOKEN_COMPLEX:
    case SW_TOKEN_DOT:
    case SW_TOKEN_FIELD:
    case SW_TOKEN_IDENTIFIER:
    case SW_TOKEN_NUMBER:
    case SW_TOKEN_NIL:
    case SW_TOKEN_RAW_STRING:
    case SW_TOKEN_STRING:
    case SW_TOKEN_VARIABLE:
    case SW_TOKEN_LEFT_PAREN:
        return true;
    default:
        return false;
    }
}

struct sw_node *sw_parser_pipeline(struct sw_parser *parser, const char *context, enum sw_token_kind end) {
    struct sw_node *pipe = sw_parser_new_node(parser, SW_NODE_PIPE, sw_parser_peek_solid(parser));
    if (!parse_declarations(parser, pipe, context) || parser->shared->failed)
        return NULL;
    for (;;) {
        struct sw_token token = sw_parser_next_solid(parser);
        if (token.kind == end)
            return check_pipeline(parser, pipe, context) ? pipe : NULL;
        if (!begins_command(token.kind)) {
            sw_parser_unexpected(parser, token, context);
            return NULL;
        }
        sw_parser_back(parser);
        struct sw_node *command = parse_command(parser);
        if (!command)
            return NULL;
        sw_nodes_add(parser->shared->arena, &pipe->nodes, command);
    }
}
