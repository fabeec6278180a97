#include <stdlib.h>
#include <string.h>

#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/text.h"

static struct sw_df_state *state_at(const struct sw_df_evaluator *e, size_t index) {
    return *(struct sw_df_state **)sw_vec_at(&e->states, index);
}

struct sw_df_state *sw_df_state_new(struct sw_df_evaluator *e) {
    struct sw_df_state *state = sw_arena_new(e->arena, sizeof(*state));
    *state = (struct sw_df_state){.stage = {.name = "", .base = "", .platform = "", .word = "", .doc = "", .code = ""},
                                  .name = "",
                                  .index = SIZE_MAX,
                                  .dependencies = {.width = sizeof(struct sw_df_dependency)},
                                  .commands = {.width = sizeof(struct sw_df_command)},
                                  .cwd = "/",
                                  .user = "",
                                  .declared = {.width = sizeof(struct sw_df_declared)}};
    sw_df_image_init(&state->image, e->arena);
    sw_df_env_init(&state->env, e->arena);
    return state;
}

struct sw_df_state *sw_df_state_find(struct sw_df_evaluator *e, const char *name) {
    for (size_t i = e->states.len; i-- > 0;) {
        struct sw_df_state *state = state_at(e, i);
        if (*state->stage.name && sw_df_equal_fold(state->stage.name, name))
            return state;
    }
    return NULL;
}

void sw_df_state_add(struct sw_df_evaluator *e, struct sw_df_state *state) {
    for (size_t i = e->states.len; i-- > 0 && !state->base;) {
        struct sw_df_state *other = state_at(e, i);
        if (*other->stage.name && strcmp(other->stage.name, state->stage.base) == 0)
            state->base = other;
    }
    sw_vec_push(&e->states, &state);
}

struct sw_strings sw_df_state_names(struct sw_df_evaluator *e) {
    size_t count = 0;
    const char **names = sw_arena_new(e->arena, (e->states.len + 1) * sizeof(char *));
    for (size_t i = 0; i < e->states.len; i++)
        if (*state_at(e, i)->name)
            names[count++] = state_at(e, i)->name;
    return (struct sw_strings){names, count};
}

static bool suggest_any(struct sw_df_evaluator *e, struct sw_strings words) {
    struct sw_strings names = sw_df_env_names(&e->globals);
    for (size_t i = 0; i < words.count; i++) {
        const char *before = e->failure->text;
        sw_df_suggest(e->failure, words.items[i], names, SW_DF_CASE_MATTERS);
        if (e->failure->text != before)
            break;
    }
    return false;
}

static bool read_platform(struct sw_df_evaluator *e, struct sw_df_state *state) {
    const struct sw_df_stage *stage = &state->stage;
    struct sw_df_expansion expansion;
    if (!*stage->platform)
        return true;
    bool ok = sw_df_expand(&e->shell, stage->platform, &e->globals, &expansion, e->failure);
    sw_df_check_from_names(e, stage, expansion.unmatched);
    sw_df_check_from_platform(e, stage, &expansion);
    if (!ok) {
        sw_df_fail_prefix(e->failure, "failed to process arguments for platform %s: ", expansion.text);
        return sw_df_fail_at(e->failure, stage->first, stage->last);
    }
    if (!*expansion.text) {
        sw_df_fail(e->failure, "empty platform value from expression %s", stage->platform);
        sw_df_fail_at(e->failure, stage->first, stage->last);
        return suggest_any(e, expansion.unmatched);
    }
    state->has_platform = sw_df_platform_parse(expansion.text, &state->platform, e->failure);
    if (state->has_platform)
        return true;
    suggest_any(e, expansion.unmatched);
    sw_df_fail_prefix(e->failure, "failed to parse platform %s: ", stage->platform);
    return sw_df_fail_at(e->failure, stage->first, stage->last);
}

static bool read_base_name(struct sw_df_evaluator *e, struct sw_df_state *state) {
    struct sw_df_stage *stage = &state->stage;
    struct sw_df_expansion expansion;
    bool ok = sw_df_expand(&e->shell, stage->base, &e->globals, &expansion, e->failure);
    sw_df_check_from_names(e, stage, expansion.unmatched);
    if (!ok)
        return sw_df_fail_at(e->failure, stage->first, stage->last);
    if (!*expansion.text) {
        sw_df_fail(e->failure, "base name (%s) should not be blank", stage->base);
        return sw_df_fail_at(e->failure, stage->first, stage->last);
    }
    stage->base = expansion.text;
    return true;
}

static bool listed(struct sw_strings list, const char *name) {
    for (size_t i = 0; i < list.count; i++)
        if (sw_df_equal_fold(list.items[i], name))
            return true;
    return false;
}

/* Number of steps of a stage, as progress counts them. */
static unsigned count_steps(const struct sw_df_state *state) {
    unsigned count = strcmp(state->stage.base, "scratch") != 0 && !state->base;
    for (size_t i = 0; i < state->stage.instruction_count; i++) {
        enum sw_df_kind kind = state->stage.instructions[i].kind;
        count += kind == SW_DF_ADD || kind == SW_DF_COPY || kind == SW_DF_RUN || kind == SW_DF_WORKDIR;
    }
    return count;
}

static bool build_state(struct sw_df_evaluator *e, const struct sw_df_stage *stage, size_t index) {
    struct sw_df_state *state = sw_df_state_new(e);
    state->stage = *stage;
    state->index = index;
    state->name = stage->name;
    bool ok = read_base_name(e, state) && read_platform(e, state);
    if (ok && *stage->name)
        ok = sw_df_context_find(e, stage->name, state->has_platform ? &state->platform : NULL, &state->context);
    if (!ok || state->context) {
        sw_vec_push(&e->states, &state);
        return ok;
    }
    if (!*stage->name)
        state->name = sw_arena_format(e->arena, "stage-%zu", index);
    sw_df_state_add(e, state);
    state->step_count = count_steps(state);
    state->no_cache = e->options->no_cache || listed(e->options->no_cache_stages, stage->name);
    return true;
}

bool sw_df_states_build(struct sw_df_evaluator *e) {
    const struct sw_df_program *program = &e->out->program;
    for (size_t i = 0; i < program->stage_count; i++)
        if (!build_state(e, &program->stages[i], i))
            return false;
    return true;
}

bool sw_df_states_find_goal(struct sw_df_evaluator *e) {
    const char *target = e->options->target;
    if (!*target) {
        e->goal = state_at(e, e->states.len - 1);
        return true;
    }
    e->goal = sw_df_state_find(e, target);
    if (e->goal)
        return true;
    sw_df_fail(e->failure, "target stage %s could not be found", sw_df_quote(e->arena, target));
    return sw_df_suggest(e->failure, target, sw_df_state_names(e), SW_DF_CASE_MATTERS);
}

/* A stage of its own for an image that an instruction names. */
static struct sw_df_state *unregistered(struct sw_df_evaluator *e, const char *base) {
    struct sw_df_state *state = sw_df_state_new(e);
    state->stage.base = base;
    state->unregistered = true;
    return state;
}

static bool connect_copy(struct sw_df_evaluator *e, struct sw_df_command *command) {
    const char *from = command->instruction->copy.from;
    struct sw_df_expansion expansion;
    struct sw_df_state *state;
    int64_t index;
    if (!*from)
        return true;
    if (!sw_df_expand(&e->shell, from, NULL, &expansion, e->failure))
        return false;
    if (strcmp(expansion.text, from) != 0)
        return sw_df_fail(e->failure, "variable expansion is not supported for --from, define a new stage with FROM using ARG from "
                                      "global scope as a workaround");
    if (sw_df_signed(from, INT64_MAX - 1, &index) == SW_DF_NUMBER_OK) {
        if (index < 0 || (uint64_t)index >= e->states.len)
            return sw_df_fail(e->failure, "invalid stage index %lld", (long long)index);
        state = state_at(e, (size_t)index);
    } else {
        state = sw_df_state_find(e, from);
    }
    if (!state) {
        state = unregistered(e, from);
        state->stage.first = command->instruction->first;
        state->stage.last = command->instruction->last;
    }
    command->sources = sw_arena_new(e->arena, sizeof(*command->sources));
    command->sources[0] = state;
    command->source_count = 1;
    return true;
}

static void connect_run(struct sw_df_evaluator *e, struct sw_df_command *command) {
    const struct sw_df_run *run = &command->instruction->run;
    command->source_count = run->mounts.count;
    command->sources = sw_arena_new(e->arena, (run->mounts.count + 1) * sizeof(*command->sources));
    for (size_t i = 0; i < run->mounts.count; i++) {
        const char *from = *run->froms[i] ? run->froms[i] : "scratch";
        command->sources[i] = sw_df_state_find(e, from);
        if (!command->sources[i])
            command->sources[i] = unregistered(e, from);
    }
}

bool sw_df_command_connect(struct sw_df_evaluator *e, struct sw_df_command *command) {
    if (command->instruction->kind == SW_DF_COPY)
        return connect_copy(e, command);
    if (command->instruction->kind == SW_DF_RUN)
        connect_run(e, command);
    return true;
}

/* Of several instructions that need one stage the last is remembered. */
static void depend(struct sw_df_state *state, struct sw_df_dependency dependency) {
    for (size_t i = 0; i < state->dependencies.len; i++) {
        struct sw_df_dependency *known = sw_vec_at(&state->dependencies, i);
        if (known->state != dependency.state)
            continue;
        *known = dependency;
        return;
    }
    sw_vec_push(&state->dependencies, &dependency);
}

void sw_df_state_depend(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command) {
    for (size_t i = 0; i < command->source_count; i++) {
        depend(state, (struct sw_df_dependency){command->sources[i], command->instruction});
        if (command->sources[i]->unregistered)
            sw_df_state_add(e, command->sources[i]);
    }
}

static bool connect_state(struct sw_df_evaluator *e, struct sw_df_state *state) {
    for (size_t i = 0; i < state->stage.instruction_count; i++) {
        struct sw_df_command command = {.instruction = &state->stage.instructions[i]};
        if (!sw_df_command_connect(e, &command))
            return false;
        sw_vec_push(&state->commands, &command);
        sw_df_state_depend(e, state, &command);
    }
    return true;
}

/* Walks along dependencies; `path` is how it got where it is. */
static bool free_of_cycles(struct sw_df_state *state, struct sw_vec *path) {
    state->color = SW_DF_ON_PATH;
    for (size_t i = 0; i < state->dependencies.len; i++) {
        const struct sw_df_dependency *dependency = sw_vec_at(&state->dependencies, i);
        sw_vec_push(path, dependency);
        if (dependency->state->color == SW_DF_ON_PATH)
            return false;
        if (dependency->state->color == SW_DF_NEW && !free_of_cycles(dependency->state, path))
            return false;
        path->len--;
    }
    state->color = SW_DF_DONE;
    return true;
}

static bool check_cycles(struct sw_df_evaluator *e) {
    sw_cleanup_vec struct sw_vec path = {.width = sizeof(struct sw_df_dependency)};
    for (size_t i = 0; i < e->states.len; i++) {
        struct sw_df_state *state = state_at(e, i);
        if (state->color == SW_DF_DONE || free_of_cycles(state, &path))
            continue;
        sw_df_fail(e->failure, "circular dependency detected on stage: %s", state->name);
        for (size_t j = 0; j < path.len; j++) {
            const struct sw_df_dependency *dependency = sw_vec_at(&path, j);
            sw_df_fail_at(e->failure, dependency->instruction->first, dependency->instruction->last);
        }
        return false;
    }
    return true;
}

bool sw_df_states_connect(struct sw_df_evaluator *e) {
    size_t count = e->states.len;
    for (size_t i = 0; i < count; i++)
        if (!connect_state(e, state_at(e, i)))
            return false;
    if (!check_cycles(e))
        return false;
    if (e->states.len == 1)
        state_at(e, 0)->name = "";
    return true;
}

static void mark(struct sw_df_state *state, unsigned mark_now) {
    for (; state && state->reach_mark != mark_now; state = state->base) {
        state->reach_mark = mark_now;
        for (size_t i = 0; i < state->dependencies.len; i++)
            mark(((const struct sw_df_dependency *)sw_vec_at(&state->dependencies, i))->state, mark_now);
    }
}

void sw_df_states_mark(struct sw_df_evaluator *e) {
    mark(e->goal, ++e->reach_mark);
}

bool sw_df_state_reachable(const struct sw_df_evaluator *e, const struct sw_df_state *state) {
    return state->reach_mark == e->reach_mark;
}

void sw_df_state_inherit(struct sw_df_evaluator *e, struct sw_df_state *state) {
    const struct sw_df_state *base = state->base;
    if (!base)
        return;
    state->tip = base->tip;
    state->cwd = base->cwd;
    state->user = base->user;
    sw_df_env_fini(&state->env);
    sw_df_env_copy(&state->env, &base->env);
    state->has_platform = base->has_platform;
    state->platform = base->platform;
    sw_df_image_assign(&state->image, &base->image);
    state->image.onbuild = (struct sw_strings){0};
    state->workdir_set = base->workdir_set;
    state->declared.len = 0;
    for (size_t i = 0; i < base->declared.len; i++)
        sw_vec_push(&state->declared, sw_vec_at(&base->declared, i));
    (void)e;
}

/* Looks up one base; what fails after another has failed is not told. */
static void resolve_base(struct sw_df_evaluator *e, struct sw_df_state *state) {
    struct sw_df_failure *told = e->failure, ignored = {.arena = e->arena};
    bool reachable = e->all_stages || sw_df_state_reachable(e, state);
    if (told->text)
        e->failure = &ignored;
    state->resolved = reachable;
    sw_df_base_resolve(e, state, reachable);
    e->failure = told;
}

static bool wants_base(const struct sw_df_state *state) {
    return !state->base && !state->dispatched && !state->resolved;
}

/* BuildKit looks all bases up at once, so that each is looked at even when another is wrong, and the one asked for last mostly answers
 * first: of several errors it is the one that people know. */
static bool resolve_bases(struct sw_df_evaluator *e) {
    struct sw_df_state *last = NULL;
    for (size_t i = 0; i < e->states.len; i++) {
        struct sw_df_state *state = state_at(e, i);
        if (wants_base(state) && (state->context || strcmp(state->stage.base, "scratch") != 0))
            last = state;
    }
    if (last)
        resolve_base(e, last);
    for (size_t i = 0; i < e->states.len; i++)
        if (state_at(e, i) != last && wants_base(state_at(e, i)))
            resolve_base(e, state_at(e, i));
    return !e->failure->text;
}

/* ONBUILD of a base: of the image, and of a stage of this file. */
static struct sw_strings triggers_of(struct sw_df_evaluator *e, struct sw_df_state *state) {
    struct sw_strings own = state->image.onbuild;
    size_t more = state->base && !state->triggers_taken ? state->base->commands.len : 0;
    const char **items = sw_arena_new(e->arena, (own.count + more + 1) * sizeof(char *));
    size_t count = 0;
    for (; count < own.count; count++)
        items[count] = own.items[count];
    for (size_t i = 0; i < more; i++) {
        const struct sw_df_command *command = sw_vec_at(&state->base->commands, i);
        if (command->instruction->kind == SW_DF_ONBUILD)
            items[count++] = command->instruction->text;
    }
    state->triggers_taken = state->triggers_taken || state->base;
    return (struct sw_strings){items, count};
}

/* A trigger stands where the base is named; a base that only a mount names has no place. */
static bool trigger_failed(struct sw_df_evaluator *e, const struct sw_df_state *state) {
    if (state->stage.first > 0)
        return sw_df_fail_only_at(e->failure, state->stage.first, state->stage.last);
    e->failure->count = 0;
    return false;
}

static bool take_triggers(struct sw_df_evaluator *e, bool *new_dependencies) {
    size_t count = e->states.len; /* those that triggers add come next time */
    for (size_t i = 0; i < count; i++) {
        struct sw_df_state *state = state_at(e, i);
        if (!sw_df_state_reachable(e, state))
            continue;
        sw_df_state_inherit(e, state);
        struct sw_strings triggers = triggers_of(e, state);
        if (triggers.count == 0)
            continue;
        if (!sw_df_triggers_take(e, state, triggers, new_dependencies))
            return trigger_failed(e, state);
        state->image.onbuild = (struct sw_strings){0};
    }
    return true;
}

bool sw_df_states_resolve(struct sw_df_evaluator *e) {
    for (bool more = true; more;) {
        more = false;
        sw_df_states_mark(e);
        if (!resolve_bases(e))
            return false;
        if (e->out->needs.len > 0)
            return true;
        if (!take_triggers(e, &more))
            return false;
    }
    return true;
}
