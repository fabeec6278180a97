/* Triggers that a base has left: instructions that stand before the stage's own. */
#include "plugins/dockerfile/state.h"

static bool read_trigger(struct sw_df_evaluator *e, struct sw_df_state *state, const char *text, struct sw_df_command *command) {
    struct sw_df_file file;
    struct sw_bytes bytes = {text, __builtin_strlen(text)};
    if (!sw_df_parse(bytes, &file, e->failure))
        return false;
    if (file.node_count != 1)
        return sw_df_fail(e->failure, "onbuild trigger should be a single expression");
    struct sw_df_node *node = sw_arena_copy(e->arena, &file.nodes[0], sizeof(*node));
    struct sw_df_instruction *instruction = sw_arena_new(e->arena, sizeof(*instruction));
    node->first = state->stage.first;
    node->last = state->stage.last;
    if (!sw_df_instruction_parse(node, NULL, instruction, e->failure))
        return false;
    *command = (struct sw_df_command){.instruction = instruction, .on_build = true};
    return sw_df_command_connect(e, command);
}

bool sw_df_triggers_take(struct sw_df_evaluator *e, struct sw_df_state *state, struct sw_strings triggers, bool *new_dependencies) {
    struct sw_vec commands = {.width = sizeof(struct sw_df_command)};
    bool ok = true;
    for (size_t i = 0; ok && i < triggers.count; i++) {
        struct sw_df_command command;
        ok = read_trigger(e, state, triggers.items[i], &command);
        if (!ok)
            break;
        sw_vec_push(&commands, &command);
        *new_dependencies = *new_dependencies || command.source_count > 0;
        sw_df_state_depend(e, state, &command);
    }
    state->step_count += (unsigned)commands.len;
    for (size_t i = 0; i < state->commands.len; i++)
        sw_vec_push(&commands, sw_vec_at(&state->commands, i));
    sw_vec_fini(&state->commands);
    state->commands = commands;
    return ok;
}
