/* lexer.h - from the bytes of a Dockerfile to instructions with their raw arguments: lines, comments, continuations, heredocs.
 *
 * What an instruction means, and whether it exists, is the business of instruction.h. */
#ifndef PLUGINS_DOCKERFILE_LEXER_H
#define PLUGINS_DOCKERFILE_LEXER_H

#include "plugins/dockerfile/heredoc.h"

struct sw_df_node {
    const char *name;     /* as it was typed */
    const char *original; /* the joined lines, not trimmed */
    struct sw_strings flags;
    struct sw_strings args; /* ENV, LABEL: triples of name, value and "=" or ""; ONBUILD: the trigger's name and arguments */
    bool json;              /* the arguments are in JSON form */
    const struct sw_df_heredoc *heredocs;
    size_t heredoc_count;
    struct sw_strings comments;       /* directly above it */
    const struct sw_df_node *trigger; /* ONBUILD: the instruction inside, NULL when there is none */
    uint32_t first;                   /* lines, 1-based, heredocs included */
    uint32_t last;
};

struct sw_df_file {
    const struct sw_df_node *nodes;
    size_t node_count;
    char escape;
    const uint32_t *empty_continuations; /* last lines of the instructions that have an empty line inside */
    size_t empty_continuation_count;
};

/* Reads a file. Everything lives in the failure's arena. */
bool sw_df_parse(struct sw_bytes file, struct sw_df_file *out, struct sw_df_failure *failure);

#endif
