/* Words: golden ones, and those of the dialect's own rules. */
#include <string.h>

#include "plugins/dockerfile/shell.h"
#include "tests/unit/plugins/dockerfile/fixture.h"

struct word_case {
    const char *word;
    const char *want; /* NULL: malformed */
    const char *error;
};

/* Expands with A=1, EMPTY= and P=/usr/local/bin set. */
static void check_word(const struct word_case *c) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_df_failure failure = {.arena = &arena};
    struct sw_df_shell shell = {.escape = '\\'};
    struct sw_df_expansion expansion;
    struct sw_df_env env;
    sw_df_env_init(&env, &arena);
    sw_df_env_set(&env, "A", "1");
    sw_df_env_set(&env, "EMPTY", "");
    sw_df_env_set(&env, "P", "/usr/local/bin");
    bool ok = sw_df_expand(&shell, c->word, &env, &expansion, &failure);
    if (ok != (c->want != NULL) || (ok && strcmp(c->want, expansion.text) != 0))
        fail_msg("%s: %s", c->word, ok ? expansion.text : failure.text);
    if (c->error)
        assert_string_equal(failure.text, c->error);
    sw_df_env_fini(&env);
}

static void variables_are_replaced_as_in_a_shell(void **state) {
    (void)state;
    static const struct word_case cases[] = {
        {"a${A}b", "a1b", NULL},
        {"${NO-x}${EMPTY-x}${EMPTY:-y}${A:-z}", "xy1", NULL},
        {"${NO+x}${EMPTY+x}${EMPTY:+y}${A:+z}", "xz", NULL},
        {"${NO:?}", NULL, "failed to process \"${NO:?}\": NO: is not allowed to be unset"},
        {"${EMPTY:?}", NULL, "failed to process \"${EMPTY:?}\": EMPTY: is not allowed to be empty"},
        {"${NO?gone}", NULL, "failed to process \"${NO?gone}\": NO: gone"},
        {"${P#*/}", "usr/local/bin", NULL},
        {"${P##*/}", "bin", NULL},
        {"${P%/*}", "/usr/local", NULL},
        {"${P%%/*}", "", NULL},
        {"${P/l/L}", "/usr/Local/bin", NULL},
        {"${P//l/L}", "/usr/LocaL/bin", NULL},
        {"${P//\\//-}", "-usr-local-bin", NULL},
        {"${P//?/$1}", "", NULL},
        {"${P//u/[$0]}", "/[]sr/local/bin", NULL},
        {"${P/x}", NULL, "failed to process \"${P/x}\": syntax error: missing '/' in ${}"},
        {"${P#\\x}", NULL, "failed to process \"${P#\\\\x}\": invalid pattern (\\x) in substitution: invalid escape '\\x'"},
        {"${A", NULL, "failed to process \"${A\": unsupported modifier (\xEF\xBF\xBD) in substitution"},
        {"${}", NULL, "failed to process \"${}\": syntax error: bad substitution"},
        {"${A:#1}", NULL, "failed to process \"${A:#1}\": unsupported modifier (:#) in substitution"},
        {"$", "$", NULL},
        {"$1$@$$x", "x", NULL},
        {"'$A'\"$A\"\\$A", "$A1$A", NULL},
        {"\"a", NULL, "failed to process \"\\\"a\": unexpected end of statement while looking for matching double-quote"},
        {"'a", NULL, "failed to process \"'a\": unexpected end of statement while looking for matching single-quote"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_word(&cases[i]);
}

static void golden_words_come_out_as_recorded(void **state) {
    (void)state;
    sw_cleanup_arena struct sw_arena arena = {0};
    sw_cleanup_json json_t *root = read_fixture("digests/dockerfile_words.json");
    struct sw_df_shell shell = {.escape = '\\'};
    struct sw_df_env env;
    size_t index;
    json_t *item;
    sw_df_env_init(&env, &arena);
    json_array_foreach(json_object_get(root, "vars"), index, item) {
        const char *pair = json_string_value(item), *equals = strchr(pair, '=');
        sw_df_env_set(&env, sw_arena_strn(&arena, pair, (size_t)(equals - pair)), equals + 1);
    }
    json_array_foreach(json_object_get(root, "cases"), index, item) {
        struct sw_df_failure failure = {.arena = &arena};
        struct sw_df_expansion expansion;
        bool ok = sw_df_expand(&shell, text_of(item, "in"), &env, &expansion, &failure);
        bool wrong = json_is_true(json_object_get(item, "error"));
        if (ok == wrong || (ok && strcmp(expansion.text, text_of(item, "out")) != 0))
            fail_msg("%s: %s", text_of(item, "in"), ok ? expansion.text : failure.text);
    }
    sw_df_env_fini(&env);
}

static void many_stars_do_not_take_forever(void **state) {
    (void)state;
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_df_failure failure = {.arena = &arena};
    struct sw_df_shell shell = {.escape = '\\'};
    struct sw_df_expansion expansion;
    struct sw_df_env env;
    char value[2001], word[256] = "${V#";
    memset(value, 'a', 2000);
    value[2000] = '\0';
    for (int i = 0; i < 40; i++)
        strcat(word, "*a");
    strcat(word, "b}");
    sw_df_env_init(&env, &arena);
    sw_df_env_set(&env, "V", value);
    assert_true(sw_df_expand(&shell, word, &env, &expansion, &failure));
    assert_string_equal(expansion.text, value);
    sw_df_env_fini(&env);
}

static void substitutions_inside_each_other_have_a_limit(void **state) {
    (void)state;
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_df_failure failure = {.arena = &arena};
    struct sw_df_shell shell = {.escape = '\\'};
    struct sw_df_expansion expansion;
    sw_cleanup_buf struct sw_buf word = {0};
    for (int i = 0; i < 100000; i++)
        sw_buf_puts(&word, "${A:-");
    assert_false(sw_df_expand(&shell, sw_buf_text(&word), NULL, &expansion, &failure));
}

static void a_word_does_not_grow_without_end(void **state) {
    (void)state;
    static const char *const words[] = {"${V//a/${V//a/${V//a/aaaaaaaaaa}}}", "$V$V", "${V:+$V$V}"};
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_df_shell shell = {.escape = '\\'};
    struct sw_df_expansion expansion;
    struct sw_df_env env;
    char *value = sw_arena_new(&arena, 200001);
    memset(value, 'a', 200000);
    sw_df_env_init(&env, &arena);
    sw_df_env_set(&env, "V", value);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct sw_df_failure failure = {.arena = &arena};
        assert_false(sw_df_expand(&shell, words[i], &env, &expansion, &failure));
        assert_non_null(strstr(failure.text, "grows too large"));
    }
    sw_df_env_fini(&env);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_replaced_as_in_a_shell), cmocka_unit_test(golden_words_come_out_as_recorded),
        cmocka_unit_test(many_stars_do_not_take_forever),       cmocka_unit_test(substitutions_inside_each_other_have_a_limit),
        cmocka_unit_test(a_word_does_not_grow_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
