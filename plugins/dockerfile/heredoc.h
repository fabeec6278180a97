/* heredoc.h - `<<NAME` in an instruction, and the lines behind it. */
#ifndef PLUGINS_DOCKERFILE_HEREDOC_H
#define PLUGINS_DOCKERFILE_HEREDOC_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"

struct sw_df_heredoc {
    const char *name;
    const char *content; /* bytes as they stand in the file */
    bool expand;         /* no part of the name was quoted */
    bool chomp;          /* `<<-` */
    uint64_t descriptor;
};

/* Whether `word` is a heredoc. False without a failure when it is none. */
bool sw_df_heredoc_parse(const char *word, struct sw_df_heredoc *heredoc, struct sw_df_failure *failure);

/* The heredocs of an instruction's line, without their content. False, and `failure`, when one is malformed. */
bool sw_df_heredocs_of_line(const char *line, struct sw_df_heredoc **heredocs, size_t *count, struct sw_df_failure *failure);

/* The content without tabs at the start of its lines. */
const char *sw_df_chomp(struct sw_arena *arena, const char *content);

#endif
