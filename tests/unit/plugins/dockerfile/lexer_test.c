/* Lines, continuations, heredocs and flags: what the lexer makes of bytes. */
#include <string.h>

#include "plugins/dockerfile/lexer.h"
#include "plugins/dockerfile/text.h"
#include "tests/unit/check.h"

/* "NAME first-last args|args flags…" of each instruction, with '\n' between; or the failure with its lines. */
static char *lex(struct sw_arena *arena, const char *text, size_t len) {
    struct sw_df_failure failure = {.arena = arena};
    struct sw_df_file file;
    sw_cleanup_buf struct sw_buf out = {0};
    bool ok = sw_df_parse((struct sw_bytes){text, len}, &file, &failure);
    if (!ok)
        sw_buf_printf(&out, "%s @%u", failure.text, failure.count ? failure.lines[failure.count - 1] : 0);
    for (size_t i = 0; ok && i < file.node_count; i++) {
        const struct sw_df_node *node = &file.nodes[i];
        sw_buf_printf(&out, "%s%s %u-%u %s", i > 0 ? "\n" : "", node->name, node->first, node->last,
                      sw_df_join(arena, node->args, "|"));
        for (size_t j = 0; j < node->flags.count; j++)
            sw_buf_printf(&out, " [%s]", node->flags.items[j]);
        for (size_t j = 0; j < node->heredoc_count; j++)
            sw_buf_printf(&out, " {%s:%s}", node->heredocs[j].name, node->heredocs[j].content);
    }
    return sw_arena_str(arena, sw_buf_text(&out));
}

static void text_becomes_instructions_with_lines(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"FROM a", "FROM 1-1 a"},
        {"\xEF\xBB\xBF"
         "FROM a\r\n",
         "FROM 1-1 a"},
        {"\n\n# c\n  from a\n", "from 4-4 a"},
        {"RUN a \\\n  b\n", "RUN 1-2 a   b"},
        {"RUN a \\\n# c\n\n  b\nX", "RUN 1-4 a   b\nX 5-5 "},
        {"RUN a \\\\\nX", "RUN 1-1 a \\\\\nX 2-2 "},
        {"# escape=`\nRUN a `\n b \\\n", "RUN 2-3 a  b \\"},
        {"RUN --a=\"b c\" --d -- --e f", "RUN 1-1 --e f [--a=b c] [--d]"},
        {"RUN <<E\nx\n y\nE\nX", "RUN 1-4 <<E {E:x\n y\n}\nX 5-5 "},
        {"COPY <<-A <<'B' /c\n\tx\n\tA\ny\nB", "COPY 1-5 <<-A|<<'B'|/c {A:\tx\n} {B:y\n}"},
        {"RUN [\"a\", \"b\"]", "RUN 1-1 a|b"},
        {"RUN [\"a\", 'b']", "RUN 1-1 [\"a\", 'b']"},
        {"ENV a=b c='d e'", "ENV 1-1 a|b|=|c|'d e'|="},
        {"ENV a b  c", "ENV 1-1 a|b  c|"},
        {"ONBUILD RUN x", "ONBUILD 1-1 RUN|x"},
        {"", "file with no instructions @0"},
        {"# c\n", "file with no instructions @1"},
        {"RUN <<E\nx", "unterminated heredoc @2"},
        {"RUN [1]", "when using JSON array syntax, arrays must be comprised of strings only @1"},
        {"ENV a", "ENV must have two arguments @1"},
        {"ENV a=b c", "Syntax error - can't find = in \"c\". Must be of the form: name=value @1"},
        {"# escape=x\nFROM a", "invalid escape token 'x' does not match ` or \\ @0"},
        {"# syntax=a\n# syntax=b\nFROM a", "only one syntax parser directive can be used @1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sw_cleanup_arena struct sw_arena arena = {0};
        const char *got = lex(&arena, cases[i].text, strlen(cases[i].text));
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s\n--- got\n%s\n--- expected\n%s", cases[i].text, got, cases[i].want);
    }
}

static void bytes_that_are_no_text_are_refused(void **state) {
    (void)state;
    sw_cleanup_arena struct sw_arena arena = {0};
    assert_string_equal(lex(&arena, "FROM a\nRUN \0x", 13), "the Dockerfile holds a NUL byte: it is no text @2");
}

static void a_line_has_an_end(void **state) {
    (void)state;
    sw_cleanup_arena struct sw_arena arena = {0};
    static char text[70010] = "FROM a\n";
    memset(text + 7, 'x', 70000);
    assert_string_equal(lex(&arena, text, 70007), "dockerfile line greater than max allowed size of 65535 @1");
    text[7 + 65535] = '\n';
    assert_null(strstr(lex(&arena, text, 7 + 65536), "greater"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_instructions_with_lines),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(a_line_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
