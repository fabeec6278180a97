/* lint.h - warnings: collecting them, and the rules of the `check=` directive about which are wanted. */
#ifndef PLUGINS_DOCKERFILE_LINT_H
#define PLUGINS_DOCKERFILE_LINT_H

#include <stdbool.h>

#include "core/base/vec.h"
#include "plugins/dockerfile/failure.h"

struct sw_df_check {
    bool skip_all;
    bool experimental_all;
    bool as_error; /* any warning fails the build */
    struct sw_strings skip;
    struct sw_strings experimental;
};

struct sw_df_warning {
    const char *rule;
    const char *text;
    uint32_t first;
    uint32_t last;
};

struct sw_df_lint {
    struct sw_arena *arena;
    bool silent; /* nothing is wanted */
    struct sw_df_check check;
    struct sw_vec warnings; /* struct sw_df_warning; freed by sw_df_lint_fini */
};

/* Reads the value of a check directive; NULL and "" mean the defaults. */
bool sw_df_check_parse(const char *text, struct sw_df_check *check, struct sw_df_failure *failure);

void sw_df_lint_init(struct sw_df_lint *lint, struct sw_arena *arena);
void sw_df_lint_fini(struct sw_df_lint *lint);

/* What a warning is about: lines, and the comments above them, which may hold a `check=` of their own. */
struct sw_df_spot {
    struct sw_strings comments;
    uint32_t first;
    uint32_t last;
};

/* Adds a warning, unless the check directive or the comments of `spot` say that `rule` is not wanted. */
void sw_df_warn(struct sw_df_lint *lint, struct sw_df_spot spot, const char *rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Fails when there are warnings and the directive makes them errors. */
bool sw_df_lint_verdict(const struct sw_df_lint *lint, struct sw_df_failure *failure);

/* Puts the warnings in order of their lines. */
void sw_df_lint_sort(struct sw_df_lint *lint);

/* The candidate nearest to `word` at a distance of one or two edits, or NULL; NULL too when `word` is a candidate itself. */
enum sw_df_case { SW_DF_CASE_MATTERS, SW_DF_CASE_IGNORED };
const char *sw_df_nearest(struct sw_arena *arena, const char *word, struct sw_strings candidates, enum sw_df_case matters);

/* Adds " (did you mean X?)" to a failure when there is a near candidate. Returns false. */
bool sw_df_suggest(struct sw_df_failure *failure, const char *word, struct sw_strings candidates, enum sw_df_case matters);

#endif
