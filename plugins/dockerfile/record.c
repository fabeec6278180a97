#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "plugins/dockerfile/state.h"

void sw_df_record_stage(struct sw_df_evaluator *e, const struct sw_df_state *state) {
    if (e->options->recording != SW_DF_RECORD || state->index == SIZE_MAX)
        return;
    struct sw_strings env = {state->image.env.data, state->image.env.len};
    e->out->records[state->index] = (struct sw_df_stage_record){.base = e->out->program.stages[state->index].base,
                                                                .base_stage = state->base ? state->base->index : SIZE_MAX,
                                                                .env = sw_arena_strings(e->arena, env)};
    struct sw_df_expansion base;
    struct sw_df_failure ignored = {.arena = e->arena};
    if (sw_df_expand(&e->shell, e->out->program.stages[state->index].base, &e->globals, &base, &ignored))
        e->out->records[state->index].base = base.text;
}

void sw_df_record_mark(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command) {
    if (e->options->recording != SW_DF_RECORD || state != e->goal)
        return;
    sw_df_image_set_platform(e, &state->image);
    sw_cleanup_json json_t *config = sw_df_image_json(&state->image);
    sw_cleanup_free char *text = json_dumps(config, JSON_COMPACT);
    struct sw_df_mark mark = {.first = command ? command->instruction->first : 0,
                              .on_build = command && command->on_build,
                              .tip = state->tip,
                              .config = sw_arena_str(e->arena, text)};
    sw_vec_push(&e->out->marks, &mark);
}
