/* shell.h - expanding a word: quotes, escapes, and `$…` in all its forms. */
#ifndef PLUGINS_DOCKERFILE_SHELL_H
#define PLUGINS_DOCKERFILE_SHELL_H

#include <stdbool.h>

#include "plugins/dockerfile/env.h"
#include "plugins/dockerfile/failure.h"

/* How to read a word. All members but `escape` are false for an ordinary one. */
struct sw_df_shell {
    char escape;
    bool raw_quotes;  /* quotes stay */
    bool raw_escapes; /* escapes stay */
    bool no_quotes;   /* quotes are ordinary characters (heredoc bodies) */
    bool keep_unset;  /* unset variables stay as they are written */
};

/* What came out. Strings live in the failure's arena. */
struct sw_df_expansion {
    const char *text;
    struct sw_strings words;     /* the text cut at spaces that were not quoted */
    struct sw_strings matched;   /* names that were set, each once */
    struct sw_strings unmatched; /* names that were not */
};

/* `env` may be NULL: nothing is set. False, and `failure`, when the word is malformed; `matched` and `unmatched` are set even so. */
bool sw_df_expand(const struct sw_df_shell *shell, const char *word, const struct sw_df_env *env, struct sw_df_expansion *expansion,
                  struct sw_df_failure *failure);

#endif
