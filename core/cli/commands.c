#include <string.h>

#include "core/cli/command.h"

const struct sw_command *const sw_commands[] = {
    /* clang-format off: one a line, in the order of help */
    &sw_command_build,
    &sw_command_export,
    &sw_command_run,
    &sw_command_graph,
    &sw_command_why,
    &sw_command_lint,
    &sw_command_stage_digest,
    &sw_command_stage_image,
    &sw_command_config_render,
    &sw_command_config_list,
    &sw_command_config_graph,
    &sw_command_config_schema,
    &sw_command_template,
    &sw_command_includes_update,
    &sw_command_dockerfile_explain,
    &sw_command_plugins,
    &sw_command_store_df,
    &sw_command_store_prune,
    &sw_command_store_verify,
    &sw_command_completion,
    &sw_command_version,
    &sw_command_help,
    /* clang-format on */
};
const size_t sw_command_count = sizeof sw_commands / sizeof *sw_commands;

/* How many words of `name` stand at the beginning of `argv`, when they all do; else 0. */
static size_t match(const char *name, const char *const *argv) {
    size_t words = 0;
    for (const char *at = name; *at; words++) {
        size_t len = strcspn(at, " ");
        if (!argv[words] || strlen(argv[words]) != len || strncmp(argv[words], at, len) != 0)
            return 0;
        at += len;
        at += *at == ' ';
    }
    return words;
}

const struct sw_command *sw_command_find(const char *const *argv, size_t *words) {
    for (size_t i = 0; i < sw_command_count; i++) {
        *words = match(sw_commands[i]->name, argv);
        if (*words)
            return sw_commands[i];
    }
    return NULL;
}
