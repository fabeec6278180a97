/* command.h - the commands of the program, one file each. */
#ifndef CORE_CLI_COMMAND_H
#define CORE_CLI_COMMAND_H

#include "core/cli/options.h"

struct sw_command {
    const char *name;     /* "build", "config render" */
    const char *operands; /* "[IMAGE…]" */
    const char *summary;  /* one line */
    const char *text;     /* more, for the manual; may be NULL */
    uint32_t groups;      /* of options */
    size_t max_operands;  /* SIZE_MAX: any number */
    bool takes_rest;      /* words behind "--" */
    /* Runs; gives the exit code, or fails with `error`, whose code decides it. */
    int (*run)(const struct sw_arguments *arguments, struct sw_error **error);
};

/* All commands, in the order of help. */
extern const struct sw_command *const sw_commands[];
extern const size_t sw_command_count;

/* The command whose words `argv` begins with; `*words` says how many they are. NULL: none. */
const struct sw_command *sw_command_find(const char *const *argv, size_t *words);

extern const struct sw_command sw_command_build, sw_command_export, sw_command_run, sw_command_why, sw_command_stage_digest,
    sw_command_stage_image, sw_command_template, sw_command_graph, sw_command_lint, sw_command_config_render,
    sw_command_config_list, sw_command_config_graph, sw_command_config_schema, sw_command_includes_update,
    sw_command_dockerfile_explain, sw_command_plugins, sw_command_store_df, sw_command_store_prune, sw_command_store_verify,
    sw_command_completion, sw_command_version, sw_command_help;

#endif
