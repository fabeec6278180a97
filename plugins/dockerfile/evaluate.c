#include "plugins/dockerfile/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "plugins/dockerfile/directive.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/text.h"

static void set_arg(struct sw_df_evaluator *e, const char *name, const char *value) {
    const char *given = sw_df_env_get(&e->build_args, name);
    sw_df_env_set(&e->globals, name, given ? given : value);
}

/* The ARGs that exist without being declared. */
static void set_platform_args(struct sw_df_evaluator *e) {
    const struct sw_df_platform *build = &e->build, *target = &e->target;
    const struct sw_df_program *program = &e->out->program;
    const char *stage = *e->options->target ? e->options->target : program->stages[program->stage_count - 1].name;
    set_arg(e, "BUILDPLATFORM", sw_df_platform_text(e->arena, build, SW_DF_PLATFORM_PLAIN));
    set_arg(e, "BUILDOS", build->os);
    set_arg(e, "BUILDOSVERSION", build->os_version);
    set_arg(e, "BUILDARCH", build->arch);
    set_arg(e, "BUILDVARIANT", build->variant);
    set_arg(e, "TARGETPLATFORM", sw_df_platform_text(e->arena, target, SW_DF_PLATFORM_ALL));
    set_arg(e, "TARGETOS", target->os);
    set_arg(e, "TARGETOSVERSION", target->os_version);
    set_arg(e, "TARGETARCH", target->arch);
    set_arg(e, "TARGETVARIANT", target->variant);
    set_arg(e, "TARGETSTAGE", *stage ? stage : "default");
}

bool sw_df_globals_apply(struct sw_df_evaluator *e, struct sw_df_env *args, const struct sw_df_env *build_args,
                         struct sw_df_failure *failure) {
    const struct sw_df_program *program = &e->out->program;
    for (size_t i = 0; i < program->global_count; i++) {
        const struct sw_df_instruction *arg = &program->globals[i];
        for (size_t j = 0; j < arg->pair_count; j++) {
            const struct sw_df_pair *pair = &arg->pairs[j];
            const char *value = build_args ? sw_df_env_get(build_args, pair->key) : NULL;
            struct sw_df_expansion expansion;
            if (!value && pair->value) {
                if (!sw_df_expand(&e->shell, pair->value, args, &expansion, failure))
                    return sw_df_fail_at(failure, arg->first, arg->last);
                value = expansion.text;
            }
            if (value)
                sw_df_env_set(args, pair->key, value);
        }
    }
    return true;
}

static void collect_global_names(struct sw_df_evaluator *e) {
    const struct sw_df_program *program = &e->out->program;
    for (size_t i = 0; i < program->global_count; i++)
        for (size_t j = 0; j < program->globals[i].pair_count; j++)
            sw_vec_push(&e->global_names, &program->globals[i].pairs[j].key);
}

static bool read_platforms(struct sw_df_evaluator *e) {
    const struct sw_df_options *options = e->options;
    e->build = sw_df_platform_host();
    if (options->build_platform && !sw_df_platform_parse(options->build_platform, &e->build, e->failure))
        return false;
    sw_df_platform_normalize(e->arena, &e->build);
    e->implicit_target = !options->platform;
    e->target = e->build;
    if (options->platform && !sw_df_platform_parse(options->platform, &e->target, e->failure))
        return sw_df_fail_prefix(e->failure, "failed to parse target platform %s: ", options->platform);
    sw_df_platform_normalize(e->arena, &e->target);
    return true;
}

static bool read_check_options(struct sw_df_evaluator *e, const char *text) {
    if (e->options->check_options) {
        e->lint->check = *e->options->check_options;
        return true;
    }
    return sw_df_check_parse(sw_df_directive_find(e->arena, text, "check"), &e->lint->check, e->failure) ||
           sw_df_fail_prefix(e->failure, "failed to parse check options: ");
}

static bool read_ignore_file(struct sw_df_evaluator *e) {
    if (!e->options->ignore)
        return true;
    sw_cleanup_strlist struct sw_strlist lines = {0};
    const char *text = e->options->ignore;
    sw_ignore_split((struct sw_bytes){text, strlen(text)}, &lines);
    e->ignores_root = sw_strlist_has(&lines, "*") || sw_strlist_has(&lines, "**") || sw_strlist_has(&lines, "**/*");
    e->ignore = sw_ignore_new(sw_strlist_view(&lines), NULL);
    if (e->ignore)
        return true;
    return sw_df_fail(e->failure, sw_strlist_has(&lines, "!") ? "illegal exclusion pattern: \"!\"" : "syntax error in pattern");
}

static void report_empty_continuations(struct sw_df_evaluator *e) {
    const struct sw_df_file *file = &e->out->file;
    for (size_t i = 0; i < file->empty_continuation_count; i++) {
        struct sw_df_spot spot = {.first = file->empty_continuations[i], .last = file->empty_continuations[i]};
        sw_df_warn(e->lint, spot, "NoEmptyContinuation", "Empty continuation line");
    }
}

/* Reads the file; lints what can be seen without evaluating. */
static bool understand(struct sw_df_evaluator *e, struct sw_bytes file) {
    struct sw_df_evaluation *out = e->out;
    if (file.len == 0)
        return sw_df_fail(e->failure, "the Dockerfile cannot be empty");
    const char *text = sw_arena_strn(e->arena, file.data, file.len);
    if (!read_check_options(e, text))
        return false;
    out->parsed = sw_df_parse(file, &out->file, e->failure);
    if (!out->parsed)
        return false;
    e->shell.escape = out->file.escape;
    report_empty_continuations(e);
    out->understood = sw_df_program_parse(&out->file, e->lint, &out->program, e->failure);
    if (!out->understood)
        return false;
    if (out->program.stage_count == 0)
        return sw_df_fail(e->failure, "dockerfile contains no stages to build");
    sw_df_check_stage_names(e);
    sw_df_check_casing(e);
    return true;
}

static bool read_args(struct sw_df_evaluator *e) {
    if (e->options->recording == SW_DF_RECORD)
        e->out->records = sw_arena_new(e->arena, e->out->program.stage_count * sizeof(*e->out->records));
    set_platform_args(e);
    sw_df_check_default_bases(e, &e->globals);
    if (!sw_df_globals_apply(e, &e->globals, &e->build_args, e->failure))
        return false;
    collect_global_names(e);
    return sw_df_epoch_resolve(e);
}

static bool dispatch_all(struct sw_df_evaluator *e) {
    if (!read_ignore_file(e))
        return false;
    struct sw_df_step *context = sw_df_step_new(e, SW_DF_STEP_CONTEXT, NULL);
    context->title = "[internal] load build context";
    e->context = context;
    sw_df_states_mark(e);
    for (size_t i = 0; i < e->states.len; i++) {
        struct sw_df_state *state = *(struct sw_df_state **)sw_vec_at(&e->states, i);
        if (!e->all_stages && (state->dispatched || !sw_df_state_reachable(e, state)))
            continue;
        if (!sw_df_stage_dispatch(e, state))
            return false;
    }
    return true;
}

/* Platform members of the result: what was asked for wins over what the base says. */
void sw_df_image_set_platform(struct sw_df_evaluator *e, struct sw_df_image *image) {
    struct sw_df_platform *platform = &image->platform;
    if (!e->implicit_target) {
        bool same = strcmp(e->target.os, platform->os) == 0 && strcmp(e->target.arch, platform->arch) == 0;
        platform->os = e->target.os;
        platform->arch = e->target.arch;
        if (*e->target.variant || !same)
            platform->variant = e->target.variant;
        if (*e->target.os_version || !same)
            platform->os_version = e->target.os_version;
        if (e->target.os_features.count > 0)
            platform->os_features = e->target.os_features;
    }
    sw_df_platform_normalize(e->arena, platform);
}

static void need_step(bool *needed, const struct sw_df_step *step) {
    if (step)
        needed[step->number] = true;
}

/* The engine below refuses a command of no words; it is found when the graph of the result is made. Inputs of a step come before it,
 * so one pass from the last step to the first finds all that the result needs. */
static bool check_commands(struct sw_df_evaluator *e, const struct sw_df_step *result) {
    bool *needed = sw_new_array(e->out->steps.len + 1, sizeof(bool)), ok = true;
    need_step(needed, result);
    for (size_t i = e->out->steps.len; i-- > 0;) {
        const struct sw_df_step *step = *(struct sw_df_step **)sw_vec_at(&e->out->steps, i);
        if (!needed[step->number])
            continue;
        ok = ok && (step->kind != SW_DF_STEP_RUN || step->run.argv.count > 0);
        need_step(needed, step->input);
        for (size_t j = 0; j < step->run.mount_count; j++)
            need_step(needed, step->run.mounts[j].from);
        for (size_t j = 0; j < step->copy.source_count; j++)
            need_step(needed, step->copy.sources[j].from);
    }
    free(needed);
    return ok || sw_df_fail(e->failure, "failed to marshal LLB definition: arguments are required");
}

static bool finish(struct sw_df_evaluator *e) {
    struct sw_df_image *image = &e->goal->image;
    for (size_t i = 0; i < e->options->labels.count; i++)
        sw_map_set(&image->labels, e->options->labels.items[i].key, sw_arena_str(e->arena, e->options->labels.items[i].value));
    if (!sw_df_lint_verdict(e->lint, e->failure))
        return false;
    sw_df_image_set_platform(e, image);
    if (e->options->check)
        return true;
    bool ok = check_commands(e, e->goal->tip);
    sw_df_image_assign(&e->out->image, image);
    e->out->result = e->goal->tip;
    e->out->platform = sw_df_platform_text(e->arena, &e->target, SW_DF_PLATFORM_ALL);
    return ok;
}

static bool evaluate(struct sw_df_evaluator *e, struct sw_bytes file) {
    if (!read_platforms(e) || !understand(e, file) || !read_args(e))
        return false;
    if (!sw_df_states_build(e) || !sw_df_states_find_goal(e) || !sw_df_states_connect(e) || !sw_df_states_resolve(e))
        return false;
    if (e->out->needs.len > 0)
        return true;
    return dispatch_all(e) && finish(e);
}

static void state_free(struct sw_df_state *state) {
    sw_vec_fini(&state->dependencies);
    sw_vec_fini(&state->commands);
    sw_vec_fini(&state->declared);
    sw_df_env_fini(&state->env);
    sw_df_image_fini(&state->image);
}

void sw_df_evaluate(struct sw_bytes file, const struct sw_df_options *options, struct sw_df_evaluation *evaluation) {
    *evaluation = (struct sw_df_evaluation){.needs = {.width = sizeof(struct sw_df_need)},
                                            .steps = {.width = sizeof(struct sw_df_step *)},
                                            .marks = {.width = sizeof(struct sw_df_mark)}};
    struct sw_arena *arena = &evaluation->arena;
    evaluation->failure.arena = arena;
    sw_df_lint_init(&evaluation->lint, arena);
    evaluation->lint.silent = options->silent;
    sw_df_image_init(&evaluation->image, arena);
    struct sw_df_evaluator e = {.out = evaluation,
                                .options = options,
                                .all_stages = options->check && !*options->target,
                                .arena = arena,
                                .failure = &evaluation->failure,
                                .lint = &evaluation->lint,
                                .shell = {.escape = '\\'},
                                .global_names = {.width = sizeof(char *)},
                                .states = {.width = sizeof(struct sw_df_state *)}};
    sw_df_env_init(&e.build_args, arena);
    sw_df_env_init(&e.globals, arena);
    for (size_t i = 0; i < options->build_args.count; i++)
        sw_df_env_set(&e.build_args, options->build_args.items[i].key, options->build_args.items[i].value);
    evaluate(&e, file);
    for (size_t i = 0; i < e.states.len; i++)
        state_free(*(struct sw_df_state **)sw_vec_at(&e.states, i));
    sw_vec_fini(&e.states);
    sw_ignore_free(e.ignore);
    sw_vec_fini(&e.global_names);
    sw_df_env_fini(&e.build_args);
    sw_df_env_fini(&e.globals);
}

void sw_df_evaluation_fini(struct sw_df_evaluation *evaluation) {
    sw_df_image_fini(&evaluation->image);
    sw_df_lint_fini(&evaluation->lint);
    sw_vec_fini(&evaluation->needs);
    sw_vec_fini(&evaluation->steps);
    sw_vec_fini(&evaluation->marks);
    sw_arena_fini(&evaluation->arena);
}

struct sw_df_step *sw_df_step_new(struct sw_df_evaluator *e, enum sw_df_step_kind kind, const struct sw_df_step *input) {
    struct sw_df_step *step = sw_arena_new(e->arena, sizeof(*step));
    step->kind = kind;
    step->input = input;
    step->number = (uint32_t)e->out->steps.len + 1;
    step->title = step->instruction = step->platform = step->reference = step->name = step->url = step->checksum = "";
    step->content = step->path = step->user = "";
    sw_vec_push(&e->out->steps, &step);
    return step;
}
