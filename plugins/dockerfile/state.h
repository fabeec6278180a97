/* state.h - the evaluator's inside: a stage while it is being evaluated. */
#ifndef PLUGINS_DOCKERFILE_STATE_H
#define PLUGINS_DOCKERFILE_STATE_H

#include "core/base/ignore.h"
#include "plugins/dockerfile/evaluate.h"

struct sw_df_state;

struct sw_df_command {
    const struct sw_df_instruction *instruction;
    struct sw_df_state **sources; /* stages it takes from: COPY has one at most, RUN one for each mount */
    size_t source_count;
    bool on_build;
};

struct sw_df_dependency {
    struct sw_df_state *state;
    const struct sw_df_instruction *instruction;
};

/* The last CMD, ENTRYPOINT or HEALTHCHECK of a stage. */
struct sw_df_last {
    bool set;
    uint32_t first;
    uint32_t last;
};

/* An ARG that was declared. */
struct sw_df_declared {
    const char *name;
    const char *value; /* NULL: none */
};

/* Of the search for cycles. */
enum sw_df_color { SW_DF_NEW, SW_DF_ON_PATH, SW_DF_DONE };

struct sw_df_state {
    struct sw_df_stage stage; /* `base` is expanded, then normalized */
    const char *name;         /* for people: "builder", "stage-2", "" when it is the only one */
    struct sw_df_state *base;
    struct sw_vec dependencies;
    struct sw_vec commands;
    size_t index;      /* of the stage in the file, SIZE_MAX: it has none */
    bool unregistered; /* an image that stands in an instruction, not in FROM */
    bool dispatched;
    bool resolved;
    bool triggers_taken;
    bool workdir_set;
    bool no_cache;
    const struct sw_pair *context; /* the named context that replaces the stage, or NULL */
    struct sw_df_image image;
    bool has_platform;
    struct sw_df_platform platform;
    const struct sw_df_step *tip;
    struct sw_df_env env;
    const char *cwd;
    const char *user;
    struct sw_vec declared;
    struct sw_df_last cmd;
    struct sw_df_last entrypoint;
    struct sw_df_last healthcheck;
    unsigned step_count; /* steps that it will have, for titles */
    unsigned step_index;
    bool on_build;       /* the command at hand is a trigger */
    unsigned reach_mark; /* sw_df_evaluator.reach_mark: it is needed for the goal */
    enum sw_df_color color;
};

struct sw_df_evaluator {
    struct sw_df_evaluation *out;
    const struct sw_df_options *options;
    struct sw_arena *arena;
    struct sw_df_failure *failure;
    struct sw_df_lint *lint;
    struct sw_df_shell shell;
    struct sw_df_env build_args;
    struct sw_df_env globals;
    struct sw_vec global_names; /* const char *: declared ARGs, with or without a value */
    struct sw_df_platform target;
    struct sw_df_platform build;
    bool implicit_target;
    bool all_stages;       /* those that the goal does not need are evaluated too */
    const char *epoch;     /* RFC 3339 text, NULL: none */
    int64_t epoch_seconds; /* of `epoch` */
    struct sw_vec states;  /* struct sw_df_state * */
    struct sw_df_state *goal;
    unsigned reach_mark;
    struct sw_ignore *ignore; /* NULL: nothing is ignored */
    bool ignores_root;        /* by "*", "**" or "**" with a star behind it */
    const struct sw_df_step *context;
};

/* A new step, numbered. */
struct sw_df_step *sw_df_step_new(struct sw_df_evaluator *e, enum sw_df_step_kind kind, const struct sw_df_step *input);

/* stages.c */
bool sw_df_states_build(struct sw_df_evaluator *e);
bool sw_df_states_find_goal(struct sw_df_evaluator *e);
bool sw_df_states_connect(struct sw_df_evaluator *e);
/* Resolves bases and takes ONBUILD triggers. True with needs when images are pending. */
bool sw_df_states_resolve(struct sw_df_evaluator *e);
/* Finds out which stages are needed for the goal; then, whether `state` is. */
void sw_df_states_mark(struct sw_df_evaluator *e);
bool sw_df_state_reachable(const struct sw_df_evaluator *e, const struct sw_df_state *state);
/* Takes over what the base has come to. */
void sw_df_state_inherit(struct sw_df_evaluator *e, struct sw_df_state *state);
struct sw_strings sw_df_state_names(struct sw_df_evaluator *e);
bool sw_df_command_connect(struct sw_df_evaluator *e, struct sw_df_command *command);
/* `state` needs what `command` takes from; stages that only stand for an image are added. */
void sw_df_state_depend(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command);
struct sw_df_state *sw_df_state_new(struct sw_df_evaluator *e);
void sw_df_state_add(struct sw_df_evaluator *e, struct sw_df_state *state);
struct sw_df_state *sw_df_state_find(struct sw_df_evaluator *e, const char *name);

/* onbuild.c */
bool sw_df_triggers_take(struct sw_df_evaluator *e, struct sw_df_state *state, struct sw_strings triggers, bool *new_dependencies);

/* base.c */
bool sw_df_base_resolve(struct sw_df_evaluator *e, struct sw_df_state *state, bool reachable);
/* The named context that `name` stands for: its key and where it comes from. NULL when there is none. */
bool sw_df_context_find(struct sw_df_evaluator *e, const char *name, const struct sw_df_platform *platform,
                        const struct sw_pair **found);

/* dispatch.c */
bool sw_df_stage_dispatch(struct sw_df_evaluator *e, struct sw_df_state *state);
/* Expands `word` in the stage, and warns of what is not set. */
bool sw_df_state_expand(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_instruction *instruction,
                        const struct sw_df_shell *shell, const char *word, const char **out);
/* Title of a step for people: "[builder 2/5] RUN make". */
const char *sw_df_step_title(struct sw_df_evaluator *e, struct sw_df_state *state, const char *text);
/* Platform of the stage's steps, under the name by which all know it. */
const char *sw_df_step_platform(struct sw_df_evaluator *e, const struct sw_df_platform *platform);
/* An instruction's text for a title: its word in upper case, variables replaced. */
const char *sw_df_title_text(struct sw_df_evaluator *e, const struct sw_df_shell *shell, const char *code,
                             const struct sw_df_env *env);
struct sw_strings sw_df_shell_command(struct sw_arena *arena, const struct sw_df_image *image, struct sw_strings args);

/* dispatch_run.c, dispatch_copy.c, dispatch_expose.c */
bool sw_df_dispatch_run(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command);
bool sw_df_dispatch_copy(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command);
bool sw_df_dispatch_expose(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_instruction *instruction);

/* check_stages.c: rules about the file as a whole */
void sw_df_check_stage_names(struct sw_df_evaluator *e);
void sw_df_check_casing(struct sw_df_evaluator *e);
void sw_df_check_default_bases(struct sw_df_evaluator *e, const struct sw_df_env *platform_args);
void sw_df_check_from_names(struct sw_df_evaluator *e, const struct sw_df_stage *stage, struct sw_strings unmatched);
void sw_df_check_from_platform(struct sw_df_evaluator *e, const struct sw_df_stage *stage, const struct sw_df_expansion *platform);

/* epoch.c: reads SOURCE_DATE_EPOCH */
bool sw_df_epoch_resolve(struct sw_df_evaluator *e);

/* evaluate.c: platform members of the result: what was asked for wins over what the base says. */
void sw_df_image_set_platform(struct sw_df_evaluator *e, struct sw_df_image *image);

/* record.c: keeps what a stage begins with, and what the target comes to. */
void sw_df_record_stage(struct sw_df_evaluator *e, const struct sw_df_state *state);
void sw_df_record_mark(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command);

/* evaluate.c: global ARGs on top of `args`, from defaults and `build_args` (NULL: none). */
bool sw_df_globals_apply(struct sw_df_evaluator *e, struct sw_df_env *args, const struct sw_df_env *build_args,
                         struct sw_df_failure *failure);

#endif
