#include "core/template/parse.h"

#include <stdlib.h>
#include <string.h>

#include "core/template/parser.h"

enum { MAX_BLOCKS = 10000 };

static struct sw_parser parser_of(struct sw_parsing *shared, struct sw_str name) {
    struct sw_parser parser = {.shared = shared, .name = name, .vars = {.width = sizeof(struct sw_str)}};
    sw_vec_push(&parser.vars, &(struct sw_str){"$", 1});
    return parser;
}

/* Adds a finished tree; an empty one gives way to another of its name. */
static bool add_tree(struct sw_parser *parser, struct sw_node *root) {
    struct sw_parsing *shared = parser->shared;
    for (size_t i = shared->first_tree; i < shared->trees->len; i++) {
        struct sw_tree *tree = sw_vec_at(shared->trees, i);
        if (!sw_str_equal(tree->name, parser->name))
            continue;
        if (sw_node_is_empty(tree->root))
            tree->root = root;
        else if (!sw_node_is_empty(root))
            sw_parser_fail_name(parser, "template: multiple definition of template ", parser->name, "");
        return !shared->failed;
    }
    sw_vec_push(shared->trees, &(struct sw_tree){parser->name, root});
    return true;
}

static struct sw_node *parse_text_or_action(struct sw_parser *parser);

/* Nodes up to {{end}} or {{else}}, which is given back in `*last`. */
static struct sw_node *parse_list(struct sw_parser *parser, struct sw_node **last) {
    struct sw_node *list = sw_parser_new_node(parser, SW_NODE_LIST, sw_parser_peek_solid(parser));
    while (sw_parser_peek_solid(parser).kind != SW_TOKEN_EOF) {
        struct sw_node *node = parse_text_or_action(parser);
        if (!node)
            return NULL;
        if (node->kind == SW_NODE_END || node->kind == SW_NODE_ELSE) {
            *last = node;
            return list;
        }
        sw_nodes_add(parser->shared->arena, &list->nodes, node);
    }
    return sw_parser_fail(parser, "unexpected EOF");
}

static struct sw_node *parse_control(struct sw_parser *parser, enum sw_node_kind kind);

/* What stands behind {{else}}: "else if" and "else with" continue their own kind, with one {{end}} for both. */
static struct sw_node *parse_else(struct sw_parser *parser, enum sw_node_kind kind, const struct sw_node *other) {
    enum sw_token_kind follows = sw_parser_peek(parser).kind;
    bool same = (kind == SW_NODE_IF && follows == SW_TOKEN_IF) || (kind == SW_NODE_WITH && follows == SW_TOKEN_WITH);
    struct sw_node *last;
    if (!same) {
        struct sw_node *list = parse_list(parser, &last);
        if (list && last->kind != SW_NODE_END)
            return sw_parser_unexpected_node(parser, last, "expected end; found ", "");
        return list;
    }
    sw_parser_next(parser);
    struct sw_node *list = sw_node_new(parser->shared->arena, SW_NODE_LIST, parser->shared->source, other->pos, other->line);
    struct sw_node *control = parse_control(parser, kind);
    if (!control)
        return NULL;
    sw_nodes_add(parser->shared->arena, &list->nodes, control);
    return list;
}

static struct sw_node *parse_control(struct sw_parser *parser, enum sw_node_kind kind) {
    if (parser->shared->blocks >= MAX_BLOCKS)
        return sw_parser_fail(parser, "control structures nest too deeply");
    size_t vars = parser->vars.len;
    const char *context = kind == SW_NODE_IF ? "if" : kind == SW_NODE_WITH ? "with" : "range";
    struct sw_node *pipe = sw_parser_pipeline(parser, context, SW_TOKEN_RIGHT_DELIM), *last;
    if (!pipe)
        return NULL;
    parser->shared->blocks++;
    parser->range_depth += kind == SW_NODE_RANGE;
    struct sw_node *list = parse_list(parser, &last);
    parser->range_depth -= kind == SW_NODE_RANGE;
    struct sw_node *other = list && last->kind == SW_NODE_ELSE ? parse_else(parser, kind, last) : NULL;
    parser->shared->blocks--;
    if (parser->shared->failed)
        return NULL;
    parser->vars.len = vars;
    struct sw_node *node = sw_node_new(parser->shared->arena, kind, parser->shared->source, pipe->pos, pipe->line);
    node->pipe = pipe;
    node->list = list;
    node->other = other;
    return node;
}

/* {{break}} and {{continue}}. */
static struct sw_node *parse_jump(struct sw_parser *parser, struct sw_token word, enum sw_node_kind kind) {
    const char *context = kind == SW_NODE_BREAK ? "{{break}}" : "{{continue}}";
    struct sw_token token;
    if (!sw_parser_expect(parser, SW_TOKEN_RIGHT_DELIM, context, &token))
        return NULL;
    if (parser->range_depth == 0)
        return sw_parser_fail(parser, kind == SW_NODE_BREAK ? "{{break}} outside {{range}}" : "{{continue}} outside {{range}}");
    return sw_parser_new_node(parser, kind, word);
}

static bool parse_name(struct sw_parser *parser, struct sw_token token, const char *context, struct sw_str *name) {
    if (token.kind == SW_TOKEN_STRING || token.kind == SW_TOKEN_RAW_STRING)
        return sw_parser_unquote(parser, token, name);
    sw_parser_unexpected(parser, token, context);
    return false;
}

static struct sw_node *parse_template(struct sw_parser *parser) {
    static const char context[] = "template clause";
    struct sw_token token = sw_parser_next_solid(parser);
    struct sw_node *node = sw_parser_new_node(parser, SW_NODE_TEMPLATE, token);
    if (!parse_name(parser, token, context, &node->text))
        return NULL;
    if (sw_parser_next_solid(parser).kind == SW_TOKEN_RIGHT_DELIM)
        return node;
    sw_parser_back(parser);
    node->pipe = sw_parser_pipeline(parser, context, SW_TOKEN_RIGHT_DELIM);
    return node->pipe ? node : NULL;
}

static struct sw_node *parse_block(struct sw_parser *parser) {
    static const char context[] = "block clause";
    struct sw_token token = sw_parser_next_solid(parser);
    struct sw_node *node = sw_parser_new_node(parser, SW_NODE_TEMPLATE, token), *last;
    if (!parse_name(parser, token, context, &node->text))
        return NULL;
    node->pipe = sw_parser_pipeline(parser, context, SW_TOKEN_RIGHT_DELIM);
    if (!node->pipe)
        return NULL;
    if (parser->shared->blocks >= MAX_BLOCKS)
        return sw_parser_fail(parser, "control structures nest too deeply");
    parser->shared->blocks++;
    struct sw_parser inner = parser_of(parser->shared, node->text);
    struct sw_node *list = parse_list(&inner, &last);
    if (list && last->kind != SW_NODE_END)
        sw_parser_unexpected_node(parser, last, "unexpected ", " in block clause");
    else if (list)
        add_tree(&inner, list);
    sw_vec_fini(&inner.vars);
    parser->shared->blocks--;
    return parser->shared->failed ? NULL : node;
}

static struct sw_node *parse_end(struct sw_parser *parser) {
    struct sw_token token;
    return sw_parser_expect(parser, SW_TOKEN_RIGHT_DELIM, "end", &token) ? sw_parser_new_node(parser, SW_NODE_END, token) : NULL;
}

/* {{else}}; of {{else if}} and {{else with}} the second word is left. */
static struct sw_node *parse_else_word(struct sw_parser *parser) {
    struct sw_token token = sw_parser_peek_solid(parser);
    if (token.kind == SW_TOKEN_IF || token.kind == SW_TOKEN_WITH)
        return sw_parser_new_node(parser, SW_NODE_ELSE, token);
    return sw_parser_expect(parser, SW_TOKEN_RIGHT_DELIM, "else", &token) ? sw_parser_new_node(parser, SW_NODE_ELSE, token) : NULL;
}

static struct sw_node *parse_action(struct sw_parser *parser) {
    struct sw_token token = sw_parser_next_solid(parser);
    switch (token.kind) {
    case SW_TOKEN_BLOCK:
        return parse_block(parser);
    case SW_TOKEN_BREAK:
        return parse_jump(parser, token, SW_NODE_BREAK);
    case SW_TOKEN_CONTINUE:
        return parse_jump(parser, token, SW_NODE_CONTINUE);
    case SW_TOKEN_ELSE:
        return parse_else_word(parser);
    case SW_TOKEN_END:
        return parse_end(parser);
    case SW_TOKEN_IF:
        return parse_control(parser, SW_NODE_IF);
    case SW_TOKEN_RANGE:
        return parse_control(parser, SW_NODE_RANGE);
    case SW_TOKEN_TEMPLATE:
        return parse_template(parser);
    case SW_TOKEN_WITH:
        return parse_control(parser, SW_NODE_WITH);
    default:
        break;
    }
    sw_parser_back(parser);
    struct sw_node *node = sw_parser_new_node(parser, SW_NODE_ACTION, sw_parser_peek(parser));
    node->pipe = sw_parser_pipeline(parser, "command", SW_TOKEN_RIGHT_DELIM);
    return node->pipe ? node : NULL;
}

static struct sw_node *parse_text_or_action(struct sw_parser *parser) {
    struct sw_token token = sw_parser_next_solid(parser);
    struct sw_node *node;
    switch (token.kind) {
    case SW_TOKEN_TEXT:
        node = sw_parser_new_node(parser, SW_NODE_TEXT, token);
        node->text = token.text;
        return node;
    case SW_TOKEN_LEFT_DELIM:
        parser->action_line = token.line;
        node = parse_action(parser);
        parser->action_line = 0;
        return node;
    default:
        sw_parser_unexpected(parser, token, "input");
        return NULL;
    }
}

/* Behind the word "define". */
static bool parse_definition(struct sw_parsing *shared) {
    static const char context[] = "define clause";
    struct sw_parser parser = parser_of(shared, sw_str_of("definition"));
    struct sw_token token = sw_parser_next_solid(&parser);
    struct sw_node *last;
    if (parse_name(&parser, token, context, &parser.name) && sw_parser_expect(&parser, SW_TOKEN_RIGHT_DELIM, context, &token)) {
        struct sw_node *list = parse_list(&parser, &last);
        if (list && last->kind != SW_NODE_END)
            sw_parser_unexpected_node(&parser, last, "unexpected ", " in define clause");
        else if (list)
            add_tree(&parser, list);
    }
    sw_vec_fini(&parser.vars);
    return !shared->failed;
}

static bool parse_top(struct sw_parser *parser) {
    struct sw_node *root = sw_parser_new_node(parser, SW_NODE_LIST, sw_parser_peek(parser));
    while (sw_parser_peek(parser).kind != SW_TOKEN_EOF) {
        if (sw_parser_peek(parser).kind == SW_TOKEN_LEFT_DELIM) {
            struct sw_token delim = sw_parser_next(parser);
            if (sw_parser_next_solid(parser).kind == SW_TOKEN_DEFINE) {
                if (!parse_definition(parser->shared))
                    return false;
                continue;
            }
            parser->tokens[1] = delim;
            parser->peeked = 2;
        }
        struct sw_node *node = parse_text_or_action(parser);
        if (!node)
            return false;
        if (node->kind == SW_NODE_END || node->kind == SW_NODE_ELSE)
            return sw_parser_unexpected_node(parser, node, "unexpected ", "");
        sw_nodes_add(parser->shared->arena, &root->nodes, node);
    }
    return add_tree(parser, root);
}

bool sw_parse(struct sw_arena *arena, const struct sw_source *source, const struct sw_map *functions, struct sw_vec *trees,
              struct sw_buf *error, uint32_t *line) {
    struct sw_parsing shared = {
        .arena = arena, .source = source, .functions = functions, .trees = trees, .first_tree = trees->len, .error = error};
    sw_lexer_init(&shared.lexer, arena, source->text);
    struct sw_parser parser = parser_of(&shared, source->name);
    bool good = parse_top(&parser) && !shared.failed;
    sw_vec_fini(&parser.vars);
    *line = shared.error_line;
    return good;
}
