/* directive.h - the comments at the top of a Dockerfile that mean something: `# syntax=`, `# escape=`, `# check=`. */
#ifndef PLUGINS_DOCKERFILE_DIRECTIVE_H
#define PLUGINS_DOCKERFILE_DIRECTIVE_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"

struct sw_df_directive {
    const char *name; /* "syntax", "escape" or "check" */
    const char *value;
};

/* Reads lines from the top on. A zeroed one with `comment` set is ready. */
struct sw_df_directive_reader {
    const char *comment; /* what a line must start with: "#", "//" or "" */
    unsigned seen;
    bool done; /* a line that was no directive has come: the rest of the file has none */
};

/* Whether `line`, without its end, is a directive. A name that comes twice is a failure. */
bool sw_df_directive_line(struct sw_df_directive_reader *reader, const char *line, struct sw_df_directive *directive,
                          struct sw_df_failure *failure);

/* Value of directive `name`, or NULL. */
const char *sw_df_directive_find(struct sw_arena *arena, const char *file, const char *name);

/* Whole value of the syntax directive in any of its forms (`#`, `//`, a JSON object), or NULL. Its first word is the image. */
const char *sw_df_directive_syntax(struct sw_arena *arena, const char *file);

#endif
