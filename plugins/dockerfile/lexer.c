#include "plugins/dockerfile/lexer.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/arguments.h"
#include "plugins/dockerfile/directive.h"
#include "plugins/dockerfile/text.h"
#include "plugins/dockerfile/words.h"

enum { LINE_LIMIT = 65536 };

struct lexer {
    struct sw_arena *arena;
    struct sw_df_failure *failure;
    const char *at;
    const char *end;
    const char *token; /* the current physical line, its end included; not terminated */
    size_t token_len;
    bool too_long;
    uint32_t line; /* of the token, 1-based */
    char escape;
    struct sw_df_directive_reader directives;
    struct sw_vec comments; /* const char * */
    struct sw_vec nodes;
    struct sw_vec empties; /* uint32_t */
};

static bool scan(struct lexer *lexer) {
    if (lexer->at >= lexer->end || lexer->too_long)
        return false;
    size_t left = (size_t)(lexer->end - lexer->at), room = left < LINE_LIMIT ? left : LINE_LIMIT;
    const char *stop = memchr(lexer->at, '\n', room);
    if (!stop && left >= LINE_LIMIT) {
        lexer->too_long = true;
        return false;
    }
    lexer->token = lexer->at;
    lexer->token_len = stop ? (size_t)(stop - lexer->at) + 1 : left;
    lexer->at += lexer->token_len;
    return true;
}

/* The token without CR and LF at its end. */
static char *token_text(struct lexer *lexer) {
    size_t len = lexer->token_len;
    while (len > 0 && (lexer->token[len - 1] == '\n' || lexer->token[len - 1] == '\r'))
        len--;
    return sw_arena_strn(lexer->arena, lexer->token, len);
}

static bool is_comment(const char *text) {
    return *sw_df_skip_space(text) == '#';
}

static void collect_comment(struct lexer *lexer, const char *line) {
    if (!is_comment(line))
        return;
    const char *text = sw_df_trim(lexer->arena, line + 1);
    if (*text)
        sw_vec_push(&lexer->comments, &text);
    else
        lexer->comments.len = 0;
}

static bool set_escape(struct lexer *lexer, const char *value) {
    if (strcmp(value, "`") != 0 && strcmp(value, "\\") != 0)
        return sw_df_fail(lexer->failure, "invalid escape token '%s' does not match ` or \\", value);
    lexer->escape = *value;
    return true;
}

/* Whether the line is a directive. Failures have the number of lines before it as their place: the reference counts so. */
static bool read_directive(struct lexer *lexer, const char *text, bool *is_directive) {
    struct sw_df_directive directive;
    *is_directive = sw_df_directive_line(&lexer->directives, text, &directive, lexer->failure);
    if (!lexer->failure->text && (!*is_directive || strcmp(directive.name, "escape") != 0 || set_escape(lexer, directive.value)))
        return true;
    return sw_df_fail_at(lexer->failure, lexer->line, 0);
}

/* Cuts the escape off the end of a line that goes on; false when it does not go on. */
static bool cut_continuation(struct lexer *lexer, char *line) {
    size_t len = strlen(line);
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    if (len == 0 || line[len - 1] != lexer->escape || (len > 1 && line[len - 2] == lexer->escape))
        return false;
    line[len - 1] = '\0';
    return true;
}

/* Appends the lines that continue the one in `text`. */
static void join_lines(struct lexer *lexer, struct sw_buf *text) {
    bool has_empty = false;
    for (bool goes_on = true; goes_on && scan(lexer);) {
        char *line = token_text(lexer);
        lexer->line++;
        if (is_comment(line))
            continue;
        if (!*sw_df_skip_space(line)) {
            has_empty = true;
            continue;
        }
        goes_on = cut_continuation(lexer, line);
        sw_buf_puts(text, line);
    }
    if (has_empty)
        sw_vec_push(&lexer->empties, &lexer->line);
}

/* Reads the lines of one heredoc. */
static bool read_heredoc(struct lexer *lexer, struct sw_df_heredoc *heredoc, uint32_t first) {
    sw_cleanup_buf struct sw_buf content = {0};
    while (scan(lexer)) {
        lexer->line++;
        const char *text = token_text(lexer);
        while (heredoc->chomp && *text == '\t')
            text++;
        if (strcmp(text, heredoc->name) == 0) {
            heredoc->content = sw_arena_strn(lexer->arena, sw_buf_text(&content), content.len);
            return true;
        }
        sw_buf_add(&content, lexer->token, lexer->token_len);
    }
    sw_df_fail(lexer->failure, "unterminated heredoc");
    return sw_df_fail_at(lexer->failure, first, lexer->line);
}

static bool may_have_heredocs(const struct sw_df_node *node) {
    if (sw_df_equal_fold(node->name, "ONBUILD") && node->trigger)
        node = node->trigger;
    bool known = sw_df_equal_fold(node->name, "ADD") || sw_df_equal_fold(node->name, "COPY") || sw_df_equal_fold(node->name, "RUN");
    return known && !node->json;
}

static bool read_heredocs(struct lexer *lexer, struct sw_df_node *node, const char *line, uint32_t first) {
    if (!may_have_heredocs(node) || !strstr(line, "<<"))
        return true;
    struct sw_df_heredoc *heredocs;
    size_t count;
    if (!sw_df_heredocs_of_line(line, &heredocs, &count, lexer->failure))
        return sw_df_fail_at(lexer->failure, first, lexer->line);
    for (size_t i = 0; i < count; i++)
        if (!read_heredoc(lexer, &heredocs[i], first))
            return false;
    node->heredocs = heredocs;
    node->heredoc_count = count;
    return true;
}

static struct sw_strings take_comments(struct lexer *lexer) {
    struct sw_strings comments = {0};
    if (lexer->comments.len > 0)
        comments = (struct sw_strings){sw_arena_copy(lexer->arena, lexer->comments.data, lexer->comments.len * sizeof(char *)),
                                       lexer->comments.len};
    lexer->comments.len = 0;
    return comments;
}

/* Reads the instruction that begins with `line`, the current line. */
static bool read_instruction(struct lexer *lexer, char *line, bool goes_on) {
    sw_cleanup_buf struct sw_buf text = {0};
    uint32_t first = lexer->line;
    sw_buf_puts(&text, line);
    if (goes_on)
        join_lines(lexer, &text);
    struct sw_df_node node;
    if (!sw_df_node_parse(sw_buf_text(&text), lexer->escape, &node, lexer->failure))
        return sw_df_fail_at(lexer->failure, first, lexer->line);
    node.comments = take_comments(lexer);
    if (!read_heredocs(lexer, &node, node.original, first))
        return false;
    node.first = first;
    node.last = lexer->line;
    sw_vec_push(&lexer->nodes, &node);
    return true;
}

static bool read_line(struct lexer *lexer) {
    if (lexer->line == 0 && lexer->token_len >= 3 && memcmp(lexer->token, "\xEF\xBB\xBF", 3) == 0) {
        lexer->token += 3;
        lexer->token_len -= 3;
    }
    char *line = token_text(lexer);
    collect_comment(lexer, line);
    line = (char *)sw_df_skip_space(line);
    bool is_directive;
    if (!read_directive(lexer, line, &is_directive))
        return false;
    if (is_directive && lexer->comments.len > 0)
        lexer->comments.len--;
    lexer->line++;
    if (*line == '#')
        return true;
    bool goes_on = cut_continuation(lexer, line);
    if (!goes_on && !*line)
        return true;
    return read_instruction(lexer, line, goes_on);
}

static bool read_file(struct lexer *lexer) {
    while (scan(lexer))
        if (!read_line(lexer))
            return false;
    if (lexer->nodes.len == 0)
        sw_df_fail(lexer->failure, "file with no instructions");
    else if (lexer->too_long)
        sw_df_fail(lexer->failure, "dockerfile line greater than max allowed size of %d", LINE_LIMIT - 1);
    else
        return true;
    return sw_df_fail_at(lexer->failure, lexer->line, 0);
}

bool sw_df_parse(struct sw_bytes file, struct sw_df_file *out, struct sw_df_failure *failure) {
    const char *start = file.len > 0 ? file.data : "", *nul = memchr(start, '\0', file.len);
    *out = (struct sw_df_file){.escape = '\\'};
    if (nul) {
        uint32_t line = 1;
        for (const char *p = start; p < nul; p++)
            line += *p == '\n';
        sw_df_fail(failure, "the Dockerfile holds a NUL byte: it is no text");
        return sw_df_fail_at(failure, line, line);
    }
    struct lexer lexer = {.arena = failure->arena,
                          .failure = failure,
                          .at = start,
                          .end = start + file.len,
                          .escape = '\\',
                          .directives = {.comment = "#"},
                          .comments = {.width = sizeof(char *)},
                          .nodes = {.width = sizeof(struct sw_df_node)},
                          .empties = {.width = sizeof(uint32_t)}};
    bool ok = read_file(&lexer);
    out->escape = lexer.escape;
    out->nodes = sw_arena_copy(failure->arena, lexer.nodes.data, lexer.nodes.len * sizeof(struct sw_df_node));
    out->node_count = lexer.nodes.len;
    out->empty_continuations = sw_arena_copy(failure->arena, lexer.empties.data, lexer.empties.len * sizeof(uint32_t));
    out->empty_continuation_count = lexer.empties.len;
    sw_vec_fini(&lexer.comments);
    sw_vec_fini(&lexer.nodes);
    sw_vec_fini(&lexer.empties);
    return ok;
}
