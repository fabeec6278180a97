#include "core/template/parse.h"

#include <stdlib.h>
#include <string.h>

#include "core/template/lex.h"
#include "core/template/literal.h"
#include "core/template/quote.h"
#include "core/template/unicode.h"

enum { MAX_PARENTHESES = 10000, MAX_BLOCKS = 10000, CUT = 10 };

/* What all trees of one text share. */
struct shared {
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
struct parser {
    struct shared *shared;
    struct sw_str name;
    struct sw_token tokens[3]; /* read ahead */
    int peeked;
    struct sw_vec vars; /* struct sw_str: names of variables known here */
    uint32_t action_line;
    int range_depth;
    int paren_depth;
};

static struct sw_node *fail_with(struct parser *parser, struct sw_str message) {
    struct shared *shared = parser->shared;
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

static struct sw_node *fail(struct parser *parser, const char *message) {
    return fail_with(parser, sw_str_of(message));
}

/* Fails with a quoted name between two texts. */
static struct sw_node *fail_name(struct parser *parser, const char *before, struct sw_str name, const char *after) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, before);
    sw_quote(&text, name, SW_UNICODE);
    sw_buf_puts(&text, after);
    return fail_with(parser, (struct sw_str){text.data, text.len});
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

static void unexpected(struct parser *parser, struct sw_token token, const char *context) {
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
    fail_with(parser, (struct sw_str){text.data, text.len});
}

static struct sw_node *unexpected_node(struct parser *parser, const struct sw_node *node, const char *before, const char *after) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, before);
    sw_node_write(&text, node);
    sw_buf_puts(&text, after);
    return fail_with(parser, (struct sw_str){text.data, text.len});
}

static struct sw_token next(struct parser *parser) {
    if (parser->peeked > 0)
        parser->peeked--;
    else
        parser->tokens[0] = sw_lex(&parser->shared->lexer);
    return parser->tokens[parser->peeked];
}

static void back(struct parser *parser) {
    parser->peeked++;
}

static struct sw_token peek(struct parser *parser) {
    if (parser->peeked > 0)
        return parser->tokens[parser->peeked - 1];
    parser->peeked = 1;
    return parser->tokens[0] = sw_lex(&parser->shared->lexer);
}

static struct sw_token next_solid(struct parser *parser) {
    struct sw_token token;
    do
        token = next(parser);
    while (token.kind == SW_TOKEN_SPACE);
    return token;
}

static struct sw_token peek_solid(struct parser *parser) {
    struct sw_token token = next_solid(parser);
    back(parser);
    return token;
}

static bool expect(struct parser *parser, enum sw_token_kind kind, const char *context, struct sw_token *token) {
    *token = next_solid(parser);
    if (token->kind == kind)
        return true;
    unexpected(parser, *token, context);
    return false;
}

static struct sw_node *new_node(struct parser *parser, enum sw_node_kind kind, struct sw_token token) {
    return sw_node_new(parser->shared->arena, kind, parser->shared->source, token.pos, token.line);
}

static struct parser parser_of(struct shared *shared, struct sw_str name) {
    struct parser parser = {.shared = shared, .name = name, .vars = {.width = sizeof(struct sw_str)}};
    sw_vec_push(&parser.vars, &(struct sw_str){"$", 1});
    return parser;
}

/* Adds a finished tree; an empty one gives way to another of its name. */
static bool add_tree(struct parser *parser, struct sw_node *root) {
    struct shared *shared = parser->shared;
    for (size_t i = shared->first_tree; i < shared->trees->len; i++) {
        struct sw_tree *tree = sw_vec_at(shared->trees, i);
        if (!sw_str_equal(tree->name, parser->name))
            continue;
        if (sw_node_is_empty(tree->root))
            tree->root = root;
        else if (!sw_node_is_empty(root))
            fail_name(parser, "template: multiple definition of template ", parser->name, "");
        return !shared->failed;
    }
    sw_vec_push(shared->trees, &(struct sw_tree){parser->name, root});
    return true;
}

static struct sw_node *parse_pipeline(struct parser *parser, const char *context, enum sw_token_kind end);
static struct sw_node *parse_text_or_action(struct parser *parser);

/* Splits ".a.b" behind `skip` bytes into the node's names. */
static void set_names(struct parser *parser, struct sw_node *node, struct sw_str text) {
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

static struct sw_node *new_variable(struct parser *parser, struct sw_token token) {
    struct sw_node *node = new_node(parser, SW_NODE_VARIABLE, token);
    node->text = token.text;
    return node;
}

static struct sw_node *use_variable(struct parser *parser, struct sw_token token) {
    for (size_t i = 0; i < parser->vars.len; i++)
        if (sw_str_equal(*(struct sw_str *)sw_vec_at(&parser->vars, i), token.text))
            return new_variable(parser, token);
    return fail_name(parser, "undefined variable ", token.text, "");
}

static struct sw_node *parse_function(struct parser *parser, struct sw_token token) {
    struct sw_node *node = new_node(parser, SW_NODE_IDENTIFIER, token);
    node->text = token.text;
    node->function = sw_map_get(parser->shared->functions, sw_str_z(parser->shared->arena, token.text));
    return node->function ? node : fail_name(parser, "function ", token.text, " not defined");
}

static struct sw_node *parse_number(struct parser *parser, struct sw_token token) {
    struct sw_number number;
    sw_cleanup_buf struct sw_buf error = {0};
    if (!sw_number_parse(token, &number, &error))
        return fail_with(parser, (struct sw_str){error.data, error.len});
    struct sw_node *node = new_node(parser, SW_NODE_NUMBER, token);
    node->text = token.text;
    node->number = sw_arena_copy(parser->shared->arena, &number, sizeof number);
    return node;
}

/* The content of a string token. */
static bool unquote(struct parser *parser, struct sw_token token, struct sw_str *content) {
    struct sw_buf text = {0};
    bool good = sw_unquote(token.text, &text);
    *content = sw_str_take(parser->shared->arena, &text);
    if (!good)
        fail(parser, "invalid syntax");
    return good;
}

static struct sw_node *parse_string(struct parser *parser, struct sw_token token) {
    struct sw_node *node = new_node(parser, SW_NODE_STRING, token);
    node->text = token.text;
    return unquote(parser, token, &node->content) ? node : NULL;
}

static struct sw_node *parse_parentheses(struct parser *parser) {
    if (parser->paren_depth >= MAX_PARENTHESES)
        return fail(parser, "max expression depth exceeded");
    parser->paren_depth++;
    struct sw_node *node = parse_pipeline(parser, "parenthesized pipeline", SW_TOKEN_RIGHT_PAREN);
    parser->paren_depth--;
    return node;
}

/* NULL without failure: the next token begins no term. */
static struct sw_node *parse_term(struct parser *parser) {
    struct sw_token token = next_solid(parser);
    struct sw_node *node;
    switch (token.kind) {
    case SW_TOKEN_IDENTIFIER:
        return parse_function(parser, token);
    case SW_TOKEN_DOT:
        return new_node(parser, SW_NODE_DOT, token);
    case SW_TOKEN_NIL:
        return new_node(parser, SW_NODE_NIL, token);
    case SW_TOKEN_VARIABLE:
        return use_variable(parser, token);
    case SW_TOKEN_FIELD:
        node = new_node(parser, SW_NODE_FIELD, token);
        set_names(parser, node, token.text);
        return node;
    case SW_TOKEN_BOOL:
        node = new_node(parser, SW_NODE_BOOL, token);
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
        back(parser);
        return NULL;
    }
}

/* Puts the names that follow a term behind it: onto a field or variable itself, else into a chain. */
static struct sw_node *parse_chain(struct parser *parser, struct sw_node *term) {
    struct sw_token first = peek(parser);
    sw_cleanup_buf struct sw_buf names = {0};
    if (term->kind == SW_NODE_FIELD) {
        sw_buf_putc(&names, '.');
        sw_buf_add_str(&names, term->names[0]);
    }
    while (peek(parser).kind == SW_TOKEN_FIELD)
        sw_buf_add_str(&names, next(parser).text);
    struct sw_str text = sw_str_copy(parser->shared->arena, (struct sw_str){names.data, names.len});
    struct sw_node *node;
    switch (term->kind) {
    case SW_NODE_FIELD:
    case SW_NODE_VARIABLE:
        node = new_node(parser, term->kind, first);
        node->text = term->text;
        break;
    case SW_NODE_BOOL:
    case SW_NODE_STRING:
    case SW_NODE_NUMBER:
    case SW_NODE_NIL:
    case SW_NODE_DOT:
        names.len = 0;
        sw_node_write(&names, term);
        return fail_name(parser, "unexpected . after term ", (struct sw_str){names.data, names.len}, "");
    default:
        node = new_node(parser, SW_NODE_CHAIN, first);
        node->pipe = term;
        break;
    }
    set_names(parser, node, text);
    return node;
}

static struct sw_node *parse_operand(struct parser *parser) {
    struct sw_node *node = parse_term(parser);
    if (node && peek(parser).kind == SW_TOKEN_FIELD)
        return parse_chain(parser, node);
    return node;
}

/* Operands up to a pipe, which is taken, or to the end, which is left. */
static struct sw_node *parse_command(struct parser *parser) {
    struct sw_node *command = new_node(parser, SW_NODE_COMMAND, peek_solid(parser));
    for (;;) {
        peek_solid(parser);
        struct sw_node *operand = parse_operand(parser);
        if (parser->shared->failed)
            return NULL;
        if (operand)
            sw_nodes_add(parser->shared->arena, &command->nodes, operand);
        struct sw_token token = next(parser);
        if (token.kind == SW_TOKEN_SPACE)
            continue;
        if (token.kind == SW_TOKEN_RIGHT_DELIM || token.kind == SW_TOKEN_RIGHT_PAREN)
            back(parser);
        else if (token.kind != SW_TOKEN_PIPE)
            unexpected(parser, token, "operand");
        break;
    }
    if (command->nodes.len == 0)
        fail(parser, "empty command");
    return parser->shared->failed ? NULL : command;
}

static void declare(struct parser *parser, struct sw_node *pipe, struct sw_token variable) {
    next_solid(parser);
    sw_nodes_add(parser->shared->arena, &pipe->decl, new_variable(parser, variable));
    sw_vec_push(&parser->vars, &variable.text);
}

/* The variables before ":=" or "=", if any. */
static bool parse_declarations(struct parser *parser, struct sw_node *pipe, const char *context) {
    while (peek_solid(parser).kind == SW_TOKEN_VARIABLE) {
        struct sw_token variable = next_solid(parser);
        struct sw_token adjacent = peek(parser);
        struct sw_token following = peek_solid(parser);
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
            return fail(parser, text.data);
        }
        enum sw_token_kind kind = peek_solid(parser).kind;
        if (kind != SW_TOKEN_VARIABLE && kind != SW_TOKEN_RIGHT_DELIM && kind != SW_TOKEN_RIGHT_PAREN)
            return fail(parser, "range can only initialize variables");
    }
    return true;
}

static bool check_pipeline(struct parser *parser, const struct sw_node *pipe, const char *context) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (pipe->nodes.len == 0) {
        sw_buf_printf(&text, "missing value for %s", context);
        return fail(parser, text.data);
    }
    for (size_t i = 1; i < pipe->nodes.len; i++) {
        enum sw_node_kind kind = pipe->nodes.items[i]->nodes.items[0]->kind;
        if (kind != SW_NODE_BOOL && kind != SW_NODE_DOT && kind != SW_NODE_NIL && kind != SW_NODE_NUMBER && kind != SW_NODE_STRING)
            continue;
        sw_buf_printf(&text, "non executable command in pipeline stage %zu", i + 1);
        return fail(parser, text.data);
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

static struct sw_node *parse_pipeline(struct parser *parser, const char *context, enum sw_token_kind end) {
    struct sw_node *pipe = new_node(parser, SW_NODE_PIPE, peek_solid(parser));
    if (!parse_declarations(parser, pipe, context) || parser->shared->failed)
        return NULL;
    for (;;) {
        struct sw_token token = next_solid(parser);
        if (token.kind == end)
            return check_pipeline(parser, pipe, context) ? pipe : NULL;
        if (!begins_command(token.kind)) {
            unexpected(parser, token, context);
            return NULL;
        }
        back(parser);
        struct sw_node *command = parse_command(parser);
        if (!command)
            return NULL;
        sw_nodes_add(parser->shared->arena, &pipe->nodes, command);
    }
}

/* Nodes up to {{end}} or {{else}}, which is given back in `*last`. */
static struct sw_node *parse_list(struct parser *parser, struct sw_node **last) {
    struct sw_node *list = new_node(parser, SW_NODE_LIST, peek_solid(parser));
    while (peek_solid(parser).kind != SW_TOKEN_EOF) {
        struct sw_node *node = parse_text_or_action(parser);
        if (!node)
            return NULL;
        if (node->kind == SW_NODE_END || node->kind == SW_NODE_ELSE) {
            *last = node;
            return list;
        }
        sw_nodes_add(parser->shared->arena, &list->nodes, node);
    }
    return fail(parser, "unexpected EOF");
}

static struct sw_node *parse_control(struct parser *parser, enum sw_node_kind kind);

/* What stands behind {{else}}: "else if" and "else with" continue their own kind, with one {{end}} for both. */
static struct sw_node *parse_else(struct parser *parser, enum sw_node_kind kind, const struct sw_node *other) {
    enum sw_token_kind follows = peek(parser).kind;
    bool same = (kind == SW_NODE_IF && follows == SW_TOKEN_IF) || (kind == SW_NODE_WITH && follows == SW_TOKEN_WITH);
    struct sw_node *last;
    if (!same) {
        struct sw_node *list = parse_list(parser, &last);
        if (list && last->kind != SW_NODE_END)
            return unexpected_node(parser, last, "expected end; found ", "");
        return list;
    }
    next(parser);
    struct sw_node *list = sw_node_new(parser->shared->arena, SW_NODE_LIST, parser->shared->source, other->pos, other->line);
    struct sw_node *control = parse_control(parser, kind);
    if (!control)
        return NULL;
    sw_nodes_add(parser->shared->arena, &list->nodes, control);
    return list;
}

static struct sw_node *parse_control(struct parser *parser, enum sw_node_kind kind) {
    if (parser->shared->blocks >= MAX_BLOCKS)
        return fail(parser, "control structures nest too deeply");
    size_t vars = parser->vars.len;
    const char *context = kind == SW_NODE_IF ? "if" : kind == SW_NODE_WITH ? "with" : "range";
    struct sw_node *pipe = parse_pipeline(parser, context, SW_TOKEN_RIGHT_DELIM), *last;
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
static struct sw_node *parse_jump(struct parser *parser, struct sw_token word, enum sw_node_kind kind) {
    const char *context = kind == SW_NODE_BREAK ? "{{break}}" : "{{continue}}";
    struct sw_token token;
    if (!expect(parser, SW_TOKEN_RIGHT_DELIM, context, &token))
        return NULL;
    if (parser->range_depth == 0)
        return fail(parser, kind == SW_NODE_BREAK ? "{{break}} outside {{range}}" : "{{continue}} outside {{range}}");
    return new_node(parser, kind, word);
}

static bool parse_name(struct parser *parser, struct sw_token token, const char *context, struct sw_str *name) {
    if (token.kind == SW_TOKEN_STRING || token.kind == SW_TOKEN_RAW_STRING)
        return unquote(parser, token, name);
    unexpected(parser, token, context);
    return false;
}

static struct sw_node *parse_template(struct parser *parser) {
    static const char context[] = "template clause";
    struct sw_token token = next_solid(parser);
    struct sw_node *node = new_node(parser, SW_NODE_TEMPLATE, token);
    if (!parse_name(parser, token, context, &node->text))
        return NULL;
    if (next_solid(parser).kind == SW_TOKEN_RIGHT_DELIM)
        return node;
    back(parser);
    node->pipe = parse_pipeline(parser, context, SW_TOKEN_RIGHT_DELIM);
    return node->pipe ? node : NULL;
}

static struct sw_node *parse_block(struct parser *parser) {
    static const char context[] = "block clause";
    struct sw_token token = next_solid(parser);
    struct sw_node *node = new_node(parser, SW_NODE_TEMPLATE, token), *last;
    if (!parse_name(parser, token, context, &node->text))
        return NULL;
    node->pipe = parse_pipeline(parser, context, SW_TOKEN_RIGHT_DELIM);
    if (!node->pipe)
        return NULL;
    if (parser->shared->blocks >= MAX_BLOCKS)
        return fail(parser, "control structures nest too deeply");
    parser->shared->blocks++;
    struct parser inner = parser_of(parser->shared, node->text);
    struct sw_node *list = parse_list(&inner, &last);
    if (list && last->kind != SW_NODE_END)
        unexpected_node(parser, last, "unexpected ", " in block clause");
    else if (list)
        add_tree(&inner, list);
    sw_vec_fini(&inner.vars);
    parser->shared->blocks--;
    return parser->shared->failed ? NULL : node;
}

static struct sw_node *parse_end(struct parser *parser) {
    struct sw_token token;
    return expect(parser, SW_TOKEN_RIGHT_DELIM, "end", &token) ? new_node(parser, SW_NODE_END, token) : NULL;
}

/* {{else}}; of {{else if}} and {{else with}} the second word is left. */
static struct sw_node *parse_else_word(struct parser *parser) {
    struct sw_token token = peek_solid(parser);
    if (token.kind == SW_TOKEN_IF || token.kind == SW_TOKEN_WITH)
        return new_node(parser, SW_NODE_ELSE, token);
    return expect(parser, SW_TOKEN_RIGHT_DELIM, "else", &token) ? new_node(parser, SW_NODE_ELSE, token) : NULL;
}

static struct sw_node *parse_action(struct parser *parser) {
    struct sw_token token = next_solid(parser);
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
    back(parser);
    struct sw_node *node = new_node(parser, SW_NODE_ACTION, peek(parser));
    node->pipe = parse_pipeline(parser, "command", SW_TOKEN_RIGHT_DELIM);
    return node->pipe ? node : NULL;
}

static struct sw_node *parse_text_or_action(struct parser *parser) {
    struct sw_token token = next_solid(parser);
    struct sw_node *node;
    switch (token.kind) {
    case SW_TOKEN_TEXT:
        node = new_node(parser, SW_NODE_TEXT, token);
        node->text = token.text;
        return node;
    case SW_TOKEN_LEFT_DELIM:
        parser->action_line = token.line;
        node = parse_action(parser);
        parser->action_line = 0;
        return node;
    default:
        unexpected(parser, token, "input");
        return NULL;
    }
}

/* Behind the word "define". */
static bool parse_definition(struct shared *shared) {
    static const char context[] = "define clause";
    struct parser parser = parser_of(shared, sw_str_of("definition"));
    struct sw_token token = next_solid(&parser);
    struct sw_node *last;
    if (parse_name(&parser, token, context, &parser.name) && expect(&parser, SW_TOKEN_RIGHT_DELIM, context, &token)) {
        struct sw_node *list = parse_list(&parser, &last);
        if (list && last->kind != SW_NODE_END)
            unexpected_node(&parser, last, "unexpected ", " in define clause");
        else if (list)
            add_tree(&parser, list);
    }
    sw_vec_fini(&parser.vars);
    return !shared->failed;
}

static bool parse_top(struct parser *parser) {
    struct sw_node *root = new_node(parser, SW_NODE_LIST, peek(parser));
    while (peek(parser).kind != SW_TOKEN_EOF) {
        if (peek(parser).kind == SW_TOKEN_LEFT_DELIM) {
            struct sw_token delim = next(parser);
            if (next_solid(parser).kind == SW_TOKEN_DEFINE) {
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
            return unexpected_node(parser, node, "unexpected ", "");
        sw_nodes_add(parser->shared->arena, &root->nodes, node);
    }
    return add_tree(parser, root);
}

bool sw_parse(struct sw_arena *arena, const struct sw_source *source, const struct sw_map *functions, struct sw_vec *trees,
              struct sw_buf *error, uint32_t *line) {
    struct shared shared = {
        .arena = arena, .source = source, .functions = functions, .trees = trees, .first_tree = trees->len, .error = error};
    sw_lexer_init(&shared.lexer, arena, source->text);
    struct parser parser = parser_of(&shared, source->name);
    bool good = parse_top(&parser) && !shared.failed;
    sw_vec_fini(&parser.vars);
    *line = shared.error_line;
    return good;
}
